/**
 * Sessions for [Hono 4](https://hono.dev).
 *
 * @module
 */
import { configOf } from "./config.ts";
import type { SessionOptions } from "./options.ts";
import { Session } from "./session.ts";

/**
 * What {@linkcode honoSession} puts among the variables of Hono's context.
 *
 * @typeParam Data The session's values by key.
 */
export interface SessionVariables<
  Data extends object = Record<string, unknown>,
> {
  /** The session of the request: `c.get("session")` or `c.var.session`. */
  session: Session<Data>;
}

/** The part of Hono's `Context` that the middleware uses. */
export interface HonoContext<Data extends object> {
  /** The request, and the web-standard one in it. */
  readonly req: { readonly raw: Request };
  /** What a handler threw, if it was an `Error`. */
  readonly error: Error | undefined;
  /** Whether there is a response. */
  readonly finalized: boolean;
  /** The response; one that is set over another gets that one's headers. */
  res: Response | undefined;
  /** The variables; where the app declares `session`, it must be of this type. */
  readonly var: Readonly<Partial<SessionVariables<Data>>> & object;
  /** Sets a variable. */
  set(key: "session", session: Session<Data>): void;
}

/**
 * Makes a middleware that sets the variable `session`. `new Session(c.req.raw)`
 * is the same session, unless a later middleware has replaced `c.req.raw`.
 *
 * An untouched session costs no KV call and adds no header. A session that is
 * still locked when the handler throws is unlocked, its changes discarded; the
 * response to the error gets the cookie of what was stored before. When the
 * handler returns instead, the request fails: `app.onError()` gets a
 * `LockError` of `ERR_STILL_LOCKED`.
 *
 * Register it before what makes or replaces responses, such as `etag()` and
 * `timeout()`, and after `cache()`, which must see the session's headers.
 * Registered twice for one request, it does its work once; with another cookie
 * name or prefix it makes another session, and the variable is the last one's.
 *
 * @typeParam Data The session's values by key, to hold against what the app
 * declares as {@linkcode SessionVariables}; may be left out.
 * @param options How sessions are stored, kept, locked and named.
 * @returns The middleware, for `app.use()`.
 * @throws {TypeError | RangeError} If an option is invalid; the message names it.
 *
 * @example Counting visits
 * ```ts
 * import { honoSession, type SessionVariables } from "@aerys/session/hono";
 * import { Hono } from "npm:hono@^4";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 *
 * const app = new Hono<{ Variables: SessionVariables<{ visits: number }> }>();
 * app.use(honoSession({ kv }));
 * app.get("/", async (c) => {
 *   const session = c.get("session");
 *   await session.open();
 *   session.set("visits", (session.get("visits") ?? 0) + 1);
 *   await session.save();
 *   return c.text(`Visit ${session.get("visits")}`);
 * });
 *
 * const response = await app.request("/");
 * assertEquals(await response.text(), "Visit 1");
 * assertEquals(response.headers.getSetCookie().length, 1);
 * ```
 */
// deno-lint-ignore no-explicit-any -- what the app declares, where Data is not given
export function honoSession<Data extends object = any>(
  options: SessionOptions = {},
): (c: HonoContext<Data>, next: () => Promise<void>) => Promise<void> {
  configOf(options); // Throws now rather than at the first request.
  return async (c, next) => {
    const session = new Session<Data>(c.req.raw, options);
    if (c.var.session === session) return await next(); // An outer one answers.
    c.set("session", session);
    try {
      await next();
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    const failed = c.error !== undefined || !c.finalized;
    // What failed explains a lock that is still held.
    if (failed) await session[Symbol.asyncDispose]();
    if (!c.finalized) return; // Setting c.res would hide that none was made.
    try {
      replace(c, await session.respond(c.res!));
    } catch (error) {
      // Hono puts the headers of c.res on the response to the error.
      replace(c, await session.respond(c.res!));
      throw error;
    }
  };
}

/** Sets the response with no other headers than its own. */
function replace(
  c: Pick<HonoContext<object>, "res">,
  response: Response,
): void {
  c.res = undefined; // Over a response, Hono would take that one's headers.
  c.res = response;
}
