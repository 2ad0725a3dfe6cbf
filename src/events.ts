import type { SessionErrorCode } from "./errors.ts";

/** What a session was asked to do when it failed. */
export type SessionMethod =
  | "open"
  | "read"
  | "save"
  | "unlock"
  | "regenerate"
  | "destroy"
  | "update";

/**
 * What happens to sessions, for logs, metrics and alerts: told to the option
 * `onEvent` when it has happened. `id` is the public id; no event holds the
 * secret part of a cookie (ASVS 16.2.5). Times are in ms. Every `opened` with
 * `locked` is followed by one of `saved`, `unlocked`, `destroyed` and `lost`.
 *
 * | type | what happened |
 * | --- | --- |
 * | `created` | a new session was stored; `saved` follows |
 * | `opened` | `open()` or a try of `update()` is done; `id` is `null` without a session |
 * | `read` | `read()` is done; `id` is `null` without a session |
 * | `saved` | `save()` or `update()` has stored `bytes` of values |
 * | `unlocked` | the lock was given up, and nothing stored; after `failed`, too |
 * | `regenerated` | the session has a new id |
 * | `destroyed` | the session was removed |
 * | `conflicted` | `update()` found that another request had written, and tries again |
 * | `takenOver` | a lock was taken whose holder gave no sign of life for its lease |
 * | `lost` | a lock could not be renewed, was held too long, or a commit found it lost |
 * | `failed` | a method rejected with an error of this code, other than for its state |
 * | `malformed` | a cookie of the session's name held no token, or two that differ |
 * | `unknown` | a cookie named a session that is not stored; `ended`: another request ended it just now |
 * | `wrongSecret` | a cookie named a session with the wrong secret |
 * | `expired` | a cookie named a session past its deadline |
 */
export type SessionEvent =
  | { readonly type: "created"; readonly id: string }
  | {
    readonly type: "opened";
    readonly id: string | null;
    /** How long it took in all. */
    readonly took: number;
    /** How long of that other requests had the session. */
    readonly waited: number;
    /** Whether the session is locked in the database; not at first in `update()`. */
    readonly locked: boolean;
  }
  | {
    readonly type: "read";
    readonly id: string | null;
    readonly took: number;
  }
  | {
    readonly type: "saved";
    readonly id: string;
    readonly took: number;
    /** How long the lock was held; `null` without one. */
    readonly held: number | null;
    /** How much the encoded values take. */
    readonly bytes: number;
  }
  | { readonly type: "unlocked"; readonly id: string; readonly held: number }
  | {
    readonly type: "regenerated";
    readonly id: string;
    readonly previousId: string;
    readonly took: number;
  }
  | {
    readonly type: "destroyed";
    readonly id: string;
    readonly took: number;
    readonly held: number;
  }
  | { readonly type: "conflicted"; readonly id: string }
  | { readonly type: "takenOver"; readonly id: string }
  | {
    readonly type: "lost";
    readonly id: string;
    readonly held: number;
    /** The message of the error that `signal` aborts with. */
    readonly reason: string;
  }
  | {
    readonly type: "failed";
    readonly id: string | null;
    readonly method: SessionMethod;
    readonly code: SessionErrorCode;
    readonly took: number;
  }
  | { readonly type: "malformed" }
  | {
    readonly type: "unknown";
    readonly id: string;
    readonly ended: boolean;
  }
  | { readonly type: "wrongSecret" | "expired"; readonly id: string };

/**
 * Is told what happens to sessions.
 *
 * @example Collecting what a request does
 * ```ts
 * import { type SessionEvent, withSession } from "@aerys/session";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 * const events: SessionEvent[] = [];
 *
 * const handler = withSession(async (_request, session) => {
 *   await session.update(() => session.set("seen", new Date()));
 *   return new Response("Hello");
 * }, { kv, onEvent: (event) => events.push(event) });
 *
 * await handler(new Request("http://localhost/"));
 * assertEquals(
 *   events.map(({ type }) => type),
 *   ["opened", "created", "saved"],
 * );
 * ```
 */
export type SessionListener = (event: SessionEvent) => void;

/** A listener that cannot break a session: what it throws is logged. */
export function guarded(listener: SessionListener): SessionListener {
  return (event) => {
    const log = (error: unknown) =>
      console.error(`session: onEvent failed at "${event.type}":`, error);
    try {
      const result: unknown = listener(event);
      // An async function may be passed for one that returns nothing.
      if (result instanceof Promise) result.catch(log);
    } catch (error) {
      log(error);
    }
  };
}
