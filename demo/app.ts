import { LockError, type Session, withSession } from "@aerys/session";
import { countLocked, type Data, LockFree } from "./counters.ts";
import { eventsOf } from "./events.ts";
import { renderError } from "./layout.ts";
import { renderPage } from "./page.ts";

/** What the demo needs. */
export interface AppOptions {
  /** The database of the sessions, and of the counter without a lock. */
  kv: Deno.Kv;
  /**
   * Ends the event streams, which a server would else wait for when it stops.
   *
   * @default {undefined} they end with the session, or with the page
   */
  signal?: AbortSignal;
}

const never = new AbortController().signal;

const files: Record<string, string> = {
  "/app.js": "text/javascript; charset=utf-8",
  "/live.js": "text/javascript; charset=utf-8",
  "/style.css": "text/css; charset=utf-8",
  "/icon.svg": "image/svg+xml",
};

const headers = {
  "content-security-policy": "default-src 'none'; script-src 'self'; " +
    "style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
};

/** What another request did to the session; the rest are mistakes of a handler. */
const busy = new Set(["ERR_LOCK_TIMEOUT", "ERR_QUEUE_FULL", "ERR_LOCK_LOST"]);

/** Makes the demo's handler. */
export function createApp(
  { kv, signal = never }: AppOptions,
): (request: Request) => Promise<Response> {
  // A name of its own: on localhost all ports share their cookies.
  const options = { kv, cookie: { name: "__Host-demo" } };
  return withSession(async (request, session: Session<Data>) => {
    try {
      return await route(request, session, { kv, signal });
    } catch (error) {
      if (!(error instanceof LockError && busy.has(error.code))) throw error;
      const response = page(renderError("Another request was faster"), 503);
      response.headers.set("retry-after", "1");
      return response;
    }
  }, options);
}

async function route(
  request: Request,
  session: Session<Data>,
  { kv, signal }: Required<AppOptions>,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST" && isForeign(request)) {
    return page(renderError("This form was sent from another site"), 403);
  }
  switch (`${request.method} ${pathname}`) {
    case "GET /":
      return await visit(session);
    case "POST /login":
      return await login(request, session);
    case "POST /logout":
      return await logout(session);
    case "GET /events":
      return follow(session, signal);
    case "GET /locked":
    case "POST /locked":
    case "GET /lock-free":
    case "POST /lock-free":
      return await count(request.method, pathname, session, kv);
  }
  const type = files[pathname];
  if (type === undefined || request.method !== "GET") {
    return page(renderError("There is nothing here"), 404);
  }
  const file = await Deno.readFile(new URL(`.${pathname}`, import.meta.url));
  return new Response(file, {
    headers: { ...headers, "content-type": type, "cache-control": "no-cache" },
  });
}

async function visit(session: Session<Data>): Promise<Response> {
  await session.open();
  session.set("visits", (session.get("visits") ?? 0) + 1);
  await session.save();
  return page(renderPage(session));
}

async function login(
  request: Request,
  session: Session<Data>,
): Promise<Response> {
  const form = await request.formData().catch(() => new FormData());
  const name = String(form.get("name") ?? "").trim();
  if (name === "" || name.length > 40) {
    await session.read();
    return page(renderPage(session, "A name has 1 to 40 characters."), 400);
  }
  await session.open();
  session.set("user", name);
  if (session.id !== null) session.set("idBefore", session.id);
  session.flash("notice", `Welcome, ${name}. You are logged in.`);
  // A new id with the same data: who knew the old one does not get in.
  await session.regenerate();
  await session.save();
  return seeOther("/");
}

async function logout(session: Session<Data>): Promise<Response> {
  await session.open();
  const loggedIn = session.get("user") !== null;
  await session.destroy();
  if (loggedIn) {
    // The next page belongs to a new session, which begins with this notice.
    await session.open();
    session.flash("notice", "You are logged out.");
    await session.save();
  }
  return seeOther("/");
}

/** Tells the page of every change, for as long as it listens. */
function follow(session: Session<Data>, signal: AbortSignal): Response {
  return new Response(eventsOf(session, signal), {
    headers: {
      ...headers,
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    },
  });
}

/** Tells one of the two counters, after adding one if it is a POST. */
async function count(
  method: string,
  pathname: string,
  session: Session<Data>,
  kv: Deno.Kv,
): Promise<Response> {
  await session.read();
  const { id } = session;
  if (id === null) {
    return Response.json({ error: "no session" }, { status: 409, headers });
  }
  const lockFree = new LockFree(kv, id);
  const value = pathname === "/lock-free"
    ? await (method === "POST" ? lockFree.count() : lockFree.get())
    : method === "POST"
    ? await countLocked(session)
    : session.get("count") ?? 0;
  return Response.json({ count: value }, { headers });
}

/**
 * Whether a browser says that another site sent the request. `SameSite` keeps
 * the cookie from such a request, but a login needs no cookie to do harm.
 */
function isForeign({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site") ?? "none";
  return site !== "same-origin" && site !== "none";
}

function page(body: string, status = 200): Response {
  return new Response(body, {
    status,
    headers: {
      ...headers,
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
    },
  });
}

function seeOther(location: string): Response {
  return new Response(null, {
    status: 303,
    headers: { ...headers, location },
  });
}
