import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { SessionError } from "@aerys/session";
import { decodeContents, encodeContents } from "../src/data.ts";
import { Values } from "../src/values.ts";

const encodeValues = (all: Map<string, unknown>) =>
  encodeContents({ values: new Values(new Map(all)), flash: new Map() });
const decodeValues = (bytes: Uint8Array) =>
  new Map(decodeContents(bytes).values);

const roundTrip = (value: unknown) =>
  decodeValues(encodeValues(new Map([["key", value]]))).get("key");

const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const { buffer } = bytes;

const kept: Record<string, unknown> = {
  "undefined": undefined,
  "null": null,
  "booleans": [true, false],
  "numbers": [0, -0, 1.5, -1e300, NaN, Infinity, -Infinity],
  "bigints": [0n, -1n, 2n ** 100n],
  "strings": ["", "é😀\0\n\u2028", "</script>", "lone \ud800"],
  "arrays": [[], [[1]], [1, undefined, null]],
  "arrays with holes": [1, , 3],
  "objects": { a: { b: undefined }, "": 1, "1": 2 },
  "objects without a prototype": Object.assign(Object.create(null), { a: 1 }),
  "objects with keys of inherited names": { constructor: 1, toString: 2 },
  "maps": new Map<unknown, unknown>([["a", 1], [{}, new Map()], [NaN, 2]]),
  "sets": new Set<unknown>([1, "1", new Set()]),
  "dates": [new Date(0), new Date(8.64e15), new Date(NaN)],
  "regular expressions": [/a\/b/giu, new RegExp("")],
  "URLs": new URL("https://a.example/b?c=d#e"),
  "URL search parameters": new URLSearchParams("a=1&a=2&b=%20"),
  "buffers": [buffer, new ArrayBuffer(0)],
  "data views": new DataView(buffer),
  "typed arrays": [
    new Int8Array([-1]),
    bytes,
    new Uint8ClampedArray([255]),
    new Int16Array([-1]),
    new Uint16Array([65535]),
    new Int32Array([-1]),
    new Uint32Array([2 ** 32 - 1]),
    new Float32Array([1.5, NaN]),
    new Float64Array([Math.PI, -0]),
    new BigInt64Array([-1n]),
    new BigUint64Array([2n ** 64n - 1n]),
    new Uint8Array(),
  ],
};

for (const [what, value] of Object.entries(kept)) {
  Deno.test(`decodeContents() gives back ${what}`, () => {
    assertEquals(roundTrip(value), value);
  });
}

Deno.test("decodeContents() gives back cycles and shared references", () => {
  const shared = { a: 1 };
  const list: unknown[] = [shared, shared];
  list.push(list);
  const back = roundTrip(list) as unknown[];
  assert(back[0] === back[1]);
  assert(back[2] === back);
});

Deno.test("decodeContents() gives back every key, whatever its name", () => {
  const keys = ["", "1", "__proto__", "a.b", '"', "é😀\0", "constructor"];
  const values = new Map(keys.map((key, i) => [key, i]));
  assertEquals([...decodeValues(encodeValues(values))], [...values]);
});

Deno.test("encodeContents() stores a view without the rest of its buffer", () => {
  const secret = new TextEncoder().encode("....secret....");
  const views = [
    secret.subarray(0, 4),
    new DataView(secret.buffer, 0, 4),
    new Uint16Array(secret.buffer, 10, 2),
  ];
  for (const view of views) {
    const back = roundTrip(view) as Uint8Array;
    assertEquals(back.byteLength, 4);
    assertEquals([back.byteOffset, back.buffer.byteLength], [0, 4]);
    assertEquals(
      new TextDecoder().decode(new Uint8Array(back.buffer)),
      "....",
    );
    assertEquals(Object.getPrototypeOf(back), Object.getPrototypeOf(view));
  }
  const encoded = new TextDecoder().decode(
    encodeValues(new Map([["k", views]])),
  );
  assertEquals(encoded.includes(btoa("secret").slice(0, 6)), false);
});

const at = (path: string) => ` of "key"${path === "" ? "" : ` at ${path}`}`;
const own = { a: 1 };
const throwing = {
  get a() {
    throw new Error("the getter's own");
  },
};
const hidden = Object.defineProperty({ a: 1 }, "b", { value: 2 });

