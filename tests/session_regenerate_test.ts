import { assert, assertEquals, assertRejects } from "@std/assert";
import { Browser, browserWith, sessionOf, testKv } from "./support.ts";

Deno.test("Session.regenerate() moves the session to another id in one commit", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const old = browser.clone();
  await browser.visit(async (session) => {
    await session.open();
    const oldId = session.id!;
    session.set("b", 2);
    kv.reset();
    await session.regenerate();
    assertEquals(kv.counts, { reads: 0, commits: 1 });
    const id = session.id!;
    assert(id !== oldId);
    assertEquals(session.state, "locked");
    assertEquals([...session.entries()], [["a", 1], ["b", 2]]);
    assertEquals((await kv.kv.get(["session", "data", oldId])).value, null);
    assert((await kv.kv.get(["session", "data", id])).value !== null);
    assert((await kv.kv.get(["session", "lock", id])).value !== null);
    session.set("c", 3);
    await session.save();
    assertEquals((await kv.kv.get(["session", "lock", id])).value, null);
  });
  assert(browser.token !== old.token);
  const session = await sessionOf(browser).read();
  assertEquals([...session.entries()], [["a", 1], ["b", 2], ["c", 3]]);
  assertEquals((await sessionOf(old).read()).size, 0);
});

Deno.test("Session.regenerate() makes a new secret, too", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const old = browser.token!.split(".")[1];
  await browser.visit(async (session) => {
    await session.open();
    await session.regenerate();
    await session.save();
  });
  const [id, secret] = browser.token!.split(".");
  assert(secret !== old);
  const thief = browser.clone();
  thief.cookies.set("session", `${id}.${old}`);
  assertEquals((await sessionOf(thief).read()).size, 0);
  assertEquals((await sessionOf(thief).open()).size, 0);
});

Deno.test("Session.regenerate() keeps what was set even when unlock() follows", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await browser.visit(async (session) => {
    await session.open();
    session.set("a", 2);
    await session.regenerate();
    session.set("a", 3);
    await session.unlock();
    assertEquals(session.get("a"), 2);
  });
  assertEquals((await sessionOf(browser).read()).get("a"), 2);
});

Deno.test("Session.regenerate() of a session that is not stored does nothing", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    session.set("a", 1);
    await session.regenerate();
    assertEquals(kv.counts, { reads: 0, commits: 0 });
    assertEquals([session.state, session.id], ["locked", null]);
    assertEquals(session.get("a"), 1);
    await session.save();
  });
  assertEquals((await sessionOf(browser).read()).get("a"), 1);
});

Deno.test("Session.regenerate() fails when the response is made, as its cookie has no way", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await using session = sessionOf(browser);
  await session.respond(new Response());
  await session.open();
  await assertRejects(
    () => session.regenerate(),
    TypeError,
    "the response is made",
  );
  assertEquals((await sessionOf(browser).read()).get("a"), 1);
});
