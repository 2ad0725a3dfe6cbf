import type { Session } from "@aerys/session";
import { assert, assertEquals } from "@std/assert";
import { assertCode, Browser, browserWith, count } from "./support.ts";
import { increment, ManualClock, sessionOf, testKv } from "./support.ts";
import { type TestKv, withClock } from "./support.ts";

/** The keys of everything that is stored. */
async function storedKeys(kv: TestKv): Promise<string[]> {
  const keys = [];
  for await (const { key } of kv.kv.list({ prefix: [] })) keys.push(key);
  return keys.map((key) => key.join("/"));
}

Deno.test("ASVS 4.4.3, 4.4.4 a WebSocket handshake reads the session while another request holds its lock", async () => {
  using kv = await testKv();
  const options = withClock({ kv }, new ManualClock());
  const browser = await browserWith(options, { count: 1 });
  const holder = await sessionOf(browser).open();
  const { result, response } = await browser.exchange(
    count,
    () => new Response(null, { status: 101 }),
  );
  assertEquals([result, response.status], [1, 101]);
  await holder.unlock();
});

Deno.test("ASVS 7.2.1 only the database decides whether a cookie is good", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const [id] = browser.token!.split(".");
  const key = ["session", "data", id!];
  const entry = await kv.kv.get(key);
  await kv.kv.delete(key);
  assertEquals(await browser.visit(count), null);
  await kv.kv.set(key, entry.value);
  assertEquals(await browser.visit(count), 1);
});

Deno.test("ASVS 7.2.2 each session has a token of its own, made when it is first saved", async () => {
  using kv = await testKv();
  const tokens = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const browser = await browserWith({ kv }, { user: "the same" });
    for (const part of browser.token!.split(".")) tokens.add(part);
  }
  assertEquals(tokens.size, 100);
});

Deno.test("ASVS 7.2.4 after regenerate() the old token leads to nothing, and the new one to the data", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { user: "guest" });
  const old = browser.clone();
  // Requests with the old token that are under way at the login.
  const [reader, waiter] = [sessionOf(old), sessionOf(old)];
  await reader.read();
  await browser.visit(async (session) => {
    await session.open();
    const waiting = waiter.open();
    session.set("user", "ada");
    await session.regenerate();
    session.set("role", "admin");
    await session.save();
    await waiting;
  });
  assertEquals([...waiter.entries()], []);
  await reader.read();
  assertEquals([...reader.entries()], []);
  await reader.open();
  for (const late of [reader, waiter]) {
    late.set("user", "eve");
    await assertCode(() => late.save(), "ERR_LOCK_LOST");
    const { headers } = await late.respond(new Response());
    assertEquals(headers.getSetCookie(), []);
  }
  assert(old.token !== browser.token);
  await browser.visit(async (session) => {
    await session.read();
    assertEquals([...session.entries()], [["user", "ada"], ["role", "admin"]]);
  });
});

Deno.test("ASVS 7.3.1 an idle session ends, by the server's clock, whatever the cookie says", async () => {
  for (const options of [{ maxLife: 60 }, { ttl: 60 }]) {
    using kv = await testKv();
    const clock = new ManualClock();
    const browser = new Browser(withClock({ kv, ...options }, clock));
    await browser.visit(increment);
    const [[cookie, token]] = [...browser.cookies] as [[string, string]];
    for (let use = 2; use <= 5; use++) {
      clock.advance(59_999);
      assertEquals(await browser.visit(increment), use);
    }
    clock.advance(60_000);
    // A browser that kept it for longer.
    browser.cookies.set(cookie, token);
    assertEquals(await browser.visit(count), null);
    assertEquals(await browser.visit(increment), 1);
    assert(browser.token !== token);
  }
});

Deno.test("ASVS 7.3.2 a session ends at its absolute limit, which no use extends", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const limits = { ttl: 100, absoluteTtl: 300 };
  const browser = new Browser(withClock({ kv, ...limits }, clock));
  await browser.visit(increment);
  const use = async (session: Session) => {
    await session.read();
    await session.open();
    await session.regenerate();
    session.setTTL(200);
    await session.save();
  };
  for (let second = 50; second < 300; second += 50) {
    clock.advance(50_000);
    await browser.visit(use);
  }
  clock.advance(49_999);
  assertEquals(await browser.visit(count), 1);
  clock.advance(1);
  assertEquals(await browser.visit(count), null);
});

Deno.test("ASVS 7.4.1 a destroyed session stays destroyed, also for requests under way", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const copy = browser.clone();
  const [reader, waiter, late] = [copy, copy, copy].map(sessionOf);
  await reader!.read();
  await browser.visit(async (session) => {
    await session.open();
    const waiting = waiter!.open();
    await session.destroy();
    await waiting;
  });
  assertEquals(browser.cookies.size, 0);
  await reader!.open();
  await late!.open();
  for (const session of [reader!, waiter!, late!]) {
    assertEquals([session.size, session.id], [0, null]);
    session.set("count", 2);
    await assertCode(() => session.save(), "ERR_LOCK_LOST");
  }
  assertEquals(await copy.visit(count), null);
  const records = (await storedKeys(kv)).filter((key) => key.includes("data"));
  assertEquals(records, []);
});

Deno.test("ASVS 7.4.1 a session that expires while it is locked is not saved any more", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, ttl: 3 }, clock);
  const browser = await browserWith(options, { count: 1 });
  await browser.visit(async (session) => {
    await session.open();
    session.set("count", 2);
    clock.advance(1000);
    clock.advance(2000);
    await assertCode(() => session.save(), "ERR_LOCK_LOST");
  });
  assertEquals(await browser.visit(count), null);
});

Deno.test("ASVS 7.6.2 no session comes into being by reading, or by opening without data", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  const { response } = await browser.exchange(async (session) => {
    await session.read();
    await session.open();
    await session.save();
    await session.open();
    await session.unlock();
  });
  assertEquals(response.headers.getSetCookie(), []);
  assertEquals(await storedKeys(kv), []);
});
