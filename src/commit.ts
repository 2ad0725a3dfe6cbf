import { type Clock, type Limit, TimeIsUp } from "./clock.ts";
import { SessionError } from "./errors.ts";
import type { KvAtomic } from "./kv.ts";

/**
 * What a look at the database tells about a commit: it was applied, giving this
 * version; it was refused; or all that it checks is as it was, so neither.
 */
export type Verdict = { readonly version: string } | "refused" | "open";

const tries = 3;
const longestPause = 20;

/** Calls within the limit; every failure is `ERR_STORE`. */
export function ask<T>(limit: Limit, call: () => Promise<T>): Promise<T> {
  const explain = (error: unknown) => asStoreError(error, limit);
  try {
    limit.check();
    return limit.race(call(), explain);
  } catch (error) {
    return Promise.reject(explain(error));
  }
}

/**
 * Commits until the outcome is known. Both `{ ok: false }` and a thrown error
 * may follow a commit that was applied, when its answer was lost and it was
 * sent again. So `judge` looks: applied, refused, or still "open", which is
 * tried again, in all at most three times for an error.
 *
 * @returns The version that the commit gave, or `null` if it was refused.
 * @param onUnclear Is called when the commit may have been applied although
 * this gives up; where the answer is late, when it comes.
 */
export async function settle(
  clock: Clock,
  limit: Limit,
  build: () => KvAtomic,
  judge: () => Promise<Verdict>,
  onUnclear: () => void = () => {},
): Promise<string | null> {
  let failures = 0;
  for (let pause = 1;; pause = Math.min(longestPause, pause * 2)) {
    let cause: unknown;
    let answer: ReturnType<KvAtomic["commit"]> | undefined;
    try {
      limit.check();
      answer = build().commit();
      const result = await limit.race(answer);
      if (result.ok) return result.versionstamp;
    } catch (error) {
      if (limit.over) {
        answer?.then(onUnclear, onUnclear);
        throw asStoreError(error, limit);
      }
      cause = error;
    }
    if (!isBusy(cause)) {
      const verdict = await insist(clock, limit, judge, cause)
        .catch((error) => {
          onUnclear();
          throw error;
        });
      if (verdict === "refused") return null;
      if (verdict !== "open") return verdict.version;
      // Without an error it was refused for what has come and gone since.
      if (cause !== undefined && ++failures === tries) {
        throw asStoreError(cause, limit);
      }
    }
    await sleep(clock, limit, pause);
  }
}

/** The error for a commit of which nobody can tell what became of it. */
export function outcomeUnknown(): SessionError {
  return new OutcomeUnknown(
    "ERR_STORE",
    "Cannot tell whether the session was saved: the answer of Deno KV was lost, and " +
      "others have changed the session since. Read it again",
  );
}

class OutcomeUnknown extends SessionError {}

/** Asks `judge` a few times, because all depends on its answer. */
async function insist(
  clock: Clock,
  limit: Limit,
  judge: () => Promise<Verdict>,
  cause: unknown,
): Promise<Verdict> {
  for (let failures = 1;; failures++) {
    try {
      return await judge();
    } catch (error) {
      const final = error instanceof OutcomeUnknown ||
        error instanceof SessionError && error.code !== "ERR_STORE";
      if (final) throw error;
      if (limit.over || failures === tries) {
        throw asStoreError(cause ?? error, limit);
      }
      await sleep(clock, limit, longestPause);
    }
  }
}

async function sleep(
  clock: Clock,
  limit: Limit,
  longest: number,
): Promise<void> {
  try {
    await limit.sleep(clock.random() * longest);
  } catch (error) {
    throw asStoreError(error, limit);
  }
}

function asStoreError(error: unknown, limit: Limit): unknown {
  if (limit.aborted || error instanceof SessionError) return error;
  const why = error instanceof TimeIsUp
    ? `did not answer within ${limit.ms} ms`
    : `failed (${firstLine(error)})`;
  return new SessionError(
    "ERR_STORE",
    `Cannot reach the session: Deno KV ${why}. Try again, or check the database`,
    { cause: error },
  );
}

/** What an error says, without what some databases add to it. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0]!;
}

/** SQLite says so at once when two processes write; the commit was not applied. */
function isBusy(error: unknown): boolean {
  // `@deno/kv` goes on with SQLite's own words.
  return error instanceof Error &&
    error.message.startsWith("database is locked");
}
