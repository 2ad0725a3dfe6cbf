/**
 * Sessions for [Fresh 2](https://fresh.deno.dev).
 *
 * @module
 */
import { configOf } from "./config.ts";
import type { SessionOptions } from "./options.ts";
import { Session } from "./session.ts";

/** The part of Fresh's `Context` that the middleware uses. */
export interface FreshContext<Data extends object> {
  /** The request. */
  readonly req: Request;
  /** What middlewares share; the session is put here. */
  readonly state: { session?: Session<Data> };
  /** Calls what comes next; rejects on errors, the default 404 among them. */
  next(): Promise<Response>;
}

/**
 * Makes a middleware that sets `ctx.state.session`. Register it after
 * `staticFiles()`. `new Session(ctx.req)` is the same session.
 *
 * Fresh renders error pages outside the middleware, so their responses miss
 * the session's headers. Where an error may follow `regenerate()` or the first
 * `save()`, let the error handler answer with `ctx.state.session.respond()`.
 *
 * @typeParam Data The session's values by key.
 * @param options How sessions are stored, kept, locked and named.
 * @returns The middleware, for `app.use()` or `define.middleware()`.
 * @throws {TypeError | RangeError} If an option is invalid; the message names it.
 *
 * @example A middleware, called as Fresh calls it
 * ```ts
 * import { freshSession } from "@aerys/session/fresh";
 * import type { Session } from "@aerys/session";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 * type State = { session: Session<{ user: string }> };
 *
 * const middleware = freshSession<{ user: string }>({ kv });
 * const state = {} as State;
 * const response = await middleware({
 *   req: new Request("http://localhost/"),
 *   state,
 *   async next() {
 *     await state.session.open();
 *     state.session.set("user", "ada");
 *     await state.session.save();
 *     return new Response("Hello");
 *   },
 * });
 * assertEquals(response.headers.getSetCookie().length, 1);
 * ```
 */
export function freshSession<Data extends object = Record<string, unknown>>(
  options: SessionOptions = {},
): (ctx: FreshContext<Data>) => Promise<Response> {
  configOf(options); // Throws now rather than at the first request.
  return async (ctx) => {
    const session = new Session<Data>(ctx.req, options);
    ctx.state.session = session;
    let response: Response;
    try {
      response = await ctx.next();
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    return await respond(session, response);
  };
}

/** Where `ctx.render()` leaves the nonce on a response, for Fresh's `csp()`. */
const nonce = Symbol.for("__freshNonce");

/** Ends the request; a copy of the response keeps the nonce. */
async function respond<Data extends object>(
  session: Session<Data>,
  response: Response,
): Promise<Response> {
  const answer = await session.respond(response);
  if (answer !== response && nonce in response) {
    Object.assign(answer, { [nonce]: response[nonce] });
  }
  return answer;
}
