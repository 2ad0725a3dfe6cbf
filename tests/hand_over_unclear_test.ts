import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import { browserWith, gate, sessionOf, TestKv, testKv } from "./support.ts";

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

Deno.test("Session.open() that is cancelled as it gets the lock hands it on, at whatever moment", async () => {
  for (let moments = 0; moments <= 40; moments++) {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { count: 1 });
    const holder = await sessionOf(browser).open();
    const waiter = sessionOf(browser);
    const waiting = waiter.open().catch(() => {});
    const last = sessionOf(browser);
    const lasting = last.open({ timeout: 2000 });
    const cancelled = gate<unknown>();
    kv.intercept = async (_call, run) => {
      kv.reset();
      const answer = await run();
      let left = moments;
      const next = () => {
        if (left-- > 0) return queueMicrotask(next);
        cancelled.open(waiter.unlock().catch(() => {}));
      };
      next();
      return answer;
    };
    await holder.save();
    await cancelled.promise;
    await waiting;
    await lasting;
    await last.unlock();
  }
});
