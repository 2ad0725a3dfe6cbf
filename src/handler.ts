import { configOf } from "./config.ts";
import type { SessionOptions } from "./options.ts";
import { Session } from "./session.ts";

/**
 * Wraps a handler so that it gets the session of each request, and so that its
 * response gets the session's headers. It fits `Deno.serve` and every server
 * that calls a function of a `Request`; further arguments are handed on.
 *
 * An untouched session costs no KV call and adds no header. A session that is
 * still locked when the handler throws is unlocked, its changes discarded, and
 * the error goes on; when the handler returns instead, the request fails.
 *
 * @typeParam Data The session's values by key.
 * @typeParam Rest The arguments that the server passes after the request.
 * @param handler Answers the request.
 * @param options How sessions are stored, kept, locked and named.
 * @returns The handler to serve. It rejects with what the handler throws, or
 * with a `LockError` of `ERR_STILL_LOCKED` if it leaves the session locked.
 * @throws {TypeError | RangeError} If an option is invalid; the message names it.
 *
 * @example Counting visits
 * ```ts
 * import { withSession } from "@aerys/session";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 *
 * const handler = withSession(async (_request, session) => {
 *   await session.open();
 *   session.set("visits", (session.get<number>("visits") ?? 0) + 1);
 *   await session.save();
 *   return new Response(`Visit ${session.get("visits")}`);
 * }, { kv });
 *
 * const response = await handler(new Request("http://localhost/"));
 * assertEquals(await response.text(), "Visit 1");
 * ```
 */
export function withSession<
  Data extends object = Record<string, unknown>,
  // deno-lint-ignore no-explicit-any -- the server's own arguments, where only Data is given
  Rest extends unknown[] = any[],
>(
  handler: (
    request: Request,
    session: Session<Data>,
    ...rest: Rest
  ) => Response | Promise<Response>,
  options: SessionOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  configOf(options); // Throws now rather than at the first request.
  return async (request, ...rest) => {
    const session = new Session<Data>(request, options);
    let response: Response;
    try {
      response = await handler(request, session, ...rest);
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
    return await session.respond(response);
  };
}
