/**
 * What `encoding.ts` encodes and decodes: a value of each kind, bytes made by
 * hand to harm a decoder, values of a given size or depth; and a comparison.
 *
 * @module
 */

const cyclic: Record<string, unknown> = { list: [] };
cyclic.self = (cyclic.list as unknown[])[0] = cyclic;
const shared = { n: 1 };
const sparse = [1];
sparse[5] = 2;
let deep: unknown[] = [];
for (let i = 0; i < 5000; i++) deep = [deep];
class Point {
  x = 1;
}
class Tags extends Map<string, number> {}

/** One value of each kind. */
export const values: Record<string, unknown> = {
  Map: new Map([["a", new Map([["b", 1]])]]),
  "Map, numeric keys": new Map([[1, "a"], [NaN, "b"]]),
  Set: new Set(["a", 1]),
  Date: new Date(1e12),
  "Date, invalid": new Date(NaN),
  bigint: [2n ** 70n, -1n],
  Uint8Array: Uint8Array.of(1, 2, 255),
  "Uint8Array, part of a buffer": new Uint8Array(99).subarray(1, 3),
  undefined: { a: undefined, b: [undefined] },
  "NaN, -0, Infinity": [NaN, -0, Infinity, -Infinity],
  "cyclic object": cyclic,
  "shared reference": [shared, shared, new Set([shared])],
  "sparse array": sparse,
  "null prototype": Object.assign(Object.create(null), { a: 1 }),
  "lone surrogate": ["\ud800", "a\udfff"],
  RegExp: /a|b/giu,
  "own `__proto__` key": JSON.parse('{"a":{"__proto__":{"x":1}}}'),
  "own `constructor` key": { constructor: { prototype: 1 } },
  "empty containers": [[], {}, [[]], new Map(), new Set([new Map()]), ""],
  function: { f: () => {} },
  symbol: Symbol("s"),
  "symbol key": { [Symbol("s")]: 1, a: 1 },
  "class instance": new Point(),
  "subclass of Map": new Tags([["a", 1]]),
  Promise: Promise.resolve(1),
  WeakMap: new WeakMap(),
  Error: Object.assign(new TypeError("no"), { stack: "TypeError: no" }),
  URL: new URL("https://example.com/"),
  getter: {
    get a() {
      return 1;
    },
  },
  "hidden property": Object.defineProperty({ a: 1 }, "b", { value: 2 }),
  "5,000 levels": deep,
};

/** A devalue text: the root is a map whose one value is the node at 2. */
const dv = (...nodes: string[]) => `[["Map",1,2],"v",${nodes.join()}]`;
/** A seroval text with this root; the object of that number can be referred to. */
const sv = (node: unknown) => JSON.stringify({ t: node, f: 127, m: [0] });
const sj = (json: unknown, values: unknown) =>
  JSON.stringify({ json, meta: { values, v: 1 } });
const nested = (open: string, inner: string, close: string, levels: number) =>
  open.repeat(levels) + inner + close.repeat(levels);
const list = (length: number, item: (i: number) => unknown) =>
  Array.from({ length }, (_, i) => item(i)).join();

const one = { t: 0, s: 1 };
const itself = { t: 4, i: 0 };
const digits = "9".repeat(60_000);

/**
 * The attacks by library: text, or hexadecimal digits for cbor-x. Where a
 * format has no such input, there is none.
 */
