import type { Session } from "@aerys/session";

/** What the demo keeps in a session. */
export interface Data {
  /** How often the page was shown. */
  visits: number;
  /** What the button has counted. */
  count: number;
  /** The name given at the login. */
  user: string;
  /** The session's id before the login. */
  idBefore: string;
  /** What the next page says once. */
  notice: string;
}

/** How long both counters take between reading and writing, in ms. */
export const workMs = 5;

/** Adds one under the session's lock. */
export async function countLocked(session: Session<Data>): Promise<number> {
  await session.open();
  const count = session.get("count") ?? 0;
  await work();
  session.set("count", count + 1);
  await session.save();
  return count + 1;
}

/**
 * A session without a lock, as most libraries have it: the data is read when
 * the request begins and written when it ends. What another request wrote in
 * between is overwritten.
 */
export class LockFree {
  readonly #kv: Deno.Kv;
  readonly #key: Deno.KvKey;

  constructor(kv: Deno.Kv, sessionId: string) {
    this.#kv = kv;
    this.#key = ["demo", "lock-free", sessionId];
  }

  /** The number as it is stored. */
  async get(): Promise<number> {
    return (await this.#kv.get<number>(this.#key)).value ?? 0;
  }

  /** Adds one. */
  async count(): Promise<number> {
    const count = await this.get();
    await work();
    await this.#kv.set(this.#key, count + 1, { expireIn: 3_600_000 });
    return count + 1;
  }
}

/** Stands for what a handler does meanwhile: a query, a call to another server. */
function work(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, workMs));
}
