import {
  type Session,
  SessionError,
  type SessionOptions,
} from "@aerys/session";
import { assertEquals } from "@std/assert";
import {
  Browser,
  CountingClock,
  gate,
  type TestKv,
  tick,
  until,
  withClock,
} from "./support.ts";

/** What the overlapping requests store. */
export interface Data {
  count: number;
  user: string;
}

/** A process: its requests share one line for each session, and one clock. */
interface Process {
  readonly options: SessionOptions;
  readonly clock: CountingClock;
}

const processes = new WeakMap<TestKv, Process>();

function processOf(kv: TestKv): Process {
  let process = processes.get(kv);
  if (process === undefined) {
    const clock = new CountingClock();
    const lock = { lease: 60_000, timeout: 60_000 };
    process = { options: withClock({ kv, lock }, clock), clock };
    processes.set(kv, process);
  }
  return process;
}

/** Options for the process with this database, where no lease and no wait runs out, however slow the machine is. */
export function on(kv: TestKv): SessionOptions {
  return processOf(kv).options;
}

/** A browser with a session of these values. */
export async function browserOf(
  options: SessionOptions,
  values: Partial<Data>,
): Promise<Browser<Data>> {
  const browser = new Browser<Data>(options);
  await browser.visit(async (session) => {
    await session.open();
    const { count, user } = values;
    if (count !== undefined) session.set("count", count);
    if (user !== undefined) session.set("user", user);
    await session.save();
  });
  return browser;
}

/** Stands still, in the middle of a request, until the other one has come. */
export type Pause = () => void | Promise<void>;

/** Does not stand still. */
export const noPause: Pause = () => {};

/** What a request may do to a session that another one is using. */
export const requests: Record<
  string,
  (session: Session<Data>, pause: Pause) => Promise<unknown>
> = {
  async "read()"(session, pause) {
    await session.read();
    await pause();
  },
  async "open() and save()"(session, pause) {
    await session.open();
    await pause();
    increment(session);
    await session.save();
  },
  async "open() and unlock()"(session, pause) {
    await session.open();
    await pause();
    increment(session);
    await session.unlock();
  },
  async "update()"(session, pause) {
    await session.update(async () => {
      await pause();
      increment(session);
    });
  },
  async "regenerate() and save()"(session, pause) {
    await session.open();
    await pause();
    await session.regenerate();
    increment(session);
    await session.save();
  },
  async "destroy()"(session, pause) {
    await session.open();
    await pause();
    await session.destroy();
  },
};

function increment(session: Session<Data>): void {
  session.set("count", (session.get("count") ?? 0) + 1);
}

/** What a request meets, and what is stored for its own browser then. */
export interface Late {
  readonly code: string | null;
  readonly cookies: readonly ("set" | "delete")[];
  readonly stored: Partial<Data>;
}

/** What each of them meets when its session was destroyed, or moved to another id, by another request. */
export function late(by: "destroy()" | "regenerate()"): [string, Late][] {
  const nothing: Late = { code: null, cookies: [], stored: {} };
  const refused: Late = { ...nothing, code: "ERR_LOCK_LOST" };
  return [
    ["read()", nothing],
    ["open() and save()", refused],
    ["open() and unlock()", nothing],
    ["update()", refused],
    // A login must be possible then: it begins a session, with nothing of the old one.
    ["regenerate() and save()", {
      ...nothing,
      cookies: ["set"],
      stored: { count: 1 },
    }],
    // What has another id lives on, and whoever asked to end it must know.
    ["destroy()", by === "destroy()" ? nothing : refused],
  ];
}

/** Asserts what each browser's session holds, and that nothing else is stored. */
export async function assertStored(
  kv: TestKv,
  sessions: readonly [Browser<Data>, Partial<Data>][],
): Promise<void> {
  const found: string[] = [];
  for (const [browser, stored] of sessions) {
    await browser.clone().visit(async (session) => {
      await session.read();
      assertEquals(Object.fromEntries(session.entries()), stored);
      if (session.id !== null) found.push(session.id);
    });
  }
  const ids: unknown[] = [];
  for await (const { key } of kv.kv.list({ prefix: ["session", "data"] })) {
    ids.push(key.at(-1));
  }
  assertEquals(found.sort(), ids.sort());
}

/** How a request went. */
export interface Answer<T> {
  /** What the handler returned; `null` if it failed. */
  readonly result: T | null;
  /** The code of the error that it met. */
  readonly code: string | null;
  /** The cookies of its response, each as `set` or `delete`. */
  readonly cookies: readonly ("set" | "delete")[];
}

/** Makes a request that answers whatever happens, so that a late one could still send a cookie. */
export async function attempt<T>(
  browser: Browser<Data>,
  handle: (session: Session<Data>) => Promise<T>,
): Promise<Answer<T>> {
  let code: string | null = null;
  const { result, response } = await browser.exchange(async (session) => {
    try {
      return await handle(session) ?? null;
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      code = error.code;
      return null;
    }
  });
  const cookies = response.headers.getSetCookie()
    .map((cookie) => cookie.includes("Max-Age=0") ? "delete" : "set");
  return { result, code, cookies };
}

/**
 * Runs two requests, or more, of which the second begins while the first stands
 * at its pause. The first goes on when as many as given wait for the session in
 * each process, or, if none is to wait, when the second is done.
 */
export async function overlap<A, B>(
  first: (pause: Pause) => Promise<A>,
  second: () => Promise<B>,
  waiting: readonly [process: TestKv, requests: number][],
): Promise<[A, B]> {
  const reached = gate();
  const goOn = gate();
  const one = first(() => {
    reached.open();
    return goOn.promise;
  });
  await Promise.race([reached.promise, one]);
  const conditions = waiting.map(([kv, requests]) => {
    const { clock } = processOf(kv);
    const before = clock.waiting;
    // A timer that belongs to a call to the database is not one that waits.
    return () => kv.unanswered === 0 && clock.waiting - before >= requests;
  });
  const two = second();
  await tick();
  if (waiting.length === 0) await two;
  else await until(() => conditions.every((holds) => holds()));
  goOn.open();
  return await Promise.all([one, two]);
}
