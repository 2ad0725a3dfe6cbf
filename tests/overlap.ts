import {
  type Session,
  SessionError,
  type SessionOptions,
} from "@aerys/session";
import { Browser, gate, type TestKv, until } from "./support.ts";

/** What the overlapping requests store. */
export interface Data {
  count: number;
  user: string;
}

/** Options for a process on this database where no lease and no wait runs out, however slow the machine is. */
export function on(kv: TestKv): SessionOptions {
  return { kv, lock: { lease: 60_000, timeout: 60_000 } };
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

/** The code that each of them meets when its session was ended by another request. */
export const late: [request: string, code: string | null][] = [
  ["read()", null],
  ["open() and save()", "ERR_LOCK_LOST"],
  ["open() and unlock()", null],
  ["update()", "ERR_LOCK_LOST"],
  ["regenerate() and save()", "ERR_LOCK_LOST"],
  ["destroy()", null],
];

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
 * Runs two requests of which the second begins while the first stands at its
 * pause. The first goes on when the second has read the session and waits for
 * the lock, if it needs it, or when the second is done, where it needs none.
 *
 * @param kv The database as the second request has it.
 */
export async function overlap<A, B>(
  kv: TestKv,
  first: (pause: Pause) => Promise<A>,
  second: () => Promise<B>,
  waits = true,
): Promise<[A, B]> {
  const reached = gate();
  const goOn = gate();
  const one = first(() => {
    reached.open();
    return goOn.promise;
  });
  await Promise.race([reached.promise, one]);
  let reads = 0;
  kv.intercept = async (call, run) => {
    const answer = await run();
    if (call.op !== "commit") reads++;
    return answer;
  };
  const two = second();
  if (waits) await until(() => reads > 0);
  else await two;
  goOn.open();
  return await Promise.all([one, two]);
}
