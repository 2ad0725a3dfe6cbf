import { assertEquals, assertRejects } from "@std/assert";
import { Limit, TimeIsUp } from "../src/clock.ts";
import { ManualClock } from "./support.ts";

const never = () => new Promise<never>(() => {});

Deno.test("Limit counts from when it began, not from when something first waits", async () => {
  const clock = new ManualClock();
  const limit = new Limit(clock, 100);
  clock.advance(60);
  assertEquals([limit.left, limit.spent, clock.waiting], [40, 60, 0]);
  const waiting = limit.race(never());
  clock.advance(39);
  assertEquals([limit.over, clock.waiting], [false, 1]);
  clock.advance(1);
  await assertRejects(() => waiting, TimeIsUp);
  assertEquals([limit.over, clock.waiting], [true, 0]);
});

Deno.test("Limit.race() rejects at once when the time is up", async () => {
  const clock = new ManualClock();
  const limit = new Limit(clock, 100);
  clock.advance(100);
  const waiting = limit.race(never());
  clock.advance(0);
  await assertRejects(() => waiting, TimeIsUp);
});

Deno.test("Limit.end() leaves no timer, whatever is waited for afterwards", async () => {
  const clock = new ManualClock();
  const limit = new Limit(clock, 100);
  await limit.race(Promise.resolve());
  assertEquals(clock.waiting, 1);
  limit.end();
  const unused = new Limit(clock, 100);
  unused.end();
  for (const ended of [limit, unused]) {
    assertEquals(await ended.race(Promise.resolve("late")), "late");
  }
  assertEquals(clock.waiting, 0);
});

Deno.test("Limit of no time sets no timer", async () => {
  const clock = new ManualClock();
  const limit = new Limit(clock, Infinity);
  await limit.race(Promise.resolve());
  assertEquals(clock.waiting, 0);
});

Deno.test("Limit ends with its signal, and not after its end", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const [limit, ended] = [1, 2].map(() =>
    new Limit(new ManualClock(), 100, signal)
  ) as [Limit, Limit];
  ended.end();
  const waiting = limit.race(never());
  const reason = new Error("the client left");
  controller.abort(reason);
  assertEquals(await waiting.catch((error: unknown) => error), reason);
  assertEquals([limit.reason, ended.aborted], [reason, false]);
  const late = new Limit(new ManualClock(), 100, signal);
  assertEquals([late.over, late.reason], [true, reason]);
});
