import type { Session } from "@aerys/session";
import { assertEquals } from "@std/assert";
import { browserWith, count, increment, ManualClock } from "./support.ts";
import { testKv, until, withClock } from "./support.ts";
import { passing } from "./faults.ts";

const lock = { timeout: 10_000, lease: 5000, maxHold: 5000 };

async function update(session: Session<{ count: number }>): Promise<void> {
  await session.update(() => {
    session.set("count", session.get("count")! + 1);
  });
}

for (
  const [what, next] of Object.entries({
    update,
    "open() and save()": increment,
  })
) {
  Deno.test(`Session.update() is applied once when its answer is lost after lock.maxHold, and ${what} follows in the process`, async () => {
    using kv = await testKv();
    const clock = new ManualClock();
    const options = withClock({ kv, lock }, clock);
    const browser = await browserWith(options, { count: 0 });
    let applied = false;
    let following!: Promise<unknown>;
    let done = 0;
    kv.intercept = async (call, run) => {
      const answer = await run();
      if (call.op !== "commit" || applied) return answer;
      applied = true;
      following = browser.clone().visit(next).finally(() => done++);
      clock.advance(lock.maxHold);
      // It must wait, so this ends without it.
      for (let i = 0; i < 50 && done === 0; i++) {
        clock.advance(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return { ok: false };
    };
    const first = browser.visit(update).finally(() => done++);
    await until(() => applied);
    await passing(clock, () => done === 2);
    await Promise.all([first, following]);
    assertEquals(await browser.visit(count), 2);
  });
}
