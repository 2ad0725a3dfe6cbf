import { assert, assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  assertCode,
  assertFree,
  Browser,
  browserWith,
  increment,
  sessionOf,
  testKv,
} from "./support.ts";

Deno.test("Session.respond() gives the very response when the session was not used", async () => {
  using kv = await testKv();
  const session = sessionOf(await browserWith({ kv }, { a: 1 }));
  kv.reset();
  const response = new Response("ok");
  assert(await session.respond(response) === response);
  assertEquals([...response.headers.keys()], ["content-type"]);
  assertEquals(kv.counts, { reads: 0, commits: 0 });
});

Deno.test("Session.respond() puts the cookie of a new session on the response", async () => {
  using kv = await testKv();
  const session = sessionOf(new Browser({ kv }));
  await session.update(() => session.set("a", 1));
  const response = await session.respond(new Response("text", { status: 201 }));
  assertEquals([response.status, await response.text()], [201, "text"]);
  const [cookie] = response.headers.getSetCookie();
  assert(cookie!.startsWith(`session=${session.id}.`), cookie);
});

Deno.test("Session.respond() sends a cookie once, to the first of two responses", async () => {
  using kv = await testKv();
  const session = sessionOf(new Browser({ kv }));
  await session.update(() => session.set("a", 1));
  const first = await session.respond(new Response());
  const second = await session.respond(new Response());
  assertEquals(first.headers.getSetCookie().length, 1);
  assertEquals(second.headers.getSetCookie().length, 0);
});

Deno.test("Session.respond() after read() or save() sends no cookie that the browser has", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  for (const use of [(session: Session) => session.read(), increment]) {
    const session = sessionOf(browser);
    await use(session as never, undefined as never);
    const { headers } = await session.respond(new Response());
    assertEquals(headers.getSetCookie(), []);
    assertEquals(headers.get("cache-control"), "private");
    assertEquals(headers.get("vary"), "Cookie");
  }
});

Deno.test("Session.respond() fails with ERR_STILL_LOCKED when save() was forgotten", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = await sessionOf(browser).open();
  session.set("a", 2);
  const error = await assertCode(
    () => session.respond(new Response()),
    "ERR_STILL_LOCKED",
  );
  assert(error.message.includes("save()"), error.message);
  assertEquals([session.state, session.get("a")], ["unlocked", 1]);
  await assertFree(kv, browser);
});

Deno.test("Session.respond() fails with ERR_STILL_LOCKED for a new session, too", async () => {
  using kv = await testKv();
  const session = await sessionOf(new Browser({ kv })).open();
  session.set("a", 1);
  await assertCode(() => session.respond(new Response()), "ERR_STILL_LOCKED");
});
