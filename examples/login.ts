/**
 * A login and a logout. Sign in as `ada` with the password `enchantress`.
 *
 * @module
 */
import { LockError, type Session, withSession } from "@aerys/session";
import { passwordMatches } from "./login_users.ts";

/** The session's values: a wrong key or type does not compile. */
interface Data {
  user: string;
  visits: number;
}

/** What other requests did to the session; the rest are mistakes in this file. */
const busy = new Set(["ERR_LOCK_TIMEOUT", "ERR_QUEUE_FULL", "ERR_LOCK_LOST"]);

Deno.serve(withSession(async (request, session: Session<Data>) => {
  try {
    return await route(request, session);
  } catch (error) {
    if (!(error instanceof LockError && busy.has(error.code))) throw error;
    const headers = { "retry-after": "1" };
    return new Response("Busy. Try again.", { status: 503, headers });
  }
}));

async function route(
  request: Request,
  session: Session<Data>,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (`${request.method} ${pathname}`) {
    case "GET /":
      return await home(session);
    case "POST /login":
      return await login(request, session);
    case "POST /logout":
      return await logout(session);
  }
  return new Response("Not found", { status: 404 });
}

async function home(session: Session<Data>): Promise<Response> {
  const user = await session.update(() => {
    session.set("visits", (session.get("visits") ?? 0) + 1);
    return session.get("user");
  });
  const form = user === null
    ? `<form method="post" action="/login">
         <label>Name <input name="name" required></label>
         <label>Password <input name="password" type="password" required></label>
         <button>Log in</button>
       </form>`
    : `<form method="post" action="/logout"><button>Log out</button></form>`;
  // A user's name would have to be escaped, were it not one of our own.
  const page = `<!DOCTYPE html>
    <p>Hello ${user ?? "stranger"}, visit ${session.get("visits")}</p>${form}`;
  return new Response(page, {
    headers: { "content-type": "text/html; charset=utf-8" },
  });
}

async function login(
  request: Request,
  session: Session<Data>,
): Promise<Response> {
  const form = await request.formData().catch(() => new FormData());
  const name = String(form.get("name") ?? "");
  const password = String(form.get("password") ?? "");
  // Before open(): hashing is slow, and others would wait for the lock.
  if (!await passwordMatches(name, password)) {
    return new Response("Wrong name or password", { status: 403 });
  }
  await session.open();
  session.set("user", name);
  // A new id with the old visits: whoever knew the old id is not logged in.
  await session.regenerate();
  await session.save();
  return seeOther("/");
}

async function logout(session: Session<Data>): Promise<Response> {
  await session.open();
  await session.destroy();
  return seeOther("/");
}

/** A redirect after a form, so that a reload does not send it again. */
function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}
