import { type KvStore, Session, type SessionOptions } from "@aerys/session";
import { assert, assertEquals } from "@std/assert";
import { assertCode, browserWith, gate, ManualClock } from "./support.ts";
import {
  requestOf,
  sessionOf,
  TestKv,
  testKv,
  until,
  withClock,
} from "./support.ts";
import {
  breakDown,
  broken,
  type Fault,
  lock,
  passing,
  quiet,
} from "./faults.ts";
import { nextRequest, operations } from "./operations.ts";

/** A stored session, and a database that answers when the gate opens. */
async function setUp(kv: KvStore, clock: ManualClock) {
  const options = withClock({ kv, lock }, clock);
  const browser = await browserWith(options, { count: 1 });
  return { browser, clock, late: gate() };
}

/** How `open()` may end before its lock is granted. */
const endings: Record<string, {
  end: (session: Session, signal: AbortController, clock: ManualClock) => void;
  code: "ERR_STORE" | "ERR_LOCK_CANCELLED";
}> = {
  "timed out": {
    end: (_session, _signal, clock) => clock.advance(lock.timeout),
    code: "ERR_STORE",
  },
  "was cancelled by its signal": {
    end: (_session, signal) => signal.abort(new Error("gone")),
    code: "ERR_LOCK_CANCELLED",
  },
  "was cancelled by unlock()": {
    end: (session) => void session.unlock(),
    code: "ERR_LOCK_CANCELLED",
  },
};

const grants = ["late", "in time, but answered late", "behind a late error"];

for (const applied of grants) {
  for (const [what, { end, code }] of Object.entries(endings)) {
    Deno.test(`Session.open() gives back the lock that is granted ${applied}, after it ${what}`, async () => {
      using kv = await testKv();
      const { browser, clock, late } = await setUp(kv, new ManualClock());
      const session = sessionOf(browser);
      const fault: Fault = async (run) => {
        if (applied === "late") await late.promise;
        const answer = await run();
        granted = true;
        await late.promise;
        if (applied === "behind a late error") throw broken;
        return answer;
      };
      let granted = false;
      const breakdown = breakDown(kv, { fault, times: 1 });
      const controller = new AbortController();
      const opening = assertCode(
        () => session.open({ signal: controller.signal }),
        code,
      );
      await until(() => applied === "late" ? breakdown.hits > 0 : granted);
      end(session, controller, clock);
      await opening;
      assertEquals(session.state, "unlocked");
      const before = kv.counts.commits;
      late.open();
      await until(() => granted && kv.counts.commits > before);
      // It must not wait for the lease, and the clock stands still.
      assertEquals(await nextRequest({ browser, clock }), 1);
      assertEquals(clock.waiting, 0);
    });
  }
}

Deno.test("Session.open() that timed out does not give back the lock that another request has got meanwhile", async () => {
  using kv = await testKv();
  const { browser, clock, late } = await setUp(kv, new ManualClock());
  const fault: Fault = async (run) => {
    await late.promise;
    return await run();
  };
  const breakdown = breakDown(kv, { fault, times: 1 });
  const opening = assertCode(() => sessionOf(browser).open(), "ERR_STORE");
  await until(() => breakdown.hits > 0);
  clock.advance(lock.timeout);
  await opening;
  const theirs = withClock({ kv: new TestKv(kv.kv), lock }, clock);
  const holder = await sessionOf(browser.clone(theirs)).open();
  const { reads } = kv.counts;
  late.open();
  await until(() => kv.counts.reads > reads);
  await quiet(kv, clock);
  holder.set("count", 2);
  await holder.save();
  assertEquals(holder.get("count"), 2);
});

Deno.test("Session.open() takes no lock when what it reads comes after it timed out", async () => {
  using kv = await testKv();
  const { browser, clock, late } = await setUp(kv, new ManualClock());
  const session = sessionOf(browser);
  let answered = false;
  const fault: Fault = async (run) => {
    await late.promise;
    return await run().finally(() => answered = true);
  };
  const breakdown = breakDown(kv, { fault, on: "getMany" });
  kv.calls.length = 0;
  const opening = assertCode(() => session.open(), "ERR_STORE");
  await until(() => breakdown.hits > 0);
  clock.advance(lock.timeout);
  await opening;
  late.open();
  await until(() => answered);
  kv.intercept = (_call, run) => run();
  assertEquals(await nextRequest({ browser, clock }), 1);
  // Those of the next request: lock, save.
  assertEquals(kv.counts.commits, 2);
});

for (const { name, before, call, isNew, stored } of operations.slice(1)) {
  Deno.test(`Session.${name} that timed out and is applied later leaves no lock and no half of it`, async () => {
    using kv = await testKv();
    const { browser, clock, late } = await setUp(kv, new ManualClock());
    if (isNew) browser.cookies.clear();
    const session = sessionOf(browser);
    await before?.(session);
    let applied = false;
    const fault: Fault = async (run) => {
      await late.promise;
      return await run().finally(() => applied = true);
    };
    const breakdown = breakDown(kv, { fault, times: 1 });
    const called = assertCode(() => call(session), "ERR_STORE");
    await until(() => breakdown.hits > 0);
    clock.advance(lock.timeout);
    await called;
    assertEquals(session.state, "unlocked");
    late.open();
    await until(() => applied);
    const old = isNew || name === "regenerate()" ? null : stored;
    assertEquals(await nextRequest({ browser, clock }), old);
    assertEquals(clock.waiting, 0);
  });
}

Deno.test("Session.open() and read() end in ERR_STORE when the database cannot be opened, or never is", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const { browser } = await setUp(kv, clock);
  const cause = new Error("no such file");
  const failing = Promise.reject(cause);
  failing.catch(() => {});
  const never = new Promise<KvStore>(() => {});
  for (const [promise, hangs] of [[failing, false], [never, true]] as const) {
    const options: SessionOptions = withClock({ kv: promise, lock }, clock);
    for (const method of ["open", "read"] as const) {
      const session = new Session(requestOf(browser), options);
      const call = assertCode(() => session[method](), "ERR_STORE");
      if (hangs) clock.advance(lock.timeout);
      const error = await call;
      if (!hangs) assertEquals(error.cause, cause);
      assert(error.cause instanceof Error);
      assertEquals(session.state, "unlocked");
    }
  }
  await passing(clock, () => clock.waiting === 0);
});