export const attacks: Record<string, Partial<Record<string, string>>> = {
  "`__proto__` key": {
    devalue: dv('{"__proto__":3}', '{"x":1}'),
    seroval: sv({
      ...{ t: 10, i: 0 },
      p: { k: ["__proto__"], v: [{ t: 10, i: 1, p: { k: ["x"], v: [one] } }] },
    }),
    superjson:
      '{"json":{"__proto__":{"x":1}},"meta":{"values":{"a":["Date"]}}}',
    "cbor-x": "a1 69 5f5f70726f746f5f5f a1 61 78 01",
  },
  "path to a prototype": {
    devalue: dv('["__proto__",3]', "1"),
    superjson: sj({ a: 1 }, { "constructor.prototype.x": ["Date"] }),
  },
  "map that is its own key": {
    devalue: dv('["Map",2,2]'),
    seroval: sv({ t: 8, i: 0, e: { k: [itself], v: [itself] } }),
    "cbor-x": "d81c a1 d81d00 d81d00",
  },
  "box, view of itself": {
    devalue: dv('["Object",3]', '["Uint8Array",2]'),
    seroval: sv({ t: 15, i: 0, c: "Uint8Array", f: itself, b: 0, l: 1 }),
    "cbor-x": "d81c d840 d81d00",
  },
  "array length 2³² - 1": {
    devalue: dv("[-7,4294967295]"),
    seroval: sv({ t: 9, i: 0, a: { length: 2 ** 32 - 1 } }),
    "cbor-x": "9a ffffffff 00",
  },
  "view longer than its data": {
    devalue: dv('["Uint8Array",3,0,99999999]', '["ArrayBuffer","AA=="]'),
    seroval: sv({
      ...{ t: 15, i: 0, c: "Uint8Array", b: 0, l: 99_999_999 },
      f: { t: 19, i: 1, s: "AA==" },
    }),
    superjson: sj(99_999_999, [["typed-array", "Uint8Array"]]),
    "cbor-x": "d840 5a ffffffff 00",
  },
  "invalid base64": {
    devalue: dv('["Uint8Array",3]', '["ArrayBuffer","!!!"]'),
    seroval: sv({ t: 19, i: 0, s: "!!!" }),
  },
  "`Map` with wrong contents": {
    devalue: dv('["Map",1]'),
    seroval: sv({ t: 8, i: 0, e: { k: [one], v: [] } }),
    superjson: sj([1], ["map"]),
    "cbor-x": "d90103 01",
  },
  "`Set` with wrong contents": {
    devalue: dv('["Set",null]'),
    seroval: sv({ t: 7, i: 0, a: 1 }),
    superjson: sj(1, ["set"]),
    "cbor-x": "d90102 01",
  },
  "`Date` with wrong contents": {
    devalue: dv('["Date",{}]'),
    seroval: sv({ t: 5, i: 0, s: {} }),
    superjson: sj({}, ["Date"]),
    "cbor-x": "c0 a0",
  },
  "root that is not a map": {
    devalue: "-1",
    seroval: sv({ t: 2, s: 1 }),
    superjson: sj(1, []),
    "cbor-x": "01",
  },
  "nested as deep as fits": {
    devalue: dv(list(8000, (i) => `[${i + 3}]`), "1"),
    seroval: `{"t":${nested('{"t":7,"a":[', "{}", "]}", 4500)}}`,
    superjson: `{"json":0,"meta":{"values":${
      nested('{"a":', "1", "}", 9000)
    }}}`,
    "cbor-x": nested("81", "01", "", 65_000),
  },
  "bigint of 60,000 digits": {
    devalue: dv(`["BigInt","${digits}"]`),
    seroval: sv({ t: 3, s: digits }),
    superjson: sj(digits, ["bigint"]),
    "cbor-x": `c2 59 ea60 ${"ff".repeat(60_000)}`,
  },
  "one value used many times": {
    devalue: dv(
      `[${list(1600, (i) => i + 4)}]`,
      `["ArrayBuffer","${"AAAA".repeat(8000)}"]`,
      list(1600, () => '["Uint8Array",3]'),
    ),
    // A table of shared array parts, each use of which copies the part.
    "cbor-x": `d833 84 8100 82 00 99 0fa0 ${"00".repeat(4000)} 80 99 0514 ${
      "d8e180".repeat(1300)
    }`,
  },
};

/** A session's values whose JSON takes about so many bytes; with dates, which JSON loses. */
export function payload(size: number, { dates } = { dates: true }) {
  const items: unknown[] = [];
  const at = (ms: number) => dates ? new Date(ms) : ms;
  const session = new Map<string, unknown>([
    ["user", { id: 48_151, name: "Zoë Åström", roles: ["editor", "billing"] }],
    ["csrf", "kX9c0m0N7v4C2s1q8Zr5tYw3"],
    ["signedIn", at(1.76e12)],
    ["seen", at(1.7601e12)],
    ["theme", "dark"],
    ["cart", items],
  ]);
  const json = () => JSON.stringify([...session]).length;
  for (let i = 0; json() < size - 50; i++) {
    items.push({ sku: `AB-${1000 + i}`, title: `Item no. ${i}`, n: i % 5 + 1 });
  }
  return session;
}

/** A generator of numbers below `n`, the same in every run. */
export function random(seed: number) {
  return (n: number) => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, seed | 1);
    t ^= t + Math.imul(t ^ t >>> 7, t | 61);
    return ((t ^ t >>> 14) >>> 0) % n;
  };
}

/** An object that holds an object, and so on, so many levels deep. */
export function deepObject(levels: number) {
  let value: unknown = null;
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

/** Whether both are the same in type, content, order, holes and identity. */
export function same(
  a: unknown,
  b: unknown,
  seen = new Map(),
  back = new Map(),
) {
  if (Object(a) !== a || Object(b) !== b) return Object.is(a, b);
  const [x, y] = [a as object, b as object];
  if (seen.has(x) || back.has(y)) return seen.get(x) === y;
  seen.set(x, y);
  back.set(y, x);
  if (Object.getPrototypeOf(x) !== Object.getPrototypeOf(y)) return false;
  const parts = (value: object): unknown[] => {
    if (value instanceof Map) return [...value].flat();
    if (value instanceof Set) return [...value];
    if (value instanceof Date) return [value.getTime()];
    if (value instanceof RegExp || value instanceof URL) return [String(value)];
    if (value instanceof ArrayBuffer) return [new Uint8Array(value).toHex()];
    return [];
  };
  const own = (value: object) =>
    Reflect.ownKeys(value).flatMap((key) => {
      const field = Object.getOwnPropertyDescriptor(value, key)!;
      return [key, field.value, field.get, field.enumerable];
    });
  const [left, right] = [[...parts(x), ...own(x)], [...parts(y), ...own(y)]];
  return left.length === right.length &&
    left.every((part, i): boolean => same(part, right[i], seen, back));
}
