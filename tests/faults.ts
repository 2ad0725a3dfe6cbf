import { type Browser, browserWith, type Call, until } from "./support.ts";
import { ManualClock, sessionOf, TestKv, withClock } from "./support.ts";

/** The error of a database that is broken. */
export const broken = new Error("the disk is on fire");

/** Limits that are far from one another. */
export const lock = { timeout: 1000, lease: 5000 };

/** What a database does instead of answering a call as it should. */
export type Fault = (run: () => Promise<unknown>) => Promise<unknown>;

export const throwsBefore: Fault = () => Promise.reject(broken);

export const throwsAfter: Fault = async (run) => {
  await run();
  throw broken;
};

export const refusesAfter: Fault = async (run) => {
  await run();
  return { ok: false };
};

export const refusesBefore: Fault = () => Promise.resolve({ ok: false });

export const isLocked: Fault = () =>
  Promise.reject(new TypeError("database is locked"));

/** The same from `@deno/kv`, which tells more. */
export const isLockedOnNode: Fault = () =>
  Promise.reject(
    new Error(
      "database is locked\n\nCaused by:\n    Error code 5: database is locked",
    ),
  );

export const hangsBefore: Fault = () => new Promise(() => {});

export const hangsAfter: Fault = async (run) => {
  await run();
  return new Promise(() => {});
};

/** A database that fails. */
export interface Breakdown {
  readonly fault: Fault;
  /** Which calls fail; commits if not given. */
  readonly on?: Call["op"] | "all";
  /** How many calls fail; all if not given. */
  readonly times?: number;
}

/** Breaks the database from now on, and counts the calls that fail. */
export function breakDown(
  kv: TestKv,
  { fault, on = "commit", times = Infinity }: Breakdown,
): { hits: number } {
  const broken = { hits: 0 };
  kv.intercept = (call, run) => {
    const hit = (on === "all" || call.op === on) && broken.hits < times;
    if (!hit) return run();
    broken.hits++;
    return fault(run);
  };
  return broken;
}

/** Waits for the condition, firing the timers that are due and, with `ms`, letting time pass. */
export async function passing(
  clock: ManualClock,
  condition: () => boolean,
  ms = 0,
): Promise<void> {
  await until(() => {
    if (!condition()) clock.advance(ms);
    return condition();
  });
}

/**
 * Waits until the database has answered all that it was asked, and nothing
 * more is asked without time passing.
 */
export async function quiet(kv: TestKv, clock: ManualClock): Promise<void> {
  for (let before = -1; before !== kv.calls.length;) {
    before = kv.calls.length;
    clock.advance(0);
    // The database answers in order.
    await kv.kv.get(["the last in line"]);
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Renewing writes nothing but the lock. */
export function isRenewal({ op, keys }: Call): boolean {
  return op === "commit" && keys.join() === "lock,lock";
}

/** Waits until the lock of a dead holder may be had, and stores another `count`. */
export async function takeOver(
  browser: Browser,
  clock: ManualClock,
  count: number,
): Promise<void> {
  await browser.visit(async (session) => {
    let opened = false;
    const open = session.open({ timeout: 2 ** 30 }).finally(() =>
      opened = true
    );
    await passing(clock, () => opened, 100);
    await open;
    session.set("count", count);
    await session.save();
  });
}

/**
 * A request that holds a session and changed it, one of its process that waits
 * behind it, and a browser on another process.
 */
export async function followed(kv: TestKv) {
  const clock = new ManualClock();
  const options = withClock({ kv, lock: lock }, clock);
  const browser = await browserWith(options, { count: 1 });
  const holder = await sessionOf(browser).open();
  holder.set("count", 2);
  const { waiter, opening } = wait(browser);
  await quiet(kv, clock);
  const theirs = { kv: new TestKv(kv.kv), lock: lock };
  const other = browser.clone(withClock(theirs, new ManualClock()));
  return { clock, browser, holder, waiter, opening, other };
}

/** A request that waits for the session, and what comes of it. */
export function wait(browser: Browser) {
  const waiter = sessionOf(browser);
  const opening = waiter.open({ timeout: 2 ** 30 })
    .then(() => "locked", (error) => String(error.code));
  return { waiter, opening };
}
