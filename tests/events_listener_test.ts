import { AsyncLocalStorage } from "node:async_hooks";
import type { SessionEvent, SessionOptions } from "@aerys/session";
import { assertEquals, assertThrows } from "@std/assert";
import { quiet } from "./faults.ts";
import { Browser, gate, increment, ManualClock, sessionOf } from "./support.ts";
import { type TestKv, testKv, tick, withClock } from "./support.ts";

/** Begins a session, and uses it in every way until it is gone. */
async function flow(options: SessionOptions): Promise<Browser> {
  const browser = new Browser(options);
  await browser.visit(increment);
  await browser.visit((session) => session.read());
  await browser.visit((session) => session.update(() => session.set("a", 1)));
  await browser.visit(async (session) => {
    await session.open();
    await session.regenerate();
    await session.save();
  });
  await browser.visit(async (session) => {
    await session.open();
    await session.unlock();
    await session.open();
    await session.destroy();
  });
  return browser;
}

const flowTypes = [
  ...["opened", "created", "saved", "read", "opened", "saved"],
  ...["opened", "regenerated", "saved"],
  ...["opened", "unlocked", "opened", "destroyed"],
];

/** Collects what is logged as an error meanwhile. */
async function logged(run: () => Promise<unknown>): Promise<unknown[][]> {
  const { error } = console;
  const log: unknown[][] = [];
  console.error = (...args) => void log.push(args);
  try {
    await run();
    await tick();
  } finally {
    console.error = error;
  }
  return log;
}

const listeners: Record<string, (failure: Error) => () => void> = {
  "that throws": (failure) => () => {
    throw failure;
  },
  "whose promise rejects": (failure) => () => Promise.reject(failure),
};

for (const [what, listener] of Object.entries(listeners)) {
  Deno.test(`onEvent ${what} breaks nothing, and is logged once for each event`, async () => {
    using kv = await testKv();
    const failure = new Error("the listener's own");
    const unhandled: unknown[] = [];
    const onUnhandled = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      unhandled.push(event.reason);
    };
    globalThis.addEventListener("unhandledrejection", onUnhandled);
    try {
      const log = await logged(() => flow({ kv, onEvent: listener(failure) }));
      assertEquals(
        log,
        flowTypes.map((
          type,
        ) => [`session: onEvent failed at "${type}":`, failure]),
      );
      assertEquals(unhandled, []);
    } finally {
      globalThis.removeEventListener("unhandledrejection", onUnhandled);
    }
  });
}

Deno.test("onEvent that is no function is refused when the options are first used", () => {
  const onEvent = "console.log" as unknown as () => void;
  assertThrows(() => withClock({ onEvent }), TypeError, "onEvent");
});

Deno.test("onEvent costs no call to the database", async () => {
  const calls = async (options: SessionOptions) => {
    using kv = await testKv();
    await flow({ ...options, kv });
    return kv.calls.map(({ op, keys, sets }) => ({ op, keys, sets }));
  };
  const events: SessionEvent[] = [];
  const told = await calls({ onEvent: (event) => events.push(event) });
  assertEquals(told, await calls({}));
  assertEquals(events.map(({ type }) => type), flowTypes);
});

Deno.test("onEvent is not waited for", async () => {
  using kv = await testKv();
  const forever = gate();
  const browser = await flow({ kv, onEvent: () => forever.promise });
  assertEquals(browser.cookies.size, 0);
});

Deno.test("onEvent is told of the sessions of its own options alone", async () => {
  using kv = await testKv();
  const [mine, theirs]: SessionEvent[][] = [[], []];
  await flow({ kv, onEvent: (event) => mine!.push(event) });
  assertEquals(mine!.length, flowTypes.length);
  await flow({ kv, onEvent: (event) => theirs!.push(event) });
  assertEquals(mine!.length, flowTypes.length);
});

Deno.test("onEvent is called in the context of the request that it happens to", async () => {
  using kv = await testKv();
  const requests = new AsyncLocalStorage<string>();
  const seen = new Set<string | undefined>();
  const onEvent = () => void seen.add(requests.getStore());
  await requests.run("the request", () => flow({ kv, onEvent }));
  assertEquals([...seen], ["the request"]);
});

/** What the listener's context is when a lock is lost, which a timer finds out. */
async function contextOfLoss(kv: TestKv): Promise<unknown> {
  const requests = new AsyncLocalStorage<string>();
  const clock = new ManualClock();
  let context: unknown = "never told";
  const onEvent = ({ type }: SessionEvent) => {
    if (type === "lost") context = requests.getStore();
  };
  const lock = { lease: 900, maxHold: 900 };
  const browser = new Browser(withClock({ kv, lock, onEvent }, clock));
  await browser.visit(increment);
  const session = sessionOf(browser);
  await requests.run("the request", () => session.open());
  await requests.run("another request", async () => {
    for (let i = 0; i < 3; i++) {
      clock.advance(300);
      await quiet(kv, clock);
    }
  });
  await session.unlock();
  return context;
}

Deno.test("onEvent is called in the context of the request whose lock is lost, whoever's timer finds out", async () => {
  using kv = await testKv();
  assertEquals(await contextOfLoss(kv), "the request");
});
