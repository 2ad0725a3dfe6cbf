// deno-lint-ignore-file no-import-prefix -- so that this file runs as it is
/**
 * A login and a logout with Hono. Sign in as `ada` with the password
 * `enchantress`.
 *
 * @module
 */
import { LockError } from "@aerys/session";
import { honoSession, type SessionVariables } from "@aerys/session/hono";
import { Hono } from "npm:hono@^4";
import { createMiddleware } from "npm:hono@^4/factory";
import { html } from "npm:hono@^4/html";
import { HTTPException } from "npm:hono@^4/http-exception";
import { passwordMatches } from "./login_users.ts";

/** The session's values: a wrong key or type does not compile. */
interface Data {
  user: string;
  visits: number;
}

type Env = { Variables: SessionVariables<Data> };

/** What other requests did to the session; the rest are mistakes in this file. */
const busy = new Set(["ERR_LOCK_TIMEOUT", "ERR_QUEUE_FULL", "ERR_LOCK_LOST"]);

const app = new Hono<Env>();
app.use(honoSession());

app.get("/", async (c) => {
  const session = c.get("session");
  const user = await session.update(() => {
    session.set("visits", (session.get("visits") ?? 0) + 1);
    return session.get("user");
  });
  const form = user === null
    ? html`
      <form method="post" action="/login">
        <label>Name <input name="name" required></label>
        <label>Password <input name="password" type="password" required></label>
        <button>Log in</button>
      </form>
    `
    : html`
      <a href="/account">Account</a>
      <form method="post" action="/logout"><button>Log out</button></form>
    `;
  return c.html(html`<!DOCTYPE html>
    <p>Hello ${user ?? "stranger"}, visit ${session.get("visits")}</p>${form}`);
});

app.post("/login", async (c) => {
  const { name, password } = await c.req.parseBody();
  // Before open(): hashing is slow, and others would wait for the lock.
  if (!await passwordMatches(String(name), String(password))) {
    throw new HTTPException(403, { message: "Wrong name or password" });
  }
  const session = await c.get("session").open();
  session.set("user", String(name));
  // A new id with the old visits: whoever knew the old id is not logged in.
  await session.regenerate();
  await session.save();
  return c.redirect("/", 303);
});

app.post("/logout", async (c) => {
  const session = await c.get("session").open();
  await session.destroy();
  return c.redirect("/", 303);
});

/** Lets nobody through who is not logged in. */
const loggedIn = createMiddleware<Env>(async (c, next) => {
  const session = await c.get("session").read(); // no lock: it waits for nobody
  if (!session.has("user")) throw new HTTPException(401);
  await next();
});

app.get(
  "/account",
  loggedIn,
  (c) => c.text(`The account of ${c.get("session").get("user")}`),
);

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof LockError && busy.has(error.code)) {
    return c.text("Busy. Try again.", 503, { "retry-after": "1" });
  }
  console.error(error);
  return c.text("Internal Server Error", 500);
});

Deno.serve(app.fetch);
