import { assert, assertEquals } from "@std/assert";
import type { Session, SessionOptions } from "@aerys/session";
import {
  assertCode,
  type Browser,
  browserWith,
  ManualClock,
  sessionOf,
  type TestKv,
  testKv,
  until,
  withClock,
} from "./support.ts";

/** A browser with a session, and the clock by which that lives. */
async function living(kv: TestKv, options: SessionOptions = {}) {
  const clock = new ManualClock();
  const all = withClock({ kv, ...options }, clock);
  return { clock, browser: await browserWith(all, { a: 1 }) };
}

const isThere = async (browser: Browser) =>
  (await sessionOf(browser).read()).size > 0;

const change = (browser: Browser) =>
  browser.visit((session) => session.update(() => session.set("b", 1)));

const regenerate = (browser: Browser) =>
  browser.visit(async (session) => {
    await session.open();
    await session.regenerate();
    await session.save();
  });

const idle: [SessionOptions, number][] = [
  [{ ttl: 60 }, 60_000],
  [{ ttl: -1, maxLife: 60 }, 60_000],
  [{}, 3_600_000],
  [{ ttl: 60, maxLife: 1 }, 60_000],
];

for (const [options, ms] of idle) {
  const shown = JSON.stringify(options);
  Deno.test(`a session with ${shown} ends ${ms} ms after its last use`, async () => {
    using kv = await testKv();
    const { clock, browser } = await living(kv, options);
    clock.advance(ms - 1);
    assertEquals(await isThere(browser), true);
    clock.advance(ms);
    assertEquals(await isThere(browser), false);
  });

  for (const use of ["read", "save", "unlock", "regenerate"] as const) {
    Deno.test(`${use}() keeps a session with ${shown} alive`, async () => {
      using kv = await testKv();
      const { clock, browser } = await living(kv, options);
      for (let i = 0; i < 3; i++) {
        clock.advance(ms - 1);
        await browser.visit(async (session: Session) => {
          if (use !== "read") await session.open();
          await session[use]();
          if (use === "regenerate") await session.save();
        });
      }
      clock.advance(ms - 1);
      assertEquals(await isThere(browser), true);
    });
  }
}

Deno.test("save() counts the idle life anew, however short the last save() is ago", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { ttl: 60 });
  clock.advance(1000);
  await browser.visit(async (session) => {
    await session.open();
    session.set("b", 1);
    await session.save();
  });
  clock.advance(59_999);
  assertEquals(await isThere(browser), true);
});

Deno.test("the absolute lifetime is extended by nothing", async () => {
  for (const use of [isThere, change, regenerate]) {
    using kv = await testKv();
    const absoluteTtl = 100;
    const { clock, browser } = await living(kv, { ttl: 60, absoluteTtl });
    clock.advance(50_000);
    await use(browser);
    clock.advance(49_999);
    await use(browser);
    assertEquals(await isThere(browser), true);
    clock.advance(1);
    assertEquals(await isThere(browser), false);
  }
});

Deno.test("the absolute lifetime is not extended by setTTL()", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { absoluteTtl: 100 });
  const { response } = await browser.exchange((session) =>
    session.update(() => session.setTTL(1000))
  );
  const [cookie] = response.headers.getSetCookie();
  assert(cookie!.includes("Max-Age=100;"), cookie);
  clock.advance(100_000);
  assertEquals(await isThere(browser), false);
});

Deno.test("an expired session is not served though its row is still there", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { ttl: 60 });
  const id = browser.token!.split(".")[0]!;
  clock.advance(60_000);
  await using session = sessionOf(browser);
  await session.read();
  assertEquals([session.size, session.id, session.isNew], [0, null, true]);
  await session.open();
  assertEquals([session.size, session.id, session.isNew], [0, null, true]);
  assert((await kv.kv.get(["session", "data", id])).value !== null);
});

Deno.test("an expired session is not locked by open(), and save() begins another", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { ttl: 60 });
  const old = browser.clone();
  clock.advance(60_000);
  kv.reset();
  await browser.visit(async (session) => {
    await session.open();
    assertEquals([session.state, session.size], ["locked", 0]);
    assertEquals(kv.counts.commits, 0);
    session.set("b", 2);
    await session.save();
  });
  assert(browser.token !== old.token);
  const session = await sessionOf(browser).read();
  assertEquals([...session.entries()], [["b", 2]]);
  assertEquals(await isThere(old), false);
});

Deno.test("an expired session sends no cookie, not even to delete the browser's", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { ttl: 60 });
  clock.advance(60_000);
  const { response } = await browser.exchange(async (session) => {
    await session.read();
    await session.open();
    await session.unlock();
  });
  assertEquals(response.headers.getSetCookie(), []);
});

for (const method of ["save", "regenerate", "destroy"] as const) {
  Deno.test(`Session.${method}() is refused when the session expired while it was held`, async () => {
    using kv = await testKv();
    const { clock, browser } = await living(kv, { ttl: 1 });
    await using session = await sessionOf(browser).open();
    session.set("a", 2);
    clock.advance(1000);
    const error = await assertCode(() => session[method](), "ERR_LOCK_LOST");
    assert(error.message.includes("expired"), error.message);
    assertEquals(session.state, "unlocked");
    assertEquals(await isThere(browser), false);
    const lock = ["session", "lock", browser.token!.split(".")[0]!];
    assertEquals((await kv.kv.get(lock)).value, null);
  });
}

Deno.test("Session.update() is refused when the session expired while it ran", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { ttl: 1 });
  const session = sessionOf(browser);
  const updating = session.update(() => {
    session.set("a", 2);
    clock.advance(1000);
  });
  const error = await assertCode(() => updating, "ERR_LOCK_LOST");
  assert(error.message.includes("expired"), error.message);
  assertEquals(await isThere(browser), false);
});

Deno.test("a session that expires while another request waits for it opens empty", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { ttl: 1 });
  const holder = await sessionOf(browser).open();
  await using session = sessionOf(browser);
  const opening = session.open();
  await until(() => kv.unanswered === 0);
  clock.advance(1000);
  await assertCode(() => holder.save(), "ERR_LOCK_LOST");
  let opened = false;
  opening.then(() => opened = true);
  // It looks again a moment later.
  await until(() => (clock.advance(1), opened));
  assertEquals([session.size, session.isNew], [0, true]);
});
