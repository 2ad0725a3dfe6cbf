import { assert, assertEquals, assertThrows } from "@std/assert";
import { Session, withSession } from "@aerys/session";
import { browserWith, requestOf, sessionOf, testKv } from "./support.ts";

Deno.test("new Session(request) under withSession() is the session of the request", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  // As a function far down, which is given the request only.
  async function deep(request: Request) {
    const session = new Session<{ a: number }>(request);
    await session.open();
    session.set("a", 2);
  }
  await browser.visit(async (session, request) => {
    assert(new Session(request) as unknown === session);
    await deep(request);
    assertEquals([session.state, session.get("a")], ["locked", 2]);
    await session.save();
    assertEquals(new Session(request).state, "unlocked");
  });
});

Deno.test("new Session(request) throws a TypeError that tells what to do when nobody made one", () => {
  const request = new Request("http://localhost/");
  const error = assertThrows(() => new Session(request), TypeError);
  assert(error.message.includes("withSession()"), error.message);
  assert(error.message.includes("new Session(request, {})"), error.message);
});

Deno.test("new Session(request) does not take a copy of the request for the request", () => {
  const request = new Request("http://localhost/");
  new Session(request, {});
  assertThrows(() => new Session(new Request(request)), TypeError);
});

Deno.test("new Session(request, options) gives one session for one request", async () => {
  using kv = await testKv();
  const options = { kv };
  const request = new Request("http://localhost/");
  const session = new Session(request, options);
  assert(new Session(request, options) === session);
  assert(new Session(request, { kv, ttl: 60 }) === session);
  assert(new Session(request) === session);
  assert(new Session(new Request(request), options) !== session);
});

Deno.test("new Session(request, options) leaves the request's body alone", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const request = requestOf(browser, { method: "POST", body: "text" });
  const session = new Session(request, { kv });
  await session.read();
  assertEquals(await request.text(), "text");
});

Deno.test("new Session(request, options) throws when an option is invalid", () => {
  const request = new Request("http://localhost/");
  assertThrows(() => new Session(request, { ttl: -2 }), RangeError, "ttl");
  assertThrows(() => new Session(request), TypeError);
});

Deno.test("Session of another cookie name is another session of the same request", async () => {
  using kv = await testKv();
  const cart = { kv, prefix: ["cart"], cookie: { name: "__Host-cart" } };
  const handler = withSession(async (request, session) => {
    const other = new Session(request, cart);
    assert(other !== session);
    assert(new Session(request) as Session === session);
    await session.update(() => session.set("user", "ada"));
    await other.update(() => other.set("items", 3));
    assertEquals([session.has("items"), other.has("user")], [false, false]);
    return await other.respond(new Response("ok"));
  }, { kv });
  const response = await handler(new Request("http://localhost/"));
  const cookies = response.headers.getSetCookie().map((cookie) =>
    cookie.split(";")[0]!
  );
  assertEquals(cookies.map((cookie) => cookie.split("=")[0]!).sort(), [
    "cart",
    "session",
  ]);
  assertEquals(response.headers.get("vary"), "Cookie");

  const request = new Request("http://localhost/", {
    headers: { cookie: cookies.join("; ") },
  });
  const first = new Session(request, { kv });
  const second = new Session(request, cart);
  await Promise.all([first.read(), second.read()]);
  assertEquals([...first.entries()], [["user", "ada"]]);
  assertEquals([...second.entries()], [["items", 3]]);
});

Deno.test("Session of another prefix does not find the session", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = sessionOf(browser.clone({ kv, prefix: ["other"] }));
  await session.open();
  assertEquals([session.size, session.isNew], [0, true]);
});

Deno.test("Session of another cookie name does not find the session", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = sessionOf(browser.clone({ kv, cookie: { name: "other" } }));
  await session.open();
  assertEquals(session.size, 0);
});

Deno.test("Session of two wrappers, one inside the other, sends both cookies", async () => {
  using kv = await testKv();
  const inner = withSession(async (_request, session) => {
    await session.update(() => session.set("b", 2));
    return new Response();
  }, { kv, prefix: ["b"], cookie: { name: "b" } });
  const outer = withSession(async (request, session) => {
    await session.update(() => session.set("a", 1));
    return inner(request);
  }, { kv, prefix: ["a"], cookie: { name: "a" } });
  const response = await outer(new Request("http://localhost/"));
  const names = response.headers.getSetCookie().map((cookie) => cookie[0]);
  assertEquals(names.sort(), ["a", "b"]);
});
