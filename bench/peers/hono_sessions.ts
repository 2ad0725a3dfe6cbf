// deno-lint-ignore-file no-import-prefix
import { type Context, Hono } from "npm:hono@^4";
import { type Session, sessionMiddleware } from "npm:hono-sessions@^0.8.1";
import { type Contender, type Ground, inProcess, ttl } from "../contender.ts";

interface Env {
  Variables: {
    session: Session<Record<string, unknown>>;
    session_key_rotation: boolean;
  };
}

const expireIn = ttl * 1000;

/** hono-sessions; its store has no word for a time to live, so KV is told here. */
export function honoSessions({ kv, values }: Ground): Contender {
  const key = (id: string) => ["hono-sessions", id];
  const write = async (id: string, data: unknown) =>
    void await kv.set(key(id), data, { expireIn });
  const app = new Hono<Env>();
  app.use(
    "*",
    sessionMiddleware({
      store: {
        getSessionById: async (id?: string) =>
          // deno-lint-ignore no-explicit-any -- its type for stored data is not exported
          (await kv.get<any>(key(id!))).value,
        createSession: write,
        persistSessionData: write,
        deleteSession: (id: string) => kv.delete(key(id)),
      },
      expireAfterSeconds: ttl,
      cookieOptions: { sameSite: "Lax", path: "/", httpOnly: true },
    }),
  );
  const add = (c: Context<Env>) => {
    const session = c.get("session");
    const count = Number(session.get("count")) + 1;
    session.set("count", count);
    return c.text(String(count));
  };
  app.get("/begin", (c) => {
    const session = c.get("session");
    for (const [key, value] of Object.entries(values)) session.set(key, value);
    session.set("count", 0);
    return c.text("0");
  });
  app.get("/ignore", (c) => c.text("ok"));
  app.get("/read", (c) => c.text(String(c.get("session").get("count"))));
  app.get("/open", add);
  app.get("/login", (c) => {
    c.set("session_key_rotation", true);
    return add(c);
  });
  const handle = (request: Request) => app.fetch(request);
  return {
    name: "hono-sessions",
    floor: "bare calls",
    ...inProcess,
    handlers: {
      begin: handle,
      ignore: handle,
      read: handle,
      open: handle,
      login: handle,
    },
  };
}
