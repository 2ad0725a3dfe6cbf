// deno-lint-ignore-file no-import-prefix
import { createHmac, timingSafeEqual } from "node:crypto";
import {
  createSession,
  type Session,
  type SessionStorage,
} from "npm:@remix-run/session@^0.4.2";
import { type Contender, type Ground, inProcess, ttl } from "../contender.ts";

const secret = crypto.randomUUID();
const expireIn = ttl * 1000;

/** `@remix-run/session` with a storage on KV, and the signed cookie that it asks for. */
export function remixSession({ kv, values }: Ground): Contender {
  const key = (id: string) => ["remix-session", id];
  const storage: SessionStorage = {
    async read(id) {
      if (id === null) return createSession();
      // deno-lint-ignore no-explicit-any -- its type for stored data is not exported
      const { value } = await kv.get<any>(key(id));
      return value === null ? createSession() : createSession(id, value);
    },
    async save(session) {
      if (session.deleteId) await kv.delete(key(session.deleteId));
      if (session.destroyed) {
        await kv.delete(key(session.id));
        return "";
      }
      if (!session.dirty) return null;
      await kv.set(key(session.id), session.data, { expireIn });
      return session.id;
    },
  };
  const handler =
    (handle: (session: Session) => string) => async (request: Request) => {
      const session = await storage.read(idOf(request));
      const response = new Response(handle(session));
      const id = await storage.save(session);
      if (id !== null) {
        response.headers.append(
          "set-cookie",
          `remix=${signed(id)}; Path=/; Max-Age=${ttl}; HttpOnly; SameSite=Lax`,
        );
      }
      return response;
    };
  const add = (session: Session) => {
    const count = Number(session.get("count")) + 1;
    session.set("count", count);
    return String(count);
  };
  const open = handler(add);
  return {
    name: "@remix-run/session",
    floor: "bare calls",
    ...inProcess,
    handlers: {
      begin: handler((session) => {
        for (const [key, value] of Object.entries(values)) {
          session.set(key, value);
        }
        session.set("count", 0);
        return "0";
      }),
      ignore: () => new Response("ok"),
      read: handler((session) => String(session.get("count"))),
      open,
      login: handler((session) => {
        session.regenerateId(true);
        return add(session);
      }),
    },
  };
}

function signed(id: string): string {
  return `${id}.${createHmac("sha256", secret).update(id).digest("base64url")}`;
}

function idOf(request: Request): string | null {
  const cookie = request.headers.get("cookie") ?? "";
  const value = /(?:^|; )remix=([^;]*)/.exec(cookie)?.[1];
  if (value === undefined) return null;
  const id = value.slice(0, value.indexOf("."));
  const expected = new TextEncoder().encode(signed(id));
  const given = new TextEncoder().encode(value);
  return expected.length === given.length && timingSafeEqual(expected, given)
    ? id
    : null;
}
