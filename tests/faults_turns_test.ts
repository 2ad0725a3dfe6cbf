import type { Session } from "@aerys/session";
import { assertEquals } from "@std/assert";
import { assertCode, browserWith, count, gate } from "./support.ts";
import { ManualClock, TestKv, testKv, withClock } from "./support.ts";
import { isRenewal, quiet, takeOver } from "./faults.ts";

// A renewal every second.
const lock = { timeout: 10_000, lease: 3000 };

type Method = "save" | "unlock" | "regenerate" | "destroy";

/** What the methods leave in the database. */
const stored: Record<Method, number | null> = {
  save: 2,
  unlock: 1,
  regenerate: 2,
  destroy: null,
};

/** Lets the session be opened and changed in a request, and reads it afterwards. */
async function during(
  kv: TestKv,
  act: (session: Session, clock: ManualClock) => Promise<void>,
): Promise<unknown> {
  const clock = new ManualClock();
  const options = withClock({ kv, lock }, clock);
  const browser = await browserWith(options, { count: 1 });
  await browser.visit(async (session) => {
    await session.open();
    session.set("count", 2);
    kv.reset();
    await act(session, clock);
    if (session.state === "locked") await session.unlock();
  });
  assertEquals(clock.waiting, 0);
  return await browser.visit(count);
}

for (const method of Object.keys(stored) as Method[]) {
  for (const applied of ["before", "after"]) {
    Deno.test(`Session.${method}() waits for a renewal under way that is applied ${applied} it is called`, async () => {
      using kv = await testKv();
      const left = await during(kv, async (session, clock) => {
        const renewed = gate();
        const answered = gate();
        kv.intercept = async (call, run) => {
          if (!isRenewal(call)) return await answered.promise.then(run);
          if (applied === "after") await renewed.promise;
          const answer = await run();
          await renewed.promise;
          return answer;
        };
        clock.advance(1000);
        await quiet(kv, clock);
        assertEquals(kv.calls.length, 1);
        const done = session[method]();
        await quiet(kv, clock);
        assertEquals(kv.calls.length, 1);
        renewed.open();
        // The next one would be due by then.
        await quiet(kv, clock);
        clock.advance(2000);
        await quiet(kv, clock);
        assertEquals(kv.calls.length, 2);
        answered.open();
        await done;
      });
      assertEquals(left, stored[method]);
    });
  }

  Deno.test(`Session.${method}() is not disturbed by the renewal that falls due meanwhile`, async () => {
    using kv = await testKv();
    const left = await during(kv, async (session, clock) => {
      const answered = gate();
      kv.intercept = async (_call, run) => {
        await answered.promise;
        return await run();
      };
      const done = session[method]();
      await quiet(kv, clock);
      clock.advance(2000);
      await quiet(kv, clock);
      assertEquals(kv.calls.length, 1);
      answered.open();
      await done;
    });
    assertEquals(left, stored[method]);
  });
}

Deno.test("Session.regenerate() goes on renewing, on the new id", async () => {
  using kv = await testKv();
  const left = await during(kv, async (session, clock) => {
    clock.advance(900);
    await session.regenerate();
    kv.reset();
    for (let second = 1; second <= 5; second++) {
      clock.advance(1000);
      await quiet(kv, clock);
      assertEquals(kv.calls.filter(isRenewal).length, second);
    }
    assertEquals(session.signal.aborted, false);
    session.set("count", 3);
    await session.save();
  });
  assertEquals(left, 3);
});

Deno.test("Session.save() says ERR_LOCK_LOST when the renewal that it waits for finds the lock taken", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const theirClock = new ManualClock();
  const options = withClock({ kv, lock }, clock);
  const browser = await browserWith(options, { count: 1 });
  const theirs = withClock({ kv: new TestKv(kv.kv), lock }, theirClock);
  await browser.visit(async (session) => {
    await session.open();
    session.set("count", 2);
    await takeOver(browser.clone(theirs), theirClock, 10);
    const renewed = gate();
    kv.intercept = async (call, run) => {
      if (isRenewal(call)) await renewed.promise;
      return await run();
    };
    clock.advance(1000);
    const saving = assertCode(() => session.save(), "ERR_LOCK_LOST");
    renewed.open();
    await saving;
    assertEquals([session.state, session.get("count")], ["unlocked", 10]);
  });
});

Deno.test("Session.save() ends in its time when the renewal that it waits for hangs", async () => {
  for (const timeout of [500, 10_000]) {
    using kv = await testKv();
    const clock = new ManualClock();
    const options = withClock({ kv, lock: { timeout, lease: 3000 } }, clock);
    const browser = await browserWith(options, { count: 1 });
    await browser.visit(async (session) => {
      await session.open();
      session.set("count", 2);
      kv.intercept = () => new Promise(() => {});
      clock.advance(1000);
      await quiet(kv, clock);
      // With a long timeout the lease is over first.
      const code = timeout === 500 ? "ERR_STORE" : "ERR_LOCK_LOST";
      const saving = assertCode(() => session.save(), code);
      clock.advance(Math.min(timeout, 2000));
      await quiet(kv, clock);
      clock.advance(timeout);
      await saving;
      assertEquals([session.state, session.get("count")], ["unlocked", 1]);
      kv.reset();
    });
  }
});
