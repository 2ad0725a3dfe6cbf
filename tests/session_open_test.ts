import { assert, assertEquals, assertRejects } from "@std/assert";
import { LockError } from "@aerys/session";
import {
  assertCode,
  browserWith,
  increment,
  ManualClock,
  sessionOf,
  testKv,
  until,
  withClock,
} from "./support.ts";

/** Lets everything go on that does not wait for another request. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("Session.open() and read() resolve to the session", async () => {
  using kv = await testKv();
  await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
  assert(await session.read() === session);
  assert(await session.open() === session);
  assertEquals(session.get("a"), 1);
});

Deno.test("Session.open() reads what other requests saved since read()", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using session = sessionOf(browser);
  await session.read();
  await browser.visit(increment);
  assertEquals(session.get("count"), 1);
  await session.open();
  assertEquals(session.get("count"), 2);
});

Deno.test("Session.open() waits until the other request has saved", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using first = sessionOf(browser);
  await using second = sessionOf(browser);
  await first.open();
  const order: string[] = [];
  const opening = second.open().then(() => order.push("second opens"));
  await pause();
  assertEquals(second.state, "pending");
  first.set("count", 2);
  await first.save();
  order.unshift("first saved");
  await opening;
  assertEquals(order, ["first saved", "second opens"]);
  assertEquals(second.get("count"), 2);
});

Deno.test("Session.open() without a session locks nothing and asks nothing", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, {});
  await using session = sessionOf(browser);
  await session.open();
  assertEquals(session.state, "locked");
  assertEquals(kv.counts, { reads: 0, commits: 0 });
});

Deno.test("Session.open() ends with ERR_LOCK_TIMEOUT when its time is up", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const lock = { timeout: 500 };
  const browser = await browserWith(withClock({ kv, lock }, clock), { a: 1 });
  await using holder = sessionOf(browser);
  await using session = sessionOf(browser);
  await holder.open();
  for (
    const [options, ms] of [[undefined, 500], [{ timeout: 20 }, 20]] as const
  ) {
    const timers = clock.waiting;
    const refused = assertCode(() => session.open(options), "ERR_LOCK_TIMEOUT");
    await pause();
    await until(() => clock.waiting > timers);
    clock.advance(ms - 1);
    assertEquals(session.state, "pending");
    clock.advance(1);
    assert((await refused).message.includes(`${ms} ms`));
    assertEquals(session.state, "unlocked");
  }
  assertEquals(holder.state, "locked");
});

Deno.test("Session.open() refuses a timeout that is no number of ms", async () => {
  using kv = await testKv();
  await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
  for (const timeout of [0, -1, 0.5, NaN, Infinity, 2 ** 31]) {
    await assertRejects(() => session.open({ timeout }), RangeError, "timeout");
    assertEquals(session.state, "unlocked");
  }
});

Deno.test("Session.open() is cancelled by its signal, whose reason is the cause", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await using holder = sessionOf(browser);
  await holder.open();
  await using session = sessionOf(browser);
  const controller = new AbortController();
  const { signal } = controller;
  const refused = assertCode(
    () => session.open({ signal }),
    "ERR_LOCK_CANCELLED",
  );
  await pause();
  const reason = new Error("the client went away");
  controller.abort(reason);
  const error = await refused;
  assert(error instanceof LockError && error.cause === reason);
  assertEquals(session.state, "unlocked");
});

Deno.test("Session.open() with an aborted signal asks nothing", async () => {
  using kv = await testKv();
  await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
  kv.reset();
  const signal = AbortSignal.abort("too late");
  const error = await assertCode(
    () => session.open({ signal }),
    "ERR_LOCK_CANCELLED",
  );
  assertEquals(error.cause, "too late");
  assertEquals(kv.counts, { reads: 0, commits: 0 });
  await session.open();
});

Deno.test("Session.open() keeps the old data when it fails", async () => {
  using kv = await testKv();
  await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
  await session.read();
  kv.intercept = () => Promise.reject(new Error("no connection"));
  await assertCode(() => session.open(), "ERR_STORE");
  assertEquals([session.state, session.get("a")], ["unlocked", 1]);
});
