import { DevalueError, stringify, unflatten } from "devalue";
import { SessionError } from "./errors.ts";
import { parseAny } from "./json.ts";
import { mustBeKeys, Values } from "./values.ts";

/** All that is stored of a session's data. */
export interface Contents {
  readonly values: Values;
  /** The values that only the next request gets. */
  readonly flash: Map<string, unknown>;
}

/** What the encoding keeps exactly, by prototype; subclasses are not these. */
const kept = new Map<object, string>(
  [
    Array,
    Map,
    Set,
    Date,
    RegExp,
    URL,
    URLSearchParams,
    ArrayBuffer,
    DataView,
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  ].map((type) => [type.prototype, type.name]),
);

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const maxDepth = 500;
let objects = 0;

const strict = {
  // A class instance must not pass as its superclass or as a plain object.
  tagOf(value: object) {
    objects++;
    const tag = kept.get(Object.getPrototypeOf(value));
    return tag === undefined || hasExtras(value, tag) ? "Object" : tag;
  },
  shapeOf(value: object) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      return { kind: "not-plain" as const };
    }
    const keys = Object.keys(value);
    // A symbol or a hidden property would be lost.
    if (Reflect.ownKeys(value).length !== keys.length) {
      return { kind: "symbol-keys" as const };
    }
    const kind = prototype === null ? "null-proto" : "plain";
    return { kind, keys } as const;
  },
  // A view is stored without the rest of its buffer, which may hold other things.
  viewInfo(view: ArrayBufferView & { length?: number }) {
    const { byteOffset, byteLength } = view;
    return {
      buffer: view.buffer.slice(byteOffset, byteOffset + byteLength),
      byteOffset: 0,
      byteLength,
      length: view.length ?? byteLength,
      bufferByteLength: byteLength,
    };
  },
};

/** Whether an object of a kept type has properties of its own, which would be lost. */
function hasExtras(value: object, tag: string): boolean {
  if (ArrayBuffer.isView(value)) return false;
  // Some engines keep a URL's own state in symbols.
  if (tag.startsWith("URL")) {
    return Object.getOwnPropertyNames(value).length > 0;
  }
  const keys = Reflect.ownKeys(value);
  // An array's come in order: its indices, "length", and then all others.
  if (Array.isArray(value)) return keys.at(-1) !== "length";
  return keys.length > (tag === "RegExp" ? 1 : 0); // lastIndex
}

/**
 * Encodes contents as UTF-8 text; throws `ERR_NOT_STORABLE`, naming the key, or
 * `ERR_CORRUPT` if a value has to be read for it and cannot be.
 */
export function encodeContents(contents: Contents): Uint8Array {
  try {
    return encoder.encode(stringifyPlain(contents) ?? stringifyAny(contents));
  } catch (cause) {
    if (cause instanceof SessionError) throw cause;
    throw notStorable([...contents.values, ...contents.flash], cause);
  }
}

/** The contents as JSON, which most are; `null` where JSON would change something. */
function stringifyPlain({ values, flash }: Contents): string | null {
  if (values.size === 0 || flash.size > 0) return null;
  return values.stringify(maxDepth);
}

function stringifyAny(contents: Contents): string {
  objects = 0;
  const { flash } = contents;
  const values = new Map(contents.values);
  const all = flash.size === 0 ? values : [values, flash];
  const text = stringify(all, undefined, { operations: strict });
  // Fewer objects cannot be nested deeper.
  if (objects > maxDepth) {
    checkDepth(values, maxDepth, new Set());
    checkDepth(flash, maxDepth, new Set());
  }
  return text;
}

/** Decodes what {@linkcode encodeContents} made; throws a plain `Error` on anything else. */
export function decodeContents(bytes: Uint8Array): Contents {
  const text = decoder.decode(bytes);
  // What the other encoding makes begins with no string.
  if (text.startsWith('["')) {
    return { values: Values.parse(text), flash: new Map() };
  }
  const all: unknown = unflatten(parseAny(text) as number | unknown[]);
  if (!Array.isArray(all)) {
    return { values: new Values(asMap(all)), flash: new Map() };
  }
  if (all.length !== 2) throw new TypeError("not two maps of values");
  return { values: new Values(asMap(all[0])), flash: asMap(all[1]) };
}

function asMap(values: unknown): Map<string, unknown> {
  if (!(values instanceof Map)) throw new TypeError("not a map of values");
  mustBeKeys(values);
  return values;
}

/**
 * Throws on a value that is nested deeper than the limit. The encoder goes
 * further down than the decoder can, so that such a value could not be read.
 */
function checkDepth(value: unknown, left: number, seen: Set<object>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  if (left === 0) throw new RangeError(`nested over ${maxDepth} levels deep`);
  seen.add(value);
  const inner = value instanceof Map
    ? [...value].flat()
    : value instanceof Set
    ? [...value]
    : Object.values(value);
  for (const item of inner) checkDepth(item, left - 1, seen);
}

function notStorable(
  entries: [string, unknown][],
  cause: unknown,
): SessionError {
  let where = "";
  let path = "";
  for (const [key, value] of entries) {
    try {
      stringify(value, undefined, { operations: strict });
      checkDepth(value, maxDepth - 1, new Set());
    } catch (error) {
      where = ` of ${JSON.stringify(key)}`;
      if (error instanceof DevalueError && error.path !== "") {
        path = ` at ${error.path}`;
      }
      break;
    }
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SessionError(
    "ERR_NOT_STORABLE",
    `Cannot save the session: the value${where}${path} cannot be stored ` +
      `(${reason}). Store plain objects, arrays, Map, Set, Date and primitive values`,
    // The encoder's own error holds all values, which belong in no log.
    { cause: new TypeError(reason) },
  );
}
