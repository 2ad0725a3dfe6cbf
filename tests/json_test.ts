import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import { isPlain, parse, stringify } from "../src/json.ts";
import { decodeContents, encodeContents } from "../src/data.ts";
import { Values } from "../src/values.ts";
import { seed } from "./proof/random.ts";

const jsonOf = (value: unknown) =>
  isPlain(value, 499, new Set()) ? stringify(value) : null;

/** What is read of what is written, all of it. */
function roundTrip(all: Map<string, unknown>): Map<string, unknown> {
  const contents = { values: new Values(new Map(all)), flash: new Map() };
  return new Map(decodeContents(encodeContents(contents)).values);
}

Deno.test("stringify() writes values on one line", () => {
  const value = { name: "Ada\n", list: [1, null, true, "\u2028"] };
  const json = '{"name":"Ada\\n","list":[1,null,true,"\u2028"]}';
  assertEquals(jsonOf(value), json);
  assertEquals(parse(json), value);
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
  Deno.test(`isPlain() or stringify() leaves ${what} to an encoding that keeps more`, () => {
    assertEquals(jsonOf(value), null);
    assertEquals(jsonOf({ a: [value] }), null);
  });
}

Deno.test("isPlain() leaves an object that another value holds to an encoding that keeps more", () => {
  const seen = new Set<object>();
  assertEquals(isPlain([shared], 500, seen), true);
  assertEquals(isPlain(shared, 500, seen), false);
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
    assertEquals(jsonOf([{}]), "[{}]");
  });
}

Deno.test("isPlain() counts levels", () => {
  assertEquals(isPlain([[1]], 2, new Set()), true);
  assertEquals(isPlain([[1]], 1, new Set()), false);
});

const forged: Record<string, string> = {
  "a key __proto__": '{"__proto__":{"admin":true}}',
  "a key __proto__ in disguise": '{"\\u005f_proto__":{"admin":true}}',
  "another disguise": '{"__\\u0050roto__":1,"__pr\\u006Fto__":{}}',
  "what is no JSON": '{"a":secret}',
  "nothing": "",
};

for (const [what, json] of Object.entries(forged)) {
  Deno.test(`parse() refuses ${what}, and shows none of it`, () => {
    const error = assertThrows(() => parse(json), TypeError);
    assert(!error.message.includes("secret"));
  });
}

Deno.test("encodeContents() writes the text of an escape so that it can be read", () => {
  for (const text of ["\\u005f", "__proto__", "\\\\u0041", "\u0001\ud800"]) {
    const values = new Map([["key", text], [text, "value"]]);
    assertEquals(roundTrip(values), values);
  }
});

// Keys such as "constructor" mislead other comparisons.
Deno.test(`decodeContents() gives back every JSON value, seed ${seed}`, () => {
  const value = fc.jsonValue() // A key __proto__ is refused.
    .filter((value) => !JSON.stringify(value).includes("__proto__"));
  const entry = fc.tuple(fc.string({ unit: "binary" }), value);
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const values = new Map(entries);
      assert(isDeepStrictEqual(roundTrip(values), values));
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
      const values = new Map([["key", value]]);
      const contents = {
        values: new Values(new Map(values)),
        flash: new Map(),
      };
      let bytes: Uint8Array;
      try {
        bytes = encodeContents(contents);
      } catch {
        return;
      }
      stored++;
      const back = new Map(decodeContents(bytes).values);
      assert(isDeepStrictEqual(back, values));
    }),
    { seed, numRuns: 2000 },
  );
  assertEquals(stored > 1000, true);
});
