import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertCode, Browser, browserWith, ManualClock } from "./support.ts";
import { sessionOf, testKv, withClock } from "./support.ts";

/** What `get("value")` answers in the request after the one that saved it. */
async function kept(value: unknown): Promise<unknown> {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { value });
  return await browser.visit(async (session) => {
    await session.read();
    return session.get("value");
  });
}

function nested(levels: number): unknown {
  let value: unknown = "the end";
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { value };
  return value;
}

class Point {
  x = 1;
}

/** What `save()` refuses, and what its message then says besides the key. */
const refused: Record<string, [value: unknown, says?: RegExp]> = {
  "a function": [() => 1, /function/],
  "a function inside": [{ list: [1, { f() {} }] }, /at \.list\[1\]\.f /],
  "a symbol": [Symbol("s"), /[Ss]ymbol/],
  "a class instance": [new Point()],
  "a class instance in a Map": [new Map([["p", new Point()]])],
  "an instance of a subclass": [new class Dates extends Date {}()],
  "a promise": [Promise.resolve(1)],
  "an error": [new Error("oops")],
  "a WeakMap": [new WeakMap()],
  "a boxed number": [Object(1)],
  "headers": [new Headers()],
  "a symbol as a key": [{ [Symbol("s")]: 1 }],
  "a hidden property": [Object.defineProperty({}, "hidden", { value: 1 })],
  "an array with a property": ["b".match(/b/)],
  "a Map with a property": [Object.assign(new Map(), { extra: 1 })],
  "a property named __proto__": [JSON.parse('{"a":{"__proto__":{"b":1}}}')],
  "the same without a prototype": [
    Object.defineProperty(Object.create(null), "__proto__", {
      value: 1,
      enumerable: true,
    }),
  ],
  "a getter that throws": [
    {
      get broken() {
        throw new Error("not now");
      },
    },
    /not now/,
  ],
  "600 levels": [nested(600), /levels/],
  "100,000 levels": [nested(100_000)],
};

for (const [what, [value, says]] of Object.entries(refused)) {
  Deno.test(`Session.save() refuses ${what}, names the key and keeps the old contents`, async () => {
    using kv = await testKv();
    const options = withClock({ kv }, new ManualClock());
    const browser = await browserWith(options, { count: 1 });
    const session = sessionOf(browser);
    for (const method of ["save", "regenerate"] as const) {
      await session.open();
      session.set("before", "fine").set("cart", value).set("after", "fine");
      const error = await assertCode(
        () => session[method](),
        "ERR_NOT_STORABLE",
      );
      assertMatch(error.message, /"cart"/);
      if (says !== undefined) assertMatch(error.message, says);
      assertEquals(session.state, "unlocked");
      assertEquals([...session.entries()], [["count", 1]]);
    }
    // Nothing of it is left in the way of others, whose time stands still.
    await sessionOf(browser).open();
  });
}

Deno.test("Session.save() shows none of the other values in the error about one", async () => {
  using kv = await testKv();
  await new Browser({ kv }).visit(async (session) => {
    await session.open();
    session.set("token", "for no log").set("cart", () => {});
    const error = await assertCode(() => session.save(), "ERR_NOT_STORABLE");
    assert(!Deno.inspect(error, { depth: 10 }).includes("for no log"));
  });
});

Deno.test("Session.save() keeps cyclic and shared references", async () => {
  const shared = { name: "shared" };
  const value: Record<string, unknown> = { a: shared, b: [shared] };
  value.self = value;
  value.map = new Map<unknown, unknown>([[shared, value]]);
  const found = await kept(value) as {
    a: object;
    b: object[];
    self: object;
    map: Map<object, object>;
  };
  assert(found.self === found);
  assert(found.a === found.b[0]);
  assert(found.map.get(found.a) === found);
});

Deno.test("Session.save() keeps references between keys", async () => {
  using kv = await testKv();
  const item = { id: 7 };
  const browser = await browserWith({ kv }, { cart: [item], last: item });
  await browser.visit(async (session) => {
    await session.read();
    assert(session.get("cart")[0] === session.get("last"));
  });
});

Deno.test("Session.save() keeps 400 levels", async () => {
  assertEquals(await kept(nested(400)), nested(400));
});

Deno.test("Session.save() keeps lone surrogates, in values and in keys", async () => {
  using kv = await testKv();
  const entries: [string, unknown][] = [
    ["\ud800", "\udfff"],
    ["\udc00", ["a\ud83d", "\ud83d\ude00"]],
    ["\ufffd", "\ufffd"],
  ];
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    for (const [key, value] of entries) session.set(key, value);
    await session.save();
  });
  await browser.visit(async (session) => {
    await session.read();
    assertEquals([...session.entries()], entries);
  });
});

Deno.test("Session keeps names of built-in properties as keys, and they are inert", async () => {
  using kv = await testKv();
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    for (const name of names) {
      assertEquals([session.has(name), session.get(name)], [false, null]);
      session.set(name, { polluted: name });
    }
    await session.save();
  });
  await browser.visit(async (session) => {
    await session.read();
    assertEquals([...session.keys()], names);
    for (const name of names) {
      assertEquals(session.get(name), { polluted: name });
    }
    assertEquals(Reflect.get({}, "polluted"), undefined);
  });
});
