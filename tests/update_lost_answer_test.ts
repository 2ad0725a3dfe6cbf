import { assertEquals } from "@std/assert";
import { browserWith, count, increment, ManualClock } from "./support.ts";
import { testKv, until, withClock } from "./support.ts";
import { passing } from "./faults.ts";

const lock = { timeout: 10_000, lease: 5000, maxHold: 5000 };

/** What the next request of the process does meanwhile. */
const next = {
  "updates": (session: Parameters<typeof increment>[0]) =>
    session.update(() => {
      session.set("count", session.get("count")! + 1);
    }),
  "opens and saves": increment,
};

for (const [what, act] of Object.entries(next)) {
  Deno.test(`Session.update() is applied once when its answer is lost for longer than lock.maxHold and the next request ${what}`, async () => {
    using kv = await testKv();
    const clock = new ManualClock();
    const browser = await browserWith(withClock({ kv, lock }, clock), {
      count: 0,
    });
    let commits = 0;
    let second: Promise<unknown> = Promise.resolve();
    kv.intercept = async (call, run) => {
      const answer = await run();
      if (call.op !== "commit" || ++commits > 1) return answer;
      let settled = false;
      second = browser.clone().visit(act).finally(() => settled = true);
      clock.advance(lock.maxHold);
      // It may have its turn now, or wait until the first one has ended.
      for (let i = 0; i < 50 && !settled; i++) {
        clock.advance(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return { ok: false };
    };
    let settled = false;
    const first = browser.visit((session) =>
      session.update(() => {
        session.set("count", session.get("count") + 1);
      })
    ).finally(() => settled = true);
    await until(() => commits > 0);
    await passing(clock, () => settled);
    await first;
    await passing(clock, () => kv.unanswered === 0);
    let done = false;
    second.finally(() => done = true);
    await passing(clock, () => done);
    assertEquals(await browser.visit(count), 2);
  });
}
