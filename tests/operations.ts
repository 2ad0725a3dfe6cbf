import type { Session, SessionState } from "@aerys/session";
import { Browser, browserWith, until, withClock } from "./support.ts";
import { ManualClock, type TestKv } from "./support.ts";
import { type Breakdown, breakDown, lock, passing } from "./faults.ts";

/** A method of the session, what precedes it, and what it leads to. */
export interface Operation {
  readonly name: string;
  readonly isNew?: true;
  readonly before?: (session: Session) => Promise<void>;
  readonly call: (session: Session) => Promise<unknown>;
  /** State and `count` after it. */
  readonly then: readonly [SessionState, number | null];
  /** State and `count` after its failure. */
  readonly otherwise: readonly [SessionState, number | null];
  /** The `count` that is stored if it was applied. */
  readonly stored: number | null;
}

async function change(session: Session): Promise<void> {
  await session.open();
  session.set("count", 2);
}

/** Of a session with a `count` of 1, or of a new one. */
export const operations: readonly Operation[] = [
  {
    name: "open()",
    call: (session) => session.open(),
    then: ["locked", 1],
    otherwise: ["unlocked", null],
    stored: 1,
  },
  {
    name: "save()",
    before: change,
    call: (session) => session.save(),
    then: ["unlocked", 2],
    otherwise: ["unlocked", 1],
    stored: 2,
  },
  {
    name: "save() of a new session",
    isNew: true,
    before: change,
    call: (session) => session.save(),
    then: ["unlocked", 2],
    otherwise: ["unlocked", null],
    stored: 2,
  },
  {
    name: "save() of nothing",
    before: async (session) => (await session.open()).clear(),
    call: (session) => session.save(),
    then: ["unlocked", null],
    otherwise: ["unlocked", 1],
    stored: null,
  },
  {
    name: "update()",
    before: async (session) => void await session.read(),
    call: (session) => session.update(() => session.set("count", 2)),
    then: ["unlocked", 2],
    otherwise: ["unlocked", 1],
    stored: 2,
  },
  {
    name: "unlock()",
    before: change,
    call: (session) => session.unlock(),
    then: ["unlocked", 1],
    otherwise: ["unlocked", 1],
    stored: 1,
  },
  {
    name: "regenerate()",
    before: change,
    call: (session) => session.regenerate(),
    then: ["locked", 2],
    otherwise: ["unlocked", 1],
    stored: 2,
  },
  {
    name: "destroy()",
    before: change,
    call: (session) => session.destroy(),
    then: ["unlocked", null],
    otherwise: ["unlocked", 1],
    stored: null,
  },
];

/** What became of an operation during a breakdown. */
export interface Trial {
  readonly error: unknown;
  /** State and `count` afterwards. */
  readonly left: readonly [SessionState, unknown];
  /** How many calls failed. */
  readonly hits: number;
  readonly browser: Browser;
  readonly clock: ManualClock;
}

/**
 * Calls the operation while the database is broken, and repairs it. No time
 * passes, or exactly the timeout if `hangs`.
 */
export async function attempt(
  kv: TestKv,
  operation: Operation,
  breakdown: Breakdown,
  hangs = false,
): Promise<Trial> {
  const clock = new ManualClock();
  const options = withClock({ kv, lock }, clock);
  const browser = operation.isNew
    ? new Browser(options)
    : await browserWith(options, { count: 1 });
  return await browser.visit(async (session) => {
    await operation.before?.(session);
    const broken = breakDown(kv, breakdown);
    let error: unknown = null;
    let settled = false;
    const call = operation.call(session).catch((thrown) => error = thrown)
      .finally(() => settled = true);
    if (hangs) {
      await until(() => broken.hits > 0);
      clock.advance(lock.timeout);
    }
    await passing(clock, () => settled);
    await call;
    kv.reset();
    const left = [session.state, session.get("count")] as const;
    if (session.state === "locked") await session.unlock();
    return { error, left, hits: broken.hits, browser, clock };
  });
}

/**
 * The `count` that the next request finds. It must get the lock at once, or
 * after some time if `remains`.
 */
export async function nextRequest(
  { browser, clock }: Pick<Trial, "browser" | "clock">,
  remains = false,
): Promise<unknown> {
  return await browser.clone().visit(async (session) => {
    let opened = false;
    const open = session.open({ timeout: 2 ** 30 }).finally(() =>
      opened = true
    );
    await passing(clock, () => opened, remains ? 100 : 0);
    await open;
    const count = session.get("count");
    if (count === null) await session.unlock();
    else await session.save();
    return count;
  });
}
