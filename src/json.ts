/**
 * JSON in which an object may have a key `__proto__`, written as it is or with
 * escapes that `JSON.stringify` has no use for.
 */
const suspect = /__proto__|\\u00[2-7]/i;

/**
 * The value, which must be {@linkcode isPlain}, as JSON on one line; `null`
 * unless it comes back from it exactly as it is.
 */
export function stringify(value: unknown): string | null {
  // An array inherits what objects do.
  if ("toJSON" in Array.prototype) return null;
  const json = JSON.stringify(value);
  return suspect.test(json) ? null : json;
}

/** Makes a value of JSON; throws a plain `TypeError` on what {@linkcode stringify} cannot have made. */
export function parse(json: string): unknown {
  if (suspect.test(json)) throw new TypeError("a key may be __proto__");
  return parseAny(json);
}

/** Parses any JSON; the engine's own error would show a part of the text. */
export function parseAny(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new TypeError("not the encoding of values");
  }
}

/**
 * Whether JSON keeps the value. It is several times as fast as an encoding that
 * keeps more, and most sessions hold nothing else.
 *
 * @param left How many levels of objects there may be.
 * @param seen The objects that other values hold, to which those of this one
 * are added: an object in two places would come back as two.
 */
export function isPlain(
  value: unknown,
  left: number,
  seen: Set<object>,
): boolean {
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
