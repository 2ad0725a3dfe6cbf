import { assert, assertEquals } from "@std/assert";
import { assertCode, ManualClock, TestKv, testKv } from "./support.ts";
import { withClock } from "./support.ts";
import * as faults from "./faults.ts";
import { nextRequest } from "./operations.ts";

const harmless: Record<string, faults.Breakdown> = {
  "throws twice before applying": { fault: faults.throwsBefore, times: 2 },
  "throws always after applying": { fault: faults.throwsAfter },
  "refuses always after applying": { fault: faults.refusesAfter },
  "is locked 20 times": { fault: faults.isLocked, times: 20 },
};

for (const method of ["save", "unlock", "regenerate", "destroy"] as const) {
  Deno.test(`Session.${method}() lets the next of its process in at once, also when commits fail`, async (t) => {
    for (const [what, breakdown] of Object.entries(harmless)) {
      await t.step(`when one ${what}`, async () => {
        using kv = await testKv();
        const { clock, holder, waiter, opening } = await faults.followed(kv);
        faults.breakDown(kv, breakdown);
        let settled = false;
        const done = Promise.all([holder[method](), opening])
          .finally(() => settled = true);
        // No time passes.
        await faults.passing(clock, () => settled);
        assertEquals((await done)[1], "locked");
        const left = { save: 2, unlock: 1, regenerate: null, destroy: null };
        assertEquals(waiter.get("count"), left[method]);
        kv.reset();
        await waiter.unlock();
      });
    }
  });

  Deno.test(`Session.${method}() leaves the next of its process the old contents when it fails`, async (t) => {
    for (const fault of [faults.throwsBefore, faults.hangsBefore]) {
      await t.step(`as a commit ${fault.name}`, async () => {
        using kv = await testKv();
        const { clock, browser, holder, waiter, opening } = await faults
          .followed(kv);
        const broken = faults.breakDown(kv, { fault, times: 3 });
        let settled = false;
        const failed = assertCode(() => holder[method](), "ERR_STORE")
          .finally(() => settled = true);
        await faults.passing(clock, () => broken.hits > 0);
        if (fault === faults.hangsBefore) clock.advance(faults.lock.timeout);
        await Promise.all([failed, faults.passing(clock, () => settled)]);
        kv.reset();
        assertEquals([holder.state, holder.get("count")], ["unlocked", 1]);
        let opened = false;
        const next = opening.finally(() => opened = true);
        await faults.passing(clock, () => opened, 100);
        assertEquals(await next, "locked");
        assertEquals(waiter.get("count"), 1);
        await waiter.save();
        assertEquals(await nextRequest({ browser, clock }), 1);
      });
    }
  });
}

Deno.test("Session.open() renews a lock that it got from another request of its process", async () => {
  using kv = await testKv();
  const { clock, holder, waiter, opening, other } = await faults.followed(kv);
  clock.advance(150);
  await Promise.all([holder.save(), opening]);
  for (let i = 0; i < 8; i++) {
    clock.advance(1000);
    await faults.quiet(kv, clock);
  }
  assert(!waiter.signal.aborted);
  assert(kv.calls.filter(faults.isRenewal).length >= 4);
  waiter.set("count", 3);
  await waiter.save();
  await other.visit(async (session) => {
    await session.read();
    assertEquals(session.get("count"), 3);
  });
});

Deno.test("Session.save() hands no lock over that another process took meanwhile", async () => {
  using kv = await testKv();
  const { clock, holder, waiter, opening, browser } = await faults.followed(kv);
  const theirClock = new ManualClock();
  const theirs = { kv: new TestKv(kv.kv), lock: faults.lock };
  const other = browser.clone(withClock(theirs, theirClock));
  // The time of this process stands still, as that of a paused one does.
  await faults.takeOver(other, theirClock, 10);
  await assertCode(() => holder.save(), "ERR_LOCK_LOST");
  assertEquals(holder.get("count"), 10);
  assertEquals(await opening, "locked");
  assertEquals(waiter.get("count"), 10);
  await waiter.save();
  assertEquals(clock.waiting, 0);
});

Deno.test("Session.save() hands no lock over that was lost before it could look whether it was applied", async () => {
  using kv = await testKv();
  const { clock, holder, waiter, opening, browser } = await faults.followed(kv);
  const theirClock = new ManualClock();
  const theirs = { kv: new TestKv(kv.kv), lock: faults.lock };
  const other = browser.clone(withClock(theirs, theirClock));
  kv.intercept = async (call, run) => {
    const answer = await run();
    if (call.op !== "commit") return answer;
    kv.reset();
    // The answer takes longer than the lease.
    await faults.takeOver(other, theirClock, 10);
    return { ok: false };
  };
  await holder.save();
  assertEquals(holder.get("count"), 2);
  assertEquals(await opening, "locked");
  assertEquals(waiter.get("count"), 10);
  waiter.set("count", 11);
  await waiter.save();
  assertEquals(await nextRequest({ browser, clock }), 11);
});
