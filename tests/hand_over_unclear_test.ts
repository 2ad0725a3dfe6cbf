import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  browserWith,
  gate,
  sessionOf,
  TestKv,
  testKv,
  tick,
} from "./support.ts";

const add = (session: Session) => {
  session.set("count", session.get<number>("count")! + 1);
};

Deno.test("Session.update() whose answer was lost does not hand on what another process has overwritten", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const rival = sessionOf(browser.clone({ kv: new TestKv(kv.kv) }));
  let commits = 0;
  kv.intercept = async (call, run) => {
    const answer = await run();
    if (call.op !== "commit" || commits++ > 0) return answer;
    await rival.update(() => void rival.set("count", 10));
    throw new Error("the connection was lost");
  };
  const first = sessionOf(browser).update(add);
  const second = sessionOf(browser).update(add);
  await Promise.all([first, second]);
  const reader = await sessionOf(browser).read();
  assertEquals(reader.get("count"), 11);
});

for (const first of [true, false]) {
  const order = first ? "before" : "after";
  Deno.test(`Session.open() that is cancelled as it gets the lock hands it on, at whatever moment, ${order} what else is due then`, async () => {
    for (let moments = 0; moments <= 40; moments++) {
      await cancel(moments, first);
    }
  });
}

/** Cancels a wait so many microtasks after a save was answered, and sees that the next one gets the lock. */
async function cancel(moments: number, first: boolean): Promise<void> {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const holder = await sessionOf(browser).open();
  const waiter = sessionOf(browser);
  const waiting = waiter.open().catch(() => {});
  const last = sessionOf(browser);
  const lasting = last.open({ timeout: 2000 });
  await tick(); // They are in the line by then, so that the lock is handed over.
  const cancelled = gate<unknown>();
  kv.intercept = (_call, run) => {
    kv.reset();
    let left = moments;
    const next = () => {
      if (left-- > 0) return queueMicrotask(next);
      cancelled.open(waiter.unlock().catch(() => {}));
    };
    const answer = run();
    // Whoever asks the answer first is told first.
    if (first) void answer.then(next);
    else queueMicrotask(() => void answer.then(next));
    return answer;
  };
  await holder.save();
  await cancelled.promise;
  await waiting;
  await lasting;
  await last.unlock();
}
