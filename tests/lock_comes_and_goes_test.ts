import { assertEquals } from "@std/assert";
import { assertCode, type Browser, browserWith } from "./support.ts";
import { ManualClock, TestKv } from "./support.ts";
import { sessionOf, testKv, until, withClock } from "./support.ts";
import { type Fault, lock, passing } from "./faults.ts";
import { nextRequest } from "./operations.ts";

/** A browser on another process with the same database. */
function elsewhere(browser: Browser, { kv }: TestKv): Browser {
  const options = { kv: new TestKv(kv), lock };
  return browser.clone(withClock(options, new ManualClock()));
}

Deno.test("Session.open() is not put off by a lock that comes and goes between its looks", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv, lock }, clock), {
    count: 1,
  });
  const rival = sessionOf(elsewhere(browser, kv));
  let met = 0;
  kv.intercept = async (call, run) => {
    if (call.op !== "commit" || ++met > 5) return await run();
    await rival.open();
    const answer = await run();
    await rival.unlock();
    return answer;
  };
  await browser.visit(async (session) => {
    let opened = false;
    const opening = Promise.allSettled([session.open()]);
    opening.then(() => opened = true);
    await passing(clock, () => opened);
    assertEquals((await opening)[0], { status: "fulfilled", value: session });
    assertEquals([met, session.get("count")], [6, 1]);
    await session.unlock();
  });
});

/** How the answer to an applied commit is missed. */
const losses: Record<string, () => unknown> = {
  "{ ok: false }": () => ({ ok: false }),
  "an error": () => {
    throw new Error("status=400");
  },
};

for (const [what, answer] of Object.entries(losses)) {
  Deno.test(`Session.open() gives back the lock that was granted behind ${what}, after it timed out`, async () => {
    using kv = await testKv();
    const clock = new ManualClock();
    const options = withClock({ kv, lock }, clock);
    const browser = await browserWith(options, { count: 1 });
    let granted = false;
    let answered = () => {};
    const fault: Fault = async (run) => {
      await run();
      granted = true;
      await new Promise<void>((resolve) => answered = resolve);
      return answer();
    };
    let commits = 0;
    kv.intercept = async (call, run) => {
      if (call.op !== "commit") return await run();
      if (commits++ === 0) return await fault(run);
      return await run().finally(() => commits++);
    };
    const session = sessionOf(browser);
    const opening = assertCode(() => session.open(), "ERR_STORE");
    await until(() => granted);
    clock.advance(lock.timeout);
    await opening;
    answered();
    await until(() => commits === 3);
    // It must not wait for the lease, and the clock stands still.
    assertEquals(await nextRequest({ browser, clock }), 1);
    assertEquals(clock.waiting, 0);
  });
}

Deno.test("Session.open() says that the time is up when it is while the lock comes and goes", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, lock }, clock);
  const browser = await browserWith(options, { count: 1 });
  const rival = sessionOf(elsewhere(browser, kv));
  let looks = 0;
  kv.intercept = async (call, run) => {
    if (call.op === "commit") await rival.open();
    // The first look is that of open(), the second is after the refusal.
    else if (++looks === 2) return await new Promise(() => {});
    return await run();
  };
  const session = sessionOf(browser);
  const opening = Promise.allSettled([session.open()]);
  await until(() => looks === 2);
  clock.advance(lock.timeout);
  const [{ reason }] = await opening as [PromiseRejectedResult];
  const message = String(reason);
  assertEquals(
    message.includes("did not answer within 1000 ms"),
    true,
    message,
  );
  kv.reset();
  await rival.unlock();
});
