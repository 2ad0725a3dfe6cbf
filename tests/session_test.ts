import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Session } from "@aerys/session";
import { Browser, browserWith, sessionOf, testKv } from "./support.ts";

/** A locked session of a request without a cookie, which needs no database. */
function fresh(): Promise<Session> {
  return new Session(new Request("http://localhost/"), {}).open();
}

Deno.test("Session.get() is null and has() false when there is no such key", async () => {
  const session = await fresh();
  assertEquals(session.get("none"), null);
  assertEquals(session.has("none"), false);
  assertEquals(session.get("toString"), null);
  assertEquals(session.has("__proto__"), false);
});

Deno.test("Session.get() gives the very value that was set", async () => {
  const session = await fresh();
  const cart = ["book"];
  session.set("cart", cart);
  assert(session.get("cart") === cart);
  assert(session.has("cart"));
});

Deno.test("Session.has() tells a stored null or undefined from no value", async () => {
  const session = await fresh();
  session.set("null", null).set("undefined", undefined);
  assertEquals([session.has("null"), session.get("null")], [true, null]);
  assertEquals(
    [session.has("undefined"), session.get("undefined")],
    [true, undefined],
  );
});

Deno.test("Session.set() takes 1 and '1' for one key", async () => {
  const session = await fresh();
  session.set(1, "number");
  assertEquals(session.get("1"), "number");
  session.set("1", "string");
  assertEquals([session.get(1), session.size], ["string", 1]);
  assertEquals([...session.keys()], ["1"]);
  assert(session.delete(1));
  assertEquals(session.has("1"), false);
});

Deno.test("Session.set() treats __proto__ and other inherited names as plain keys", async () => {
  const session = await fresh();
  session.set("__proto__", { admin: true });
  assertEquals(session.get("__proto__"), { admin: true });
  assertEquals(session.get("admin"), null);
  assertEquals(({} as Record<string, unknown>).admin, undefined);
});

Deno.test("Session.set() refuses keys that are no string and no number", async () => {
  const session = await fresh();
  for (const key of [undefined, null, Symbol("a"), 1n, {}, true]) {
    const wrong = key as unknown as string;
    for (
      const call of [
        () => session.set(wrong, 1),
        () => session.get(wrong),
        () => session.has(wrong),
        () => session.delete(wrong),
      ]
    ) assertThrows(call, TypeError, "Invalid session key");
  }
  assertEquals(session.size, 0);
});

Deno.test("Session.set() returns the session, so that calls chain", async () => {
  const session = await fresh();
  assert(session.set("a", 1) === session);
});

Deno.test("Session.delete() tells whether there was a value", async () => {
  const session = await fresh();
  session.set("a", undefined);
  assertEquals(session.delete("a"), true);
  assertEquals(session.delete("a"), false);
});

Deno.test("Session.keys() and entries() keep the order in which keys were first set", async () => {
  const session = await fresh();
  session.set("z", 1).set("a", 2).set(3, 3).set("z", 4);
  assertEquals([...session.keys()], ["z", "a", "3"]);
  assertEquals([...session.entries()], [["z", 4], ["a", 2], ["3", 3]]);
});

Deno.test("Session.clear() removes every key and size counts them", async () => {
  const session = await fresh();
  session.set("a", 1).set("b", 2);
  assertEquals(session.size, 2);
  session.clear();
  assertEquals([session.size, [...session.keys()]], [0, []]);
});

Deno.test("Session.save() keeps order, undefined and null for the next request", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    session.set("z", undefined).set("a", null).set(1, "one");
    await session.save();
  });
  const entries = await browser.visit(async (session) => {
    await session.read();
    return [...session.entries()];
  });
  assertEquals(entries, [["z", undefined], ["a", null], ["1", "one"]]);
});

Deno.test("Session.id is the public half of the cookie once there is a session", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  const ids = await browser.visit(async (session) => {
    const ids = [session.id];
    await session.open();
    session.set("a", 1);
    ids.push(session.id);
    await session.save();
    return [...ids, session.id];
  });
  assertEquals(ids.slice(0, 2), [null, null]);
  assertMatch(ids[2]!, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assertEquals(browser.token!.split(".")[0], ids[2]);
  assertEquals(
    await browser.visit(async (session) => (await session.read()).id),
    ids[2],
  );
});

Deno.test("Session.isNew is true until a stored session was found", async () => {
  using kv = await testKv();
  const creating = await new Browser({ kv }).visit(async (session) => {
    await session.open();
    session.set("a", 1);
    await session.save();
    await session.read();
    return session.isNew;
  });
  assertEquals(creating, true);
  for (const find of ["read", "open"] as const) {
    const session = sessionOf(await browserWith({ kv }, { a: 1 }));
    assertEquals(session.isNew, true);
    await session[find]();
    assertEquals(session.isNew, false);
    await session[Symbol.asyncDispose]();
  }
});

Deno.test("Session.isNew is true for a cookie that leads nowhere", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await kv.kv.delete(["session", "data", browser.token!.split(".")[0]!]);
  const session = sessionOf(browser);
  await session.read();
  assertEquals([session.isNew, session.id, session.size], [true, null, 0]);
});
