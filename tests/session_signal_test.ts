import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { LockError, type LockOptions } from "@aerys/session";
import {
  assertCode,
  browserWith,
  ManualClock,
  sessionOf,
  TestKv,
  testKv,
  until,
  withClock,
} from "./support.ts";

/** A locked session, and the clock that its lease goes by. */
async function held(kv: TestKv, lock: LockOptions) {
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv, lock }, clock), { a: 1 });
  const session = await sessionOf(browser).open();
  /** Moves on to the next renewal, and lets it have its answer. */
  const renew = async () => {
    clock.advance(lock.lease! / 3);
    await until(() => kv.unanswered === 0);
  };
  /** The same browser's request to another process. */
  const elsewhere = () => {
    const options = withClock({ kv: new TestKv(kv.kv), lock }, clock);
    return sessionOf(browser.clone(options));
  };
  return { browser, session, clock, renew, elsewhere };
}

Deno.test("Session.signal never aborts without a lock", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = sessionOf(browser);
  const before = session.signal;
  await session.update(() => {});
  assertEquals([before.aborted, session.signal.aborted], [false, false]);
});

Deno.test("Session.signal is another for each lock", async () => {
  using kv = await testKv();
  await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
  const first = (await session.open()).signal;
  await session.save();
  const second = (await session.open()).signal;
  assert(first !== second);
});

Deno.test("Session.signal does not abort when the lock is given up", async () => {
  using kv = await testKv();
  await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
  for (const end of ["save", "unlock", "destroy"] as const) {
    const { signal } = await session.open();
    await session[end]();
    assertEquals(signal.aborted, false);
  }
});

Deno.test("Session.signal does not abort while the lock is renewed", async () => {
  using kv = await testKv();
  const { session, renew } = await held(kv, { lease: 900 });
  kv.reset();
  for (let i = 0; i < 9; i++) await renew();
  assertEquals(session.signal.aborted, false);
  assertEquals(kv.counts, { reads: 0, commits: 9 });
  session.set("a", 2);
  await session.save();
});

Deno.test("Session.signal aborts when another request has taken the lock", async () => {
  using kv = await testKv();
  const { session, renew, elsewhere } = await held(kv, { lease: 900 });
  session.set("a", 2);
  // As after a lease that ran out unrenewed, with the process suspended.
  await kv.kv.delete(["session", "lock", session.id!]);
  await using other = await elsewhere().open();
  await renew();
  assertInstanceOf(session.signal.reason, LockError);
  assertEquals(session.signal.reason.code, "ERR_LOCK_LOST");
  assertEquals(session.state, "locked");
  await assertCode(() => session.save(), "ERR_LOCK_LOST");
  assertEquals([session.state, session.get("a")], ["unlocked", 1]);
  assertEquals(other.get("a"), 1);
  await other.save();
});

Deno.test("Session.signal aborts before a lease that cannot be renewed runs out", async () => {
  using kv = await testKv();
  const { session, clock } = await held(kv, { lease: 900 });
  kv.intercept = () => Promise.reject(new Error("no connection"));
  const failing = async (ms: number) => {
    for (let i = 0; i < ms; i += 10) {
      clock.advance(10);
      await until(() => kv.unanswered === 0);
    }
  };
  await failing(600);
  assertEquals(session.signal.aborted, false);
  await failing(290);
  assertEquals(session.signal.reason.code, "ERR_LOCK_LOST");
  assertEquals(session.signal.reason.cause.code, "ERR_STORE");
  kv.reset();
  // Its lock is still there, but may go to another at any moment.
  await assertCode(() => session.save(), "ERR_LOCK_LOST");
});

Deno.test("Session.signal aborts when the lock was held for maxHold", async () => {
  using kv = await testKv();
  const lock = { lease: 900, maxHold: 1000 };
  const { browser, session, renew } = await held(kv, lock);
  const { id } = session;
  session.set("a", 2);
  for (let i = 0; i < 3; i++) await renew();
  assertEquals(session.signal.aborted, false);
  await renew();
  assertEquals(session.signal.reason.code, "ERR_LOCK_LOST");
  assert(session.signal.reason.message.includes("lock.maxHold"));
  await assertCode(() => session.save(), "ERR_LOCK_LOST");
  assertEquals([session.state, session.get("a")], ["unlocked", 1]);
  // It was given up, not left to its lease.
  assertEquals((await kv.kv.get(["session", "lock", id!])).value, null);
  await using other = await sessionOf(browser).open();
  assertEquals(other.get("a"), 1);
});

Deno.test("Session.unlock() after the lock was lost shows what is stored now", async () => {
  using kv = await testKv();
  const { session, renew, elsewhere } = await held(kv, { lease: 900 });
  await kv.kv.delete(["session", "lock", session.id!]);
  const other = elsewhere();
  await other.update(() => other.set("a", "theirs"));
  await renew();
  assertEquals(session.signal.aborted, true);
  await session.unlock();
  assertEquals([session.state, session.get("a")], ["unlocked", "theirs"]);
});
