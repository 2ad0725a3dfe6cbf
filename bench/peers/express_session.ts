// deno-lint-ignore-file no-import-prefix no-explicit-any -- express-session brings no types
import session from "npm:express-session@^1.19.0";
import { type Contender, type Ground, ttl } from "../contender.ts";
import { listen, type Listener } from "./node_http.ts";

const expireIn = ttl * 1000;

/** express-session on `node:http`, without Express, whose cost is not the session's. */
export function expressSession({ kv, values }: Ground): Promise<Contender> {
  const key = (id: string) => ["express-session", id];
  class Store extends (session as any).Store {
    get(id: string, done: (error: unknown, session?: unknown) => void) {
      kv.get<string>(key(id)).then(
        ({ value }) => done(null, value === null ? null : JSON.parse(value)),
        done,
      );
    }
    set(id: string, data: unknown, done: (error?: unknown) => void) {
      kv.set(key(id), JSON.stringify(data), { expireIn })
        .then(() => done(), done);
    }
    destroy(id: string, done: (error?: unknown) => void) {
      kv.delete(key(id)).then(() => done(), done);
    }
  }
  const middleware = (session as any)({
    secret: crypto.randomUUID(),
    resave: false,
    saveUninitialized: false,
    store: new Store(),
    cookie: { maxAge: ttl * 1000 },
  });
  const using =
    (listener: (request: any, response: any) => void): Listener =>
    (request, response) =>
      middleware(request, response, (error?: unknown) => {
        if (error === undefined) listener(request, response);
        else response.destroy(error as Error);
      });
  return listen("express-session over node:http", {
    begin: using((request, response) => {
      Object.assign(request.session, values, { count: 0 });
      response.end("0");
    }),
    ignore: using((_request, response) => response.end("ok")),
    read: using((request, response) =>
      response.end(String(request.session.count))
    ),
    open: using((request, response) => {
      request.session.count++;
      response.end(String(request.session.count));
    }),
    // The new session is empty, so its values are carried over.
    login: using((request, response) => {
      const { cookie: _, ...old } = request.session;
      request.session.regenerate((error?: Error) => {
        if (error) return response.destroy(error);
        Object.assign(request.session, old, { count: old.count + 1 });
        response.end(String(request.session.count));
      });
    }),
  });
}
