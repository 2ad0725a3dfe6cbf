import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { read, stringify } from "../src/json.ts";
import { decodeContents, encodeContents } from "../src/data.ts";
import { seed } from "./proof/random.ts";

const jsonOf = (value: unknown) => stringify(new Map([["key", value]]), 500);

const back = (text: string) => read(JSON.parse(text), text);

Deno.test("stringify() writes keys and values in turn, in their order", () => {
  const values = new Map<string, unknown>([
    ...[["user", { name: "Ada" }], ["2", [1, null]], ["1", true]] as const,
  ]);
  const text = '["user",{"name":"Ada"},"2",[1,null],"1",true]';
  assertEquals(stringify(values, 500), text);
  assertEquals([...back(text)], [...values]);
});

const shared = {};
const cycle: unknown[] = [];
cycle.push(cycle);

// What JSON.stringify would change, leave out, or ask for something else.
const changed: Record<string, unknown> = {
  "undefined": undefined,
  "undefined in an object": { a: undefined },
  "undefined in an array": [undefined],
  "a hole": [1, , 3],
  "a hole, and a property in its place": Object.assign([1, , 3], { a: 1 }),
  "a property of an array": Object.assign([1], { a: 1 }),
  "-0": -0,
  "NaN": [NaN],
  "Infinity": { a: Infinity },
  "a bigint": 1n,
  "a symbol": Symbol(),
  "a function": () => {},
  "a date": new Date(0),
  "a map": new Map(),
  "bytes": new Uint8Array(1),
  "a class instance": new (class Cart {})(),
  "an array of another class": new (class List extends Array {})(),
  "an object without a prototype": Object.create(null),
  "a symbol key": { [Symbol()]: 1 },
  "a hidden property": Object.defineProperty({}, "a", { value: 1 }),
  "a key __proto__": JSON.parse('{"__proto__":{}}'),
  "a value toJSON": { toJSON: () => 1 },
  "an object in two places": [shared, shared],
  "a cycle": cycle,
};

for (const [what, value] of Object.entries(changed)) {
  Deno.test(`stringify() leaves ${what} to an encoding that keeps more`, () => {
    assertEquals(jsonOf(value), null);
    assertEquals(jsonOf({ a: [value] }), null);
  });
}

Deno.test("stringify() leaves an object in two values to an encoding that keeps more", () => {
  const values = new Map([["a", shared], ["b", shared]]);
  assertEquals(stringify(values, 500), null);
});

for (const { prototype } of [Object, Array]) {
  Deno.test(`stringify() is not for processes in which ${prototype.constructor.name}s have a toJSON()`, () => {
    const toJSON = () => "something else";
    Object.defineProperty(prototype, "toJSON", {
      value: toJSON,
      configurable: true,
    });
    try {
      assertEquals(jsonOf([{}]), null);
    } finally {
      Reflect.deleteProperty(prototype, "toJSON");
    }
    assertEquals(jsonOf([{}]), '["key",[{}]]');
  });
}

Deno.test("stringify() counts levels, the map included", () => {
  const values = new Map([["key", [[1]]]]);
  assertEquals(stringify(values, 3), '["key",[[1]]]');
  assertEquals(stringify(values, 2), null);
});

const forged: Record<string, string> = {
  "a key __proto__": '["a",{"__proto__":{"admin":true}}]',
  "a key __proto__ in disguise": '["a",{"\\u005f_proto__":{"admin":true}}]',
  "another disguise": '["a",{"__\\u0050roto__":1,"__pr\\u006Fto__":{}}]',
  "a key that is no string": '["a",1,2,3]',
  "a key without a value": '["a"]',
};

for (const [what, text] of Object.entries(forged)) {
  Deno.test(`read() refuses ${what}`, () => {
    assertThrows(() => back(text), TypeError);
    const bytes = new TextEncoder().encode(text);
    assertThrows(() => decodeContents(bytes), TypeError);
  });
}

Deno.test("encodeContents() writes the text of an escape so that it can be read", () => {
  for (const text of ["\\u005f", "__proto__", "\\\\u0041", "\u0001\ud800"]) {
    const values = new Map([["key", text], [text, "value"]]);
    const contents = { values, flash: new Map() };
    assertEquals(decodeContents(encodeContents(contents)), contents);
  }
});

// Keys such as "constructor" mislead other comparisons.
Deno.test(`decodeContents() gives back every JSON value, seed ${seed}`, () => {
  const value = fc.jsonValue() // A key __proto__ is refused.
    .filter((value) => !JSON.stringify(value).includes("__proto__"));
  const entry = fc.tuple(fc.string({ unit: "binary" }), value);
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const contents = { values: new Map(entries), flash: new Map() };
      const back = decodeContents(encodeContents(contents));
      assert(isDeepStrictEqual(back, contents));
    }),
    { seed, numRuns: 1000 },
  );
});

Deno.test(`decodeContents() gives back what is stored, or it is refused, seed ${seed}`, () => {
  const anything = fc.anything({
    ...{ withBigInt: true, withDate: true, withMap: true, withSet: true },
    ...{ withNullPrototype: true, withSparseArray: true },
    ...{ withTypedArray: true, maxDepth: 4 },
  });
  let stored = 0;
  fc.assert(
    fc.property(anything, (value) => {
      const contents = { values: new Map([["key", value]]), flash: new Map() };
      let bytes: Uint8Array;
      try {
        bytes = encodeContents(contents);
      } catch {
        return;
      }
      stored++;
      assert(isDeepStrictEqual(decodeContents(bytes), contents));
    }),
    { seed, numRuns: 2000 },
  );
  assertEquals(stored > 1000, true);
});
