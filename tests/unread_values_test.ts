import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { isDeepStrictEqual } from "node:util";
import { decodeContents, encodeContents } from "../src/data.ts";
import { decodeRecord, encodeRecord } from "../src/record.ts";
import { Values } from "../src/values.ts";
import {
  assertCode,
  type Browser,
  browserWith,
  type TestKv,
  testKv,
} from "./support.ts";
import { randomOf, seed } from "./proof/random.ts";

const text = '["user","list","count"]\n{ "name": "Ada" }\n[1, 2]\n7';

Deno.test("Values.stringify() writes the keys, and each value on a line", () => {
  const values = new Values(
    new Map<string, unknown>([["2", "a\nb"], ["1", { c: [1] }], ["", null]]),
  );
  const written = '["2","1",""]\n"a\\nb"\n{"c":[1]}\nnull';
  assertEquals(values.stringify(500), written);
  assertEquals([...Values.parse(written)], [...values]);
});

Deno.test("Values.stringify() leaves what nobody has asked for as it came", () => {
  const values = Values.parse(text);
  assertEquals(values.stringify(500), text);
  assertEquals([values.get("count"), values.get("none")], [7, undefined]);
  assertEquals(values.stringify(500), text);
  assertEquals(values.get("list"), [1, 2]);
  assertEquals(values.stringify(500), text.replace("[1, 2]", "[1,2]"));
});

Deno.test("Values.stringify() writes what was changed after somebody asked for it", () => {
  const values = Values.parse(text);
  (values.get("list") as number[]).push(3);
  assertEquals(values.get("list"), [1, 2, 3]);
  for (const [key, value] of values) {
    if (key === "user") Object.assign(value as object, { age: 36 });
  }
  assertEquals(
    values.stringify(500),
    '["user","list","count"]\n{"name":"Ada","age":36}\n[1,2,3]\n7',
  );
});

/** What becomes of the keys and the numbers `{ a: 1, b: 2 }`. */
function changed(change: (values: Values) => void): [string, number][] {
  const values = Values.parse('["a","b"]\n1\n2');
  change(values);
  const back = Values.parse(values.stringify(500)!);
  assertEquals([...back], [...values]);
  assertEquals([...back.keys()], [...back].map(([key]) => key));
  return [...back] as [string, number][];
}

Deno.test("Values keep their keys in the order in which they were first set", () => {
  assertEquals(changed(() => {}), [["a", 1], ["b", 2]]);
  assertEquals(changed((all) => all.set("a", 3)), [["a", 3], ["b", 2]]);
  assertEquals(changed((all) => all.set("c", 3)), [
    ...[["a", 1], ["b", 2], ["c", 3]] as [string, number][],
  ]);
  assertEquals(changed((all) => all.delete("a")), [["b", 2]]);
  assertEquals(changed((all) => all.clear()), []);
  assertEquals(
    changed((all) => {
      all.delete("a");
      all.set("a", 3);
    }),
    [["b", 2], ["a", 3]],
  );
  assertEquals(
    changed((all) => {
      all.clear();
      all.set("c", 3);
    }),
    [["c", 3]],
  );
});

Deno.test("Values.stringify() leaves what JSON would change to an encoding that keeps more, with all the rest", () => {
  const shared = {};
  const sharing = Values.parse(text);
  sharing.set("user", shared);
  sharing.set("list", [shared]);
  const lists = Values.parse(text);
  lists.set("copy", lists.get("list"));
  const dated = Values.parse(text);
  dated.set("count", new Date(0));
  const named = Values.parse(text);
  named.set("__proto__", 1);
  for (const values of [sharing, lists, dated, named]) {
    assertEquals(values.stringify(500), null);
    const bytes = encodeContents({ values, flash: new Map() });
    assertEquals([...decodeContents(bytes).values], [...values]);
  }
});

Deno.test("Values.stringify() counts levels, the session included", () => {
  const values = new Values(new Map([["key", [[1]]]]));
  assertEquals(values.stringify(3), '["key"]\n[[1]]');
  assertEquals(values.stringify(2), null);
});

Deno.test("Values.stringify() leaves all to an encoding that keeps more where arrays have a toJSON()", () => {
  const read = Values.parse(text);
  const added = Values.parse(text);
  added.delete("list");
  const key = "toJSON";
  Object.defineProperty(Array.prototype, key, {
    value: () => "something else",
    configurable: true,
  });
  try {
    assertEquals(read.stringify(500), text);
    assertEquals(added.stringify(500), null);
  } finally {
    Reflect.deleteProperty(Array.prototype, key);
  }
});

for (
  const [what, forged] of Object.entries({
    "a key without a value": '["a"]',
    "a value without a key": '["a"]\n1\n2',
    "a key that is no text": '["a",1]\n1\n2',
    "a key that is there twice": '["a","a"]\n1\n2',
    "keys that are no list": '{"length":1}\n1',
    "keys that are a text": '"a"\n1',
    "keys that are no JSON": '["a\n1',
    "a key __proto__ in disguise": '["\\u005f_proto__"]\n1',
  })
) {
  Deno.test(`Values.parse() refuses ${what}`, () => {
    assertThrows(() => Values.parse(forged), TypeError);
    if (!forged.startsWith('["')) return;
    const bytes = new TextEncoder().encode(forged);
    assertThrows(() => decodeContents(bytes), TypeError);
  });
}

/** Puts other values into a stored session, as only somebody with the database can. */
async function forge(kv: TestKv, browser: Browser, text: string) {
  const key = ["session", "data", browser.token!.split(".")[0]!];
  const { value } = await kv.kv.get(key);
  const payload = new TextEncoder().encode(text);
  await kv.kv.set(key, encodeRecord({ ...decodeRecord(value), payload }));
}

