import { LockError, SessionError } from "@aerys/session";
import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { assertCode, browserWith, count, ManualClock } from "./support.ts";
import { sessionOf, TestKv, testKv, withClock } from "./support.ts";
import { type Fault, hangsBefore, isRenewal, quiet } from "./faults.ts";
import { refusesAfter, takeOver, throwsAfter, throwsBefore } from "./faults.ts";

// A renewal every second.
const lock = { timeout: 2500, lease: 3000, maxHold: 9000 };

/** A session that is locked and changed, and a browser on another process. */
async function locked(kv: TestKv) {
  const clock = new ManualClock();
  const options = withClock({ kv, lock }, clock);
  const browser = await browserWith(options, { count: 1 });
  const session = sessionOf(browser);
  await session.open();
  session.set("count", 2);
  const theirClock = new ManualClock();
  const theirKv = new TestKv(kv.kv);
  const other = browser.clone(withClock({ kv: theirKv, lock }, theirClock));
  return { clock, session, other, theirClock };
}

function failRenewals(kv: TestKv, fault: Fault, times = Infinity): void {
  let renewals = 0;
  kv.intercept = (call, run) =>
    isRenewal(call) && renewals++ < times ? fault(run) : run();
}

/** Lets seconds pass, with all that is done in each of them. */
async function seconds(number: number, kv: TestKv, clock: ManualClock) {
  for (let i = 0; i < number; i++) {
    clock.advance(1000);
    await quiet(kv, clock);
  }
}

Deno.test("Session.signal does not abort while renewals succeed, and another process does not get the lock", async () => {
  using kv = await testKv();
  const { clock, session, other, theirClock } = await locked(kv);
  const signal = new AbortController();
  const waiting = other.visit((theirs) =>
    assertCode(
      () => theirs.open({ signal: signal.signal, timeout: 60_000 }),
      "ERR_LOCK_CANCELLED",
    )
  );
  for (let i = 0; i < 8; i++) {
    await seconds(1, kv, clock);
    theirClock.advance(1000);
    await quiet(kv, theirClock);
  }
  assertEquals(session.signal.aborted, false);
  signal.abort();
  await waiting;
  await session.save();
  assertEquals(await other.visit(count), 2);
  assertEquals(clock.waiting, 0);
});

for (
  const [what, fault, times] of [
    ["once fails", throwsBefore, 1],
    ["is applied but fails", throwsAfter, Infinity],
    ["is applied but refused", refusesAfter, Infinity],
  ] as const
) {
  Deno.test(`Session.signal does not abort when a renewal ${what}`, async () => {
    using kv = await testKv();
    const { clock, session, other } = await locked(kv);
    failRenewals(kv, fault, times);
    await seconds(8, kv, clock);
    assertEquals(session.signal.aborted, false);
    await session.save();
    assertEquals(await other.visit(count), 2);
  });
}

for (
  const [what, fault] of [
    ["fail", throwsBefore],
    ["hang", hangsBefore],
  ] as const
) {
  Deno.test(`Session.signal aborts at the end of the lease when renewals ${what}, and save() writes nothing`, async () => {
    using kv = await testKv();
    const { clock, session, other, theirClock } = await locked(kv);
    failRenewals(kv, fault);
    const { signal } = session;
    await seconds(2, kv, clock);
    assertEquals(signal.aborted, false);
    await seconds(1, kv, clock);
    assertEquals(signal.aborted, true);
    assertInstanceOf(signal.reason, LockError);
    assertEquals(signal.reason.code, "ERR_LOCK_LOST");
    const { cause } = signal.reason;
    assertInstanceOf(cause, SessionError);
    assertEquals(cause.code, "ERR_STORE");
    kv.reset();
    const error = await assertCode(() => session.save(), "ERR_LOCK_LOST");
    assertEquals(error, signal.reason);
    assertEquals([session.state, session.get("count")], ["unlocked", 1]);
    assertEquals(clock.waiting, 0);
    // What is left of the lock ends with its lease.
    await takeOver(other, theirClock, 3);
    assertEquals(await other.visit(count), 3);
  });
}

for (const method of ["save", "regenerate", "destroy", "unlock"] as const) {
  Deno.test(`Session.signal aborts when another process took the lock, and ${method}() leaves what that one stored`, async () => {
    using kv = await testKv();
    const { clock, session, other, theirClock } = await locked(kv);
    const { signal } = session;
    // The time of this process stands still, as that of a paused one does.
    await takeOver(other, theirClock, 10);
    await seconds(1, kv, clock);
    assertEquals(signal.aborted, true);
    assertEquals(signal.reason.code, "ERR_LOCK_LOST");
    const call = () => session[method]();
    if (method === "unlock") await call();
    else await assertCode(call, "ERR_LOCK_LOST");
    assertEquals([session.state, session.get("count")], ["unlocked", 10]);
    assertEquals(await other.visit(count), 10);
    assertEquals(clock.waiting, 0);
  });
}

for (const method of ["save", "regenerate"] as const) {
  Deno.test(`Session.${method}() proves the lock again when nobody could tell what became of a renewal`, async () => {
    using kv = await testKv();
    const { clock, session } = await locked(kv);
    let applied = false;
    kv.intercept = async (call, run) => {
      if (applied) return await throwsBefore(run);
      applied = isRenewal(call);
      return await (applied ? throwsAfter(run) : run());
    };
    await seconds(1, kv, clock);
    // Three looks at what became of it.
    for (let i = 0; i < 3; i++) {
      clock.advance(20);
      await quiet(kv, clock);
    }
    assertEquals([applied, session.signal.aborted], [true, false]);
    kv.reset();
    await session[method]();
    if (method === "regenerate") await session.save();
    assertEquals(session.get("count"), 2);
    assertEquals(clock.waiting, 0);
  });
}

Deno.test("Session.signal aborts after lock.maxHold, and the lock is free at once", async () => {
  using kv = await testKv();
  const { clock, session, other } = await locked(kv);
  const { signal } = session;
  await seconds(8, kv, clock);
  assertEquals(signal.aborted, false);
  await seconds(1, kv, clock);
  assertEquals(signal.aborted, true);
  // Their time stands still.
  await other.visit(async (theirs) => {
    await theirs.open();
    theirs.set("count", 5);
    await theirs.save();
  });
  const error = await assertCode(() => session.save(), "ERR_LOCK_LOST");
  assertMatch(error.message, /held for 9000 ms, longer than lock\.maxHold/);
  assertEquals([session.state, session.get("count")], ["unlocked", 5]);
});

Deno.test("Session.signal aborts after lock.maxHold also when the database hangs", async () => {
  using kv = await testKv();
  const { clock, session } = await locked(kv);
  await seconds(8, kv, clock);
  kv.intercept = () => new Promise(() => {});
  await seconds(1, kv, clock);
  assertEquals(session.signal.aborted, true);
  kv.reset();
  // It does not wait for what hangs either.
  await assertCode(() => session.save(), "ERR_LOCK_LOST");
  assertEquals([session.state, session.get("count")], ["unlocked", 1]);
});
