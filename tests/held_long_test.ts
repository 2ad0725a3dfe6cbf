import { assertEquals, assertMatch } from "@std/assert";
import {
  assertCode,
  browserWith,
  gate,
  ManualClock,
  sessionOf,
  TestKv,
  testKv,
  tick,
  until,
  withClock,
} from "./support.ts";
import { isRenewal } from "./faults.ts";

const lock = { timeout: 20_000, lease: 9000, maxHold: 9000 };

Deno.test("Session.update() stores nothing when the session expired meanwhile", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, lock, ttl: 2 }, clock);
  const browser = await browserWith(options, { count: 1 });
  const session = sessionOf(browser);
  const updating = session.update(() => {
    clock.advance(2000);
    session.set("count", 2);
  });
  const error = await assertCode(() => updating, "ERR_LOCK_LOST");
  assertMatch(error.message, /expired/);
  assertEquals((await sessionOf(browser).read()).size, 0);
});

Deno.test("Session.update() makes those behind wait no longer than lock.maxHold", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv, lock }, clock), {
    count: 1,
  });
  const [first, second] = [sessionOf(browser), sessionOf(browser)];
  const held = gate();
  const inside = gate();
  const updating = assertCode(() =>
    first.update(() => {
      first.set("count", 2);
      inside.open();
      return held.promise;
    }), "ERR_LOCK_LOST");
  await inside.promise;
  const opening = second.open();
  await tick();
  clock.advance(lock.maxHold);
  await until(() => second.state === "locked" || clock.waiting === 0);
  clock.advance(lock.timeout);
  await opening;
  assertEquals(second.get("count"), 1);
  held.open();
  await updating;
  await second.unlock();
});

Deno.test("Session.unlock() leaves no lock when a renewal is under way", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv, lock }, clock), {
    count: 1,
  });
  const session = sessionOf(browser);
  await session.open();
  const answer = gate();
  const applied = gate();
  kv.intercept = async (call, run) => {
    const result = await run();
    if (!isRenewal(call)) return result;
    applied.open();
    await answer.promise;
    return result;
  };
  clock.advance(lock.lease / 3);
  await applied.promise;
  const unlocking = session.unlock();
  await tick();
  answer.open();
  await unlocking;
  kv.reset();
  const other = sessionOf(browser);
  await other.open();
  assertEquals(kv.counts, { reads: 1, commits: 1 });
  await other.unlock();
});

Deno.test("Session.open() takes a lock over a fifth of its lease after that has run out", async () => {
  using kv = await testKv();
  const browser = await browserWith(withClock({ kv, lock }), { count: 1 });
  const holder = await sessionOf(browser).open();
  const clock = new ManualClock();
  const options = withClock({ kv: new TestKv(kv.kv), lock }, clock);
  const waiter = sessionOf(browser.clone(options));
  const opening = waiter.open();
  await until(() => clock.waiting === 2); // Its limit, and its pause.
  clock.advance(lock.lease * 1.2 - 1);
  await until(() => clock.waiting === 2);
  await tick();
  assertEquals(waiter.state, "pending");
  clock.advance(1);
  await opening;
  await waiter.unlock();
  holder.set("count", 2);
  await assertCode(() => holder.save(), "ERR_LOCK_LOST");
});

Deno.test("Session.save() with a time to live of 0 leaves no lock to the next one in line", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv, lock }, clock), {
    count: 1,
  });
  const [first, second] = [sessionOf(browser), sessionOf(browser)];
  await first.open();
  const opening = second.open();
  await tick();
  first.set("count", 2).setTTL(0);
  await first.save();
  await opening;
  assertEquals(second.size, 0);
  await second.unlock();
  for await (const { key } of kv.kv.list({ prefix: [] })) {
    assertEquals(key.at(-2), "data");
  }
});
