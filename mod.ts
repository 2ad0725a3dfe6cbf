/**
 * Sessions that lose no update, on Deno KV: a request that opens its session
 * has it alone until it saves, in this process and in every other. Logout is
 * final, ids rotate atomically, and no request waits for ever.
 *
 * ```ts ignore
 * import { withSession } from "@aerys/session";
 *
 * Deno.serve(withSession(async (_request, session) => {
 *   await session.open(); // waits for the lock, then reads
 *   session.set("visits", (session.get<number>("visits") ?? 0) + 1);
 *   await session.save(); // writes and unlocks, in one commit
 *   return new Response(`Visit ${session.get("visits")}`);
 * }));
 * ```
 *
 * Deno KV needs `"unstable": ["kv"]` in `deno.json`, or the flag `--unstable-kv`.
 *
 * @module
 */
export {
  LockError,
  SessionError,
  type SessionErrorCode,
} from "./src/errors.ts";
export type {
  SessionEvent,
  SessionListener,
  SessionMethod,
} from "./src/events.ts";
export { withSession } from "./src/handler.ts";
export type { KvAtomic, KvEntry, KvKey, KvStore } from "./src/kv.ts";
export type {
  ChangesOptions,
  CookieOptions,
  LockOptions,
  OpenOptions,
  SessionOptions,
} from "./src/options.ts";
export {
  Session,
  type SessionKey,
  type SessionState,
  type SessionValue,
} from "./src/session.ts";
