import { assertEquals } from "@std/assert";
import { broken, followed, passing, quiet, wait } from "./faults.ts";
import { nextRequest } from "./operations.ts";
import { gate, testKv } from "./support.ts";

for (const waiters of [1, 2]) {
  Deno.test(`Session.save() keeps no lock for a request that gave up meanwhile, of ${waiters}`, async () => {
    using kv = await testKv();
    const { clock, browser, holder, waiter, opening, other } = await followed(
      kv,
    );
    const second = waiters === 2 ? wait(browser) : null;
    await quiet(kv, clock);
    const answered = gate();
    kv.intercept = async (_call, run) => {
      await answered.promise;
      return await run();
    };
    const saving = holder.save();
    await quiet(kv, clock);
    const cancelling = waiter.unlock();
    answered.open();
    await Promise.all([saving, cancelling]);
    assertEquals(await opening, "ERR_LOCK_CANCELLED");
    if (second !== null) {
      assertEquals(await second.opening, "locked");
      assertEquals(second.waiter.get("count"), 2);
      await second.waiter.save();
    }
    // Another process need not wait for the lease.
    await other.visit(async (session) => {
      await session.open();
      assertEquals(session.get("count"), 2);
      await session.save();
    });
    assertEquals(clock.waiting, 0);
  });
}

Deno.test("Session.save() keeps no lock for a request that gives up at whatever moment", async () => {
  for (let moments = 0; moments <= 40; moments++) {
    using kv = await testKv();
    const { holder, waiter, opening, other } = await followed(kv);
    const cancelled = gate<unknown>();
    kv.intercept = async (_call, run) => {
      kv.reset();
      const answer = await run();
      let left = moments;
      const next = () => {
        if (left-- > 0) return queueMicrotask(next);
        // Its lock may be there by now.
        if (waiter.state !== "pending") cancelled.open(waiter.unlock());
        else cancelled.open(waiter.unlock().catch(() => {}));
      };
      next();
      return answer;
    };
    await holder.save();
    await cancelled.promise;
    await opening;
    assertEquals(waiter.state, "unlocked");
    await other.visit(async (session) => {
      await session.open();
      assertEquals(session.get("count"), 2, `${moments}`);
      await session.unlock();
    });
  }
});

Deno.test("Session.save() is reported as saved when the lock that nobody takes over cannot be given up", async () => {
  using kv = await testKv();
  const { clock, browser, holder, waiter, opening } = await followed(kv);
  const answered = gate();
  kv.intercept = async (call, run) => {
    await answered.promise;
    if (call.op === "commit" && call.sets.length === 0) throw broken;
    return await run();
  };
  let settled = false;
  const saving = holder.save().finally(() => settled = true);
  await quiet(kv, clock);
  const cancelling = waiter.unlock();
  answered.open();
  await passing(clock, () => settled);
  await Promise.all([saving, cancelling]);
  assertEquals(await opening, "ERR_LOCK_CANCELLED");
  assertEquals([holder.state, holder.get("count")], ["unlocked", 2]);
  kv.reset();
  // What is left of the lock ends with its lease.
  assertEquals(await nextRequest({ browser, clock }, true), 2);
});