Deno.test("Session.get() and entries() throw ERR_CORRUPT on a value that cannot be read; the others can", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  for (const json of ["{", "", "[1]]", '{"__proto__":{"admin":true}}']) {
    await forge(kv, browser, `["good","bad"]\n[1]\n${json}`);
    await browser.visit(async (session) => {
      for (const method of ["read", "open"] as const) {
        await session[method]();
        assertEquals(session.size, 2);
        assertEquals([...session.keys()], ["good", "bad"]);
        assertEquals([session.has("bad"), session.get("good")], [true, [1]]);
        await assertCode(() => session.get("bad"), "ERR_CORRUPT");
        await assertCode(() => session.entries(), "ERR_CORRUPT");
        const again = () => session.get("bad");
        const { message } = await assertCode(again, "ERR_CORRUPT");
        assertMatch(message, /"bad".*Set another one/);
      }
      // It is not lost because something else is changed, and may be replaced.
      session.set("good", 2);
      await session.save();
      await session.read();
      await assertCode(() => session.get("bad"), "ERR_CORRUPT");
      await session.update(() => session.set("bad", { mended: true }));
    });
    await browser.visit(async (session) => {
      await session.read();
      assertEquals([...session.entries()], [
        ["good", 2],
        ["bad", { mended: true }],
      ]);
    });
  }
});

Deno.test("Session.save() ends in ERR_CORRUPT where a value that cannot be read had to be written otherwise", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await forge(kv, browser, '["good","bad"]\n[1]\n{');
  await browser.visit(async (session) => {
    await session.open();
    session.set("good", new Date(0));
    const { message } = await assertCode(() => session.save(), "ERR_CORRUPT");
    assertMatch(message, /"bad"/);
    assertEquals([session.state, session.get("good")], ["unlocked", [1]]);
    await session.open();
    await session.destroy();
  });
});

Deno.test("Session.save() stores what a handler changed inside a value, and nothing that it did not change", async () => {
  using kv = await testKv();
  const values = { cart: { items: ["tea"] }, user: { name: "Ada" } };
  const browser = await browserWith({ kv }, values);
  await browser.visit(async (session) => {
    await session.read();
    session.get("user").name = "Mallory"; // Not under the lock.
    await session.open();
    session.get("cart").items.push("milk");
    await session.save();
    assertEquals(session.get("cart"), { items: ["tea", "milk"] });
    await session.open();
    session.get("cart").items.push("sugar");
    await session.save();
  });
  await browser.visit(async (session) => {
    await session.read();
    assertEquals([...session.entries()], [
      ["cart", { items: ["tea", "milk", "sugar"] }],
      ["user", { name: "Ada" }],
    ]);
  });
});

Deno.test("Session.get() gives one request the same object each time, and no other request the same", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { cart: { items: [] } });
  await Promise.all([1, 2].map((item) =>
    browser.visit(async (session) => {
      await session.open();
      const cart = session.get("cart");
      assertEquals(cart === session.get("cart"), true);
      assertEquals([...session.entries()][0]![1] === cart, true);
      assertEquals(cart.items.length, item - 1);
      cart.items.push(item);
      await session.save();
    })
  ));
});

const names = [
  ...["a", "b", "__proto__", "constructor", "toJSON", "0", "1", "", "\n"],
  ...[
    "x\ny",
    "\r\n",
    "\u2028",
    "\ud800",
    "\\u005f",
    "\\n",
    "é",
    "\ufeff",
    '["',
  ],
];

/** A value, mostly one that JSON keeps. */
function anyValue(random: () => number, depth = 0): unknown {
  const pick = <T>(all: readonly T[]) =>
    all[Math.floor(random() * all.length)]!;
  const kind = random();
  if (kind < 0.4) return pick(names);
  if (kind < 0.6) return pick([0, 1.5, -7, 1e21, 5e-324, true, false, null]);
  if (kind < 0.62) return pick([-0, NaN, undefined, 10n, new Date(0)]);
  if (depth > 3) return 1;
  const inner = Array.from(
    { length: random() * 4 },
    () => anyValue(random, depth + 1),
  );
  if (kind < 0.8) return inner;
  const keys = names.filter((name) => name !== "__proto__");
  return Object.fromEntries(inner.map((value) => [pick(keys), value]));
}

Deno.test(`Values come back however they were read, changed and left alone, seed ${seed}`, () => {
  const random = randomOf(seed);
  let plain = 0;
  for (let run = 0; run < 3000; run++) {
    const model = new Map<string, unknown>();
    let values = new Values();
    for (let request = 0; request < 4; request++) {
      for (let step = 0; step < 3; step++) {
        const key = names[Math.floor(random() * names.length)]!;
        const kind = random();
        if (kind < 0.5) {
          const value = anyValue(random);
          values.set(key, value);
          model.set(key, structuredClone(value));
        } else if (kind < 0.6) {
          assertEquals(values.delete(key), model.delete(key));
        } else if (kind < 0.9) {
          const found = values.get(key);
          const expected = model.get(key);
          assert(isDeepStrictEqual(found, expected), `run ${run}`);
          if (Array.isArray(found)) {
            found.push(step);
            (expected as unknown[]).push(step);
          }
        } else if (kind < 0.93) {
          values.clear();
          model.clear();
        } else [...values];
      }
      assertEquals(values.size, model.size);
      const bytes = encodeContents({ values, flash: new Map() });
      if (new TextDecoder().decode(bytes).startsWith('["')) plain++;
      values = decodeContents(bytes).values;
      const all = [...decodeContents(bytes).values];
      assert(isDeepStrictEqual(all, [...model]), `run ${run}`);
    }
  }
  assert(plain > 1000);
});
