import { assertEquals } from "@std/assert";
import {
  assertCode,
  Browser,
  browserWith,
  ManualClock,
  sessionOf,
  testKv,
  withClock,
} from "./support.ts";

/** What is done to the session before a request comes with its old cookie. */
const ends: Record<string, (browser: Browser) => Promise<void>> = {
  "destroy()": (browser) =>
    browser.visit(async (session) => {
      await session.open();
      await session.destroy();
    }),
  "regenerate()": (browser) =>
    browser.visit(async (session) => {
      await session.open();
      await session.regenerate();
      await session.save();
    }),
};

async function saves(browser: Browser): Promise<void> {
  const session = sessionOf(browser);
  await session.open();
  assertEquals(session.size, 0);
  session.set("count", 2);
  await session.save();
}

for (const [method, end] of Object.entries(ends)) {
  Deno.test(`Session.save() begins a session for who knows only the id of one that ended with ${method}`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { count: 1 });
    const stranger = new Browser({ kv });
    for (const [name, value] of browser.cookies) {
      const id = value.split(".")[0];
      stranger.cookies.set(name, `${id}.${"A".repeat(43)}`);
    }
    await end(browser);
    await saves(stranger);
  });

  Deno.test(`Session.save() begins a session with the cookie of one that ended with ${method} 10 seconds ago`, async () => {
    using kv = await testKv();
    const clock = new ManualClock();
    const browser = await browserWith(withClock({ kv }, clock), { count: 1 });
    const old = browser.clone();
    await end(browser);
    await assertCode(() => saves(old), "ERR_LOCK_LOST");
    clock.advance(9999);
    await assertCode(() => saves(old), "ERR_LOCK_LOST");
    clock.advance(1);
    await saves(old);
  });
}

Deno.test("Session.destroy() of a request that saw a session does not keep silent when it was regenerated, however long ago", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv }, clock), { count: 1 });
  const old = browser.clone();
  const session = await sessionOf(old).read();
  await ends["regenerate()"]!(browser);
  await assertCode(() => saves(old), "ERR_LOCK_LOST");
  clock.advance(10_000);
  await session.open();
  await assertCode(() => session.destroy(), "ERR_LOCK_LOST");
});

Deno.test("Session.open() with a wrong secret waits for nobody and sees nothing", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const stranger = new Browser({ kv });
  for (const [name, value] of browser.cookies) {
    const id = value.split(".")[0];
    stranger.cookies.set(name, `${id}.${"A".repeat(43)}`);
  }
  const holder = await sessionOf(browser).open();
  const other = await sessionOf(stranger).open({ timeout: 2000 });
  assertEquals([holder.state, other.size, other.id], ["locked", 0, null]);
  await other.unlock();
  await holder.unlock();
});
