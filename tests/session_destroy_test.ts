import { assertEquals } from "@std/assert";
import {
  assertCode,
  Browser,
  browserWith,
  sessionOf,
  TestKv,
  testKv,
} from "./support.ts";

Deno.test("Session.destroy() removes the session, its id and its cookie", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const old = browser.clone();
  const { response } = await browser.exchange(async (session) => {
    await session.open();
    const { id } = session;
    await session.destroy();
    assertEquals([session.state, session.id], ["unlocked", null]);
    assertEquals([session.size, session.get("a")], [0, null]);
    assertEquals((await kv.kv.get(["session", "data", id!])).value, null);
  });
  const cookies = response.headers.getSetCookie();
  assertEquals(cookies.length, 1);
  assertEquals(cookies[0]!.split("; ").sort(), [
    "HttpOnly",
    "Max-Age=0",
    "Path=/",
    "SameSite=Lax",
    "session=",
  ]);
  assertEquals((await sessionOf(old).read()).size, 0);
  await using late = await sessionOf(old).open();
  assertEquals(late.size, 0);
});

Deno.test("Session.destroy() of a session that is not stored sends no cookie", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  const { response } = await browser.exchange(async (session) => {
    await session.open();
    session.set("a", 1);
    await session.destroy();
    assertEquals([session.state, session.size], ["unlocked", 0]);
  });
  assertEquals(kv.counts, { reads: 0, commits: 0 });
  assertEquals(response.headers.getSetCookie(), []);
});

Deno.test("Session.destroy() makes room for another session in the same request", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const old = browser.clone();
  const { response } = await browser.exchange(async (session) => {
    await session.open();
    await session.destroy();
    await session.update(() => session.set("b", 2));
    assertEquals(session.isNew, true);
  });
  assertEquals(response.headers.getSetCookie().length, 1);
  assertEquals([...(await sessionOf(browser).read()).entries()], [["b", 2]]);
  assertEquals((await sessionOf(old).read()).size, 0);
});

Deno.test("Session.destroy() of a session made in the same request leaves no cookie", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.update(() => session.set("a", 1));
    await session.open();
    await session.regenerate();
    await session.destroy();
  });
  assertEquals(browser.cookies.size, 0);
});

for (const method of ["regenerate", "destroy"] as const) {
  Deno.test(`Session.${method}() leaves all as it was when the write fails`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { a: 1 });
    const token = browser.token;
    await browser.visit(async (session) => {
      await session.open();
      const { id } = session;
      session.set("a", 2);
      // Both end the old id, which takes writing where its lock was.
      kv.intercept = (call, run) =>
        call.sets.includes("lock") ? Promise.reject(new Error("full")) : run();
      await assertCode(() => session[method](), "ERR_STORE");
      assertEquals([session.state, session.id], ["unlocked", id]);
      assertEquals(session.get("a"), 1);
    });
    kv.reset();
    assertEquals(browser.token, token);
    await using session = await sessionOf(browser).open();
    assertEquals(session.get("a"), 1);
    assertEquals(kv.counts, { reads: 1, commits: 1 });
  });

  Deno.test(`Session.${method}() without a lock any more changes nothing`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { a: 1 });
    const token = browser.token;
    const { response } = await browser.exchange(async (session) => {
      await session.open();
      await kv.kv.delete(["session", "lock", session.id!]);
      const other = sessionOf(browser.clone({ kv: new TestKv(kv.kv) }));
      await other.update(() => other.set("a", 2));
      await assertCode(() => session[method](), "ERR_LOCK_LOST");
      assertEquals([session.state, session.get("a")], ["unlocked", 2]);
    });
    assertEquals(response.headers.getSetCookie(), []);
    assertEquals(browser.token, token);
    assertEquals((await sessionOf(browser).read()).get("a"), 2);
  });
}