/** What is refused, where it stands in the value, and how the error calls that place. */
const refused: [string, unknown, string][] = [
  ["a function", () => {}, ""],
  ["a symbol", Symbol("a"), ""],
  ["a function in an object", { a: { "b c": () => {} } }, '.a["b c"]'],
  ["a function in an array", [1, [() => {}]], "[1][0]"],
  ["a function in a map", new Map([["a", () => {}]]), '.get("a")'],
  ["a symbol in a set", new Set([Symbol("a")]), ""],
  ["an instance of a class", new (class User {})(), ""],
  ["an instance in an object", { user: new (class User {})() }, ".user"],
  ["a subclass of Map", new (class extends Map {})(), ""],
  ["a subclass of Set", new (class extends Set {})(), ""],
  ["a subclass of Date", new (class extends Date {})(), ""],
  ["a subclass of Array", new (class extends Array {})(), ""],
  ["a subclass of Uint8Array", Buffer.from("a"), ""],
  ["an object that inherits", Object.create({ a: 1 }), ""],
  ["an error", new Error("a"), ""],
  ["a promise", Promise.resolve(), ""],
  ["a request", new Request("http://localhost/"), ""],
  ["shared memory", new SharedArrayBuffer(1), ""],
  ["a view of shared memory", new Uint8Array(new SharedArrayBuffer(1)), ""],
  ["a boxed string", Object("a"), ""],
  ["a boxed number", [Object(1)], "[0]"],
  ["a symbol key", { [Symbol("a")]: 1 }, ""],
  ["a hidden property", hidden, ""],
  ["a getter that throws", throwing, ""],
  ["a property of an array", { list: Object.assign([1], own) }, ".list"],
  ["a property of an array with a hole", Object.assign([1, , 3], own), ""],
  ["a property of a map", Object.assign(new Map(), own), ""],
  ["a property of a date", Object.assign(new Date(), own), ""],
  ["a property of a regular expression", Object.assign(/a/, own), ""],
  ["a property of a URL", Object.assign(new URL("a:b"), own), ""],
  ["a key __proto__", JSON.parse('{"__proto__":1}'), ""],
];

for (const [what, value, path] of refused) {
  Deno.test(`encodeContents() refuses ${what} and tells where it stands`, () => {
    const values = new Map<string, unknown>([["fine", {}], ["key", value]]);
    const error = assertThrows(
      () => encodeValues(values),
      SessionError,
      `${at(path)} cannot be stored`,
    );
    assertEquals(error.code, "ERR_NOT_STORABLE");
    assert(error.cause instanceof Error);
  });
}

/** An array in an array, and so on. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

Deno.test("encodeContents() takes nesting as deep as can be read again, and no deeper", () => {
  assertEquals(roundTrip(nested(499)), nested(499));
  for (const levels of [500, 501, 100_000]) {
    const error = assertThrows(
      () => encodeValues(new Map([["key", nested(levels)]])),
      SessionError,
      at(""),
    );
    assertEquals(error.code, "ERR_NOT_STORABLE");
  }
  // Many values beside each other are not deep.
  const wide = Array.from({ length: 2000 }, () => [{}]);
  assertEquals(roundTrip(wide), wide);
});

const encoder = new TextEncoder();
const garbage: Record<string, Uint8Array> = {
  "no UTF-8": Uint8Array.from(
    '[["Map",1,2],"a","\xff"]',
    (character) => character.charCodeAt(0),
  ),
  "no JSON": encoder.encode("text"),
  "a byte order mark": encoder.encode('\ufeff[["Map"]]'),
  "JSON that is no encoding": encoder.encode("{}"),
  "a bare number": encoder.encode("5"),
  "values that are no map": encoder.encode('[["Set",1],"a"]'),
  "a key that is no string": encoder.encode('[["Map",1,1],7]'),
  "a reference that leads nowhere": encoder.encode('[["Map",1,9],"a"]'),
  "a type that there is not": encoder.encode('[["Map",1,2],"a",["Evil",3]]'),
};

for (const [what, value] of Object.entries(garbage)) {
  Deno.test(`decodeContents() throws a plain Error on ${what}`, () => {
    const error = assertThrows(() => decodeValues(value), Error);
    assertEquals(error instanceof SessionError, false);
  });
}

Deno.test("decodeContents() cannot be made to change a prototype", () => {
  const forged = encoder.encode(
    '[["Map",1,2],"a",{"__proto__":3},{"admin":4},true]',
  );
  assertThrows(() => decodeValues(forged), Error);
  assertEquals(({} as Record<string, unknown>).admin, undefined);
});
