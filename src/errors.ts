/**
 * Why a session operation failed: stable strings, made to be compared.
 *
 * | code | class | what happened |
 * | --- | --- | --- |
 * | `ERR_NOT_LOCKED` | `LockError` | the method needs the lock: call `open()` first |
 * | `ERR_ALREADY_LOCKED` | `LockError` | the method needs the session unlocked |
 * | `ERR_PENDING` | `LockError` | another method of this session has not resolved yet |
 * | `ERR_LOCK_TIMEOUT` | `LockError` | other requests held the session for the whole timeout |
 * | `ERR_LOCK_CANCELLED` | `LockError` | the wait was cancelled; `cause` is the signal's reason |
 * | `ERR_LOCK_LOST` | `LockError` | the lease ran out, or another request ended the session; nothing was written |
 * | `ERR_STILL_LOCKED` | `LockError` | the handler returned without `save()` or `unlock()` |
 * | `ERR_QUEUE_FULL` | `LockError` | too many requests of this process wait for the session |
 * | `ERR_STORE` | `SessionError` | Deno KV failed or did not answer; `cause` is its error |
 * | `ERR_TOO_LARGE` | `SessionError` | the session does not fit in one KV value |
 * | `ERR_NOT_STORABLE` | `SessionError` | a value of this type cannot be stored |
 * | `ERR_CORRUPT` | `SessionError` | the stored bytes cannot be read |
 */
export type SessionErrorCode =
  | "ERR_NOT_LOCKED"
  | "ERR_ALREADY_LOCKED"
  | "ERR_PENDING"
  | "ERR_LOCK_TIMEOUT"
  | "ERR_LOCK_CANCELLED"
  | "ERR_LOCK_LOST"
  | "ERR_STILL_LOCKED"
  | "ERR_QUEUE_FULL"
  | "ERR_STORE"
  | "ERR_TOO_LARGE"
  | "ERR_NOT_STORABLE"
  | "ERR_CORRUPT";

/**
 * A condition of the session that a caller may want to handle. The message
 * never holds a cookie's secret (ASVS 16.2.5, 16.5.1).
 *
 * @example Telling a full session from a broken store
 * ```ts
 * import { SessionError } from "@aerys/session";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new SessionError("ERR_TOO_LARGE", "Cannot save the session");
 * assertEquals(error.code, "ERR_TOO_LARGE");
 * ```
 */
export class SessionError extends Error {
  /** The name of the class, as in stack traces. */
  override name = "SessionError";
  /** What happened, as a stable string. */
  readonly code: SessionErrorCode;

  /**
   * Creates an error with a code.
   *
   * @param code What happened.
   * @param message What cannot be done, why, and what to do.
   * @param options The error's `cause`, if another error led to it.
   */
  constructor(
    code: SessionErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.code = code;
  }
}

/**
 * A {@linkcode SessionError} about the lock: a method called in the wrong
 * state, or a lock that could not be had or was lost.
 *
 * Of its codes, `ERR_LOCK_TIMEOUT`, `ERR_QUEUE_FULL` and `ERR_LOCK_LOST` may
 * come to any request, and the next try may succeed: answer 503. The others
 * are mistakes in the handler, or its own cancellation.
 *
 * @example Answering "try again" when a session is busy
 * ```ts
 * import { LockError, withSession } from "@aerys/session";
 *
 * using kv = await Deno.openKv(":memory:");
 *
 * const handler = withSession(async (_request, session) => {
 *   try {
 *     await session.open({ timeout: 500 });
 *   } catch (error) {
 *     if (!(error instanceof LockError)) throw error;
 *     if (error.code !== "ERR_LOCK_TIMEOUT") throw error;
 *     return new Response("Busy", {
 *       status: 503,
 *       headers: { "Retry-After": "1" },
 *     });
 *   }
 *   await session.unlock();
 *   return new Response("Mine");
 * }, { kv });
 *
 * const response = await handler(new Request("http://localhost/"));
 * if (response.status !== 200) throw new Error("a new session has no rival");
 * ```
 */
export class LockError extends SessionError {
  /** The name of the class, as in stack traces. */
  override name = "LockError";
}
