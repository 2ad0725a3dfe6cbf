// deno-lint-ignore-file no-import-prefix -- only these tests need Hono
import { honoSession, type SessionVariables } from "@aerys/session/hono";
import type { LockError, SessionOptions } from "@aerys/session";
import { type Context, Hono } from "npm:hono@^4";
import type { Browser } from "./support.ts";

export { type Context, Hono } from "npm:hono@^4";
export { bodyLimit } from "npm:hono@^4/body-limit";
export { cache } from "npm:hono@^4/cache";
export { compress } from "npm:hono@^4/compress";
export { deleteCookie, setCookie } from "npm:hono@^4/cookie";
export { cors } from "npm:hono@^4/cors";
export { upgradeWebSocket } from "npm:hono@^4/deno";
export { etag } from "npm:hono@^4/etag";
export { createFactory, createMiddleware } from "npm:hono@^4/factory";
export { HTTPException } from "npm:hono@^4/http-exception";
export { secureHeaders } from "npm:hono@^4/secure-headers";
export { stream, streamSSE } from "npm:hono@^4/streaming";
export { timeout } from "npm:hono@^4/timeout";

/** The values that most tests store. */
export interface Data {
  a: number;
}

/** What the tests declare of an app. */
export interface Env {
  Variables: SessionVariables<Data>;
}

/** An app whose requests have a session. */
export function appOf(options: SessionOptions): Hono<Env> {
  const app = new Hono<Env>();
  app.use(honoSession(options));
  return app;
}

/** Makes a request as the browser, which keeps the cookies of the response. */
export async function visit(
  app: { request(request: Request): Response | Promise<Response> },
  browser: Browser,
  path = "/",
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (browser.cookies.size > 0) headers.set("cookie", browser.cookie);
  const url = new URL(path, browser.url);
  const response = await app.request(new Request(url, { ...init, headers }));
  for (const header of response.headers.getSetCookie()) {
    const [pair = "", ...attributes] = header.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    if (attributes.includes("Max-Age=0")) browser.cookies.delete(name);
    else browser.cookies.set(name, value);
  }
  return response;
}

/** The names of the cookies that the response sets, in order. */
export function cookieNames(response: Response): string[] {
  return response.headers.getSetCookie().map((cookie) => cookie.split("=")[0]!);
}

/** A handler that increments `a` under the lock, and answers with it. */
export async function increment(c: Context<Env>): Promise<Response> {
  const session = c.get("session");
  await session.open();
  session.set("a", (session.get("a") ?? 0) + 1);
  await session.save();
  return c.text(String(session.get("a")));
}

/** Answers errors with their code or message, and keeps them. */
export function collect(app: Hono<Env>): Error[] {
  const errors: Error[] = [];
  app.onError((error, c) => {
    errors.push(error);
    c.header("x-error", "1");
    return c.text((error as LockError).code ?? error.message, 500);
  });
  return errors;
}

/** Leaves the session locked and changed. */
export async function lock(c: Context<Env>): Promise<void> {
  await c.get("session").open();
  c.get("session").set("a", 2);
}
