/**
 * JSON in which an object may have a key `__proto__`, written as it is or with
 * escapes that `JSON.stringify` has no use for.
 */
const suspect = /__proto__|\\u00[2-7]/i;

/**
 * The values as JSON, `[key, value, key, value, …]`; `null` unless they come
 * back from it exactly as they are. It is several times as fast as an encoding
 * that keeps more, and most sessions hold nothing else.
 *
 * @param maxDepth How many levels of objects there may be, the map included.
 */
export function stringify(
  values: ReadonlyMap<string, unknown>,
  maxDepth: number,
): string | null {
  // An array inherits what objects do.
  if ("toJSON" in Array.prototype) return null;
  const flat: unknown[] = [];
  const seen = new Set<object>();
  for (const [key, value] of values) {
    if (!isPlain(value, maxDepth - 1, seen)) return null;
    flat.push(key, value);
  }
  const json = JSON.stringify(flat);
  return suspect.test(json) ? null : json;
}

/** Makes values of what {@linkcode stringify} made; throws a plain `Error` on anything else. */
export function read(
  flat: readonly unknown[],
  json: string,
): Map<string, unknown> {
  if (suspect.test(json)) throw new TypeError("a key may be __proto__");
  if (flat.length % 2 !== 0) throw new TypeError("a key has no value");
  const values = new Map<string, unknown>();
  for (let i = 0; i < flat.length; i += 2) {
    const key = flat[i];
    if (typeof key !== "string") throw new TypeError("a key is not a string");
    values.set(key, flat[i + 1]);
  }
  return values;
}

/** Whether JSON keeps the value; an object that was seen before would come back as two. */
function isPlain(value: unknown, left: number, seen: Set<object>): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || isPlainObject(value, left, seen);
    default:
      return false;
  }
}

function isPlainObject(
  object: object,
  left: number,
  seen: Set<object>,
): boolean {
  if (left === 0 || seen.has(object)) return false;
  seen.add(object);
  const items = itemsOf(object);
  if (items === null) return false;
  for (const item of items) {
    if (!isPlain(item, left - 1, seen)) return false;
  }
  return true;
}

/** What is in an array or a plain object; `null` if it has anything that JSON leaves out. */
function itemsOf(object: object): readonly unknown[] | null {
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Array.prototype) {
    const array = object as unknown[];
    // "length" is one of its own; a hole is none, and is read as undefined.
    return Reflect.ownKeys(array).length === array.length + 1 ? array : null;
  }
  if (prototype !== Object.prototype) return null;
  const items = Object.values(object);
  return Reflect.ownKeys(object).length === items.length ? items : null;
}
