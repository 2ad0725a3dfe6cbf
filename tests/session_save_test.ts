import { assertEquals, assertRejects } from "@std/assert";
import type { Session } from "@aerys/session";
import { Browser, browserWith, gate, sessionOf, testKv } from "./support.ts";

async function stored(browser: Browser): Promise<[string, unknown][]> {
  return [...(await sessionOf(browser).read()).entries()];
}

Deno.test("Session.save() stores, unlocks, and get() goes on answering", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await using session = sessionOf(browser);
  await session.open();
  session.set("a", 2);
  kv.reset();
  await session.save();
  assertEquals(kv.counts, { reads: 0, commits: 1 });
  assertEquals([session.state, session.get("a")], ["unlocked", 2]);
  assertEquals(await stored(browser), [["a", 2]]);
  kv.reset();
  await using other = await sessionOf(browser).open(); // without waiting
  assertEquals(other.get("a"), 2);
  assertEquals(kv.counts, { reads: 1, commits: 1 });
});

Deno.test("Session.save() stores the values as they were when it was called", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { list: [1] });
  await using session = sessionOf(browser);
  await session.open();
  const list = session.get<number[]>("list")!;
  const answer = gate();
  kv.intercept = (_call, run) => answer.promise.then(run);
  const saving = session.save();
  list.push(2);
  answer.open();
  await saving;
  assertEquals(await stored(browser), [["list", [1]]]);
});

Deno.test("Session.save() can follow another open() in the same request", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  const ids = await browser.visit(async (session) => {
    const ids = [];
    for (const n of [1, 2, 3]) {
      await session.open();
      session.set(n, n);
      await session.save();
      ids.push(session.id);
    }
    return ids;
  });
  assertEquals(new Set(ids).size, 1);
  assertEquals(await stored(browser), [["1", 1], ["2", 2], ["3", 3]]);
});

Deno.test("Session.save() with no data stores no session and sends no cookie", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  const { response } = await browser.exchange(async (session) => {
    await session.open();
    session.set("a", 1).delete("a");
    await session.save();
    assertEquals([session.state, session.id], ["unlocked", null]);
  });
  assertEquals(kv.counts, { reads: 0, commits: 0 });
  assertEquals(response.headers.getSetCookie(), []);
});

Deno.test("Session.save() with no data left removes the session", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const old = browser.clone();
  await browser.visit(async (session: Session) => {
    await session.open();
    const { id } = session;
    session.clear();
    await session.save();
    assertEquals([session.state, session.id], ["unlocked", null]);
    assertEquals((await kv.kv.get(["session", "data", id!])).value, null);
  });
  assertEquals(browser.cookies.size, 0);
  assertEquals(await stored(old), []);
});

Deno.test("Session.save() creates no session when the response is made", async () => {
  using kv = await testKv();
  const session = sessionOf(new Browser({ kv }));
  await session.respond(new Response());
  await session.open();
  session.set("a", 1);
  await assertRejects(() => session.save(), TypeError, "the response is made");
  assertEquals(kv.counts, { reads: 0, commits: 0 });
});

Deno.test("Session.save() of a known session works after the response, for streams", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = sessionOf(browser);
  await session.respond(new Response());
  await session.open();
  session.set("a", 2);
  await session.save();
  assertEquals(await stored(browser), [["a", 2]]);
});
