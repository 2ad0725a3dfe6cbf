import { assert, assertEquals } from "@std/assert";
import { assertCode, browserWith, count, ManualClock } from "./support.ts";
import {
  type Browser,
  sessionOf,
  TestKv,
  testKv,
  withClock,
} from "./support.ts";
import { broken, type Fault, lock, passing, takeOver } from "./faults.ts";

/** A browser on another process with the same database. */
function elsewhere(browser: Browser, { kv }: TestKv): Browser {
  const options = withClock({ kv: new TestKv(kv), lock }, new ManualClock());
  return browser.clone(options);
}

async function save(browser: Browser, value: string): Promise<void> {
  await browser.visit(async (session) => {
    await session.open();
    session.set("other", value);
    await session.save();
  });
}

/** What others may do after a commit was applied and before its answer was missed. */
const meanwhile: Record<string, (other: Browser, kv: TestKv) => unknown> = {
  "nothing": () => {},
  "another process saves": (other) => save(other, "x"),
  "another process saves twice": async (other) => {
    await save(other, "x");
    await save(other, "y");
  },
  "another process holds the lock": (other) => sessionOf(other).open(),
  "another process opens and unlocks": (other) =>
    other.visit(async (session) => {
      await session.open();
      await session.unlock();
    }),
  "another process gives it a new id": (other) =>
    other.visit(async (session) => {
      await session.open();
      await session.regenerate();
      await session.save();
    }),
  "another process destroys it": (other) =>
    other.visit(async (session) => {
      await session.open();
      await session.destroy();
    }),
  "another process saves and destroys it": async (other) => {
    await save(other, "x");
    await other.visit(async (session) => {
      await session.open();
      await session.destroy();
    });
  },
  "fifteen processes save": async (other, kv) => {
    for (let i = 0; i < 15; i++) await save(elsewhere(other, kv), `${i}`);
  },
};

/** How the answer of an applied commit is missed. */
const losses: Record<string, () => unknown> = {
  "{ ok: false }": () => ({ ok: false }),
  "an error": () => {
    throw broken;
  },
};

for (const [what, act] of Object.entries(meanwhile)) {
  for (const [how, answer] of Object.entries(losses)) {
    Deno.test(`Session.save() recognises its own commit behind ${how} when meanwhile ${what}`, async () => {
      using kv = await testKv();
      const options = withClock({ kv, lock }, new ManualClock());
      const browser = await browserWith(options, { count: 1 });
      const other = elsewhere(browser, kv);
      await browser.visit(async (session) => {
        await session.open();
        session.set("count", 2);
        kv.intercept = async (call, run) => {
          const result = await run();
          if (call.op !== "commit") return result;
          kv.reset();
          await act(other, kv);
          return answer();
        };
        await session.save();
        assertEquals(session.state, "unlocked");
        assertEquals(session.get("count"), 2);
      });
    });
  }
}

for (const [how, answer] of Object.entries(losses)) {
  Deno.test(`Session.update() is applied once when its answer is lost behind ${how}`, async () => {
    for (const [what, act] of Object.entries(meanwhile).slice(0, 5)) {
      using kv = await testKv();
      const options = withClock({ kv, lock }, new ManualClock());
      const browser = await browserWith(options, { count: 1 });
      const other = elsewhere(browser, kv);
      kv.intercept = async (call, run) => {
        const result = await run();
        if (call.op !== "commit") return result;
        kv.reset();
        await act(other, kv);
        return answer();
      };
      let runs = 0;
      await browser.visit((session) =>
        session.update(() => {
          runs++;
          session.set("count", session.get("count") + 1);
        })
      );
      assertEquals([runs, await other.visit(count)], [1, 2], what);
    }
  });
}

Deno.test("Session.save() says ERR_STORE, not success or loss, when sixteen processes saved before it could look", async () => {
  using kv = await testKv();
  const options = withClock({ kv, lock }, new ManualClock());
  const browser = await browserWith(options, { count: 1 });
  await browser.visit(async (session) => {
    await session.open();
    session.set("count", 2);
    kv.intercept = async (call, run) => {
      const result = await run();
      if (call.op !== "commit") return result;
      kv.reset();
      for (let i = 0; i < 16; i++) await save(elsewhere(browser, kv), `${i}`);
      return { ok: false };
    };
    await assertCode(() => session.save(), "ERR_STORE");
    // The contents are those of the last of them, and nothing is locked.
    assertEquals([session.state, session.get("other")], ["unlocked", "15"]);
    await session.open();
    await session.unlock();
  });
});

Deno.test("Session.save() says ERR_LOCK_LOST when it was not applied and another process saved since", async () => {
  using kv = await testKv();
  const options = withClock({ kv, lock }, new ManualClock());
  const browser = await browserWith(options, { count: 1 });
  const clock = new ManualClock();
  const other = browser.clone(
    withClock({ kv: new TestKv(kv.kv), lock }, clock),
  );
  await browser.visit(async (session) => {
    await session.open();
    session.set("count", 2);
    // The time of this process stands still, as that of a paused one does.
    await takeOver(other, clock, 3);
    const error = await assertCode(() => session.save(), "ERR_LOCK_LOST");
    assert(error.message.includes("Nothing was written"), error.message);
    assertEquals([session.state, session.get("count")], ["unlocked", 3]);
  });
});

for (const fails of [1, 2, 3]) {
  const ends = fails < 3 ? "succeeds" : "says ERR_STORE";
  Deno.test(`Session.save() ${ends} when its answer is lost and ${fails} looks after it fail`, async () => {
    using kv = await testKv();
    const clock = new ManualClock();
    const browser = await browserWith(withClock({ kv, lock }, clock), {
      count: 1,
    });
    await browser.visit(async (session) => {
      await session.open();
      session.set("count", 2);
      let looks = 0;
      const lost: Fault = async (run) => {
        await run();
        throw broken;
      };
      kv.intercept = (call, run) => {
        if (call.op === "commit") return lost(run);
        return looks++ < fails ? lost(run) : run();
      };
      let settled = false;
      const saving = session.save().finally(() => settled = true);
      const checked = fails < 3
        ? saving
        : assertCode(() => saving, "ERR_STORE");
      await Promise.all([checked, passing(clock, () => settled)]);
      kv.reset();
      assertEquals(session.state, "unlocked");
      // Applied it was; what the failure leaves is only not known here.
      await session.open();
      assertEquals(session.get("count"), 2);
      await session.unlock();
    });
  });
}
