import { type Session, withSession } from "@aerys/session";
import { type Contender, type Ground, inProcess, ttl } from "../contender.ts";

interface Data {
  [key: string]: unknown;
  count: number;
}

/** This library. */
export function own(name: string, { kv, values }: Ground): Contender {
  const options = { kv, ttl };
  const add = (session: Session<Data>) => {
    const count = session.get("count")! + 1;
    session.set("count", count);
    return count;
  };
  return {
    name,
    floor: "bare calls",
    ...inProcess,
    handlers: {
      begin: withSession<Data>(async (_request, session) => {
        await session.open();
        for (const [key, value] of Object.entries(values)) {
          session.set(key, value);
        }
        session.set("count", 0);
        await session.save();
        return new Response();
      }, options),
      ignore: withSession<Data>(() => new Response("ok"), options),
      read: withSession<Data>(async (_request, session) => {
        await session.read();
        return new Response(String(session.get("count")));
      }, options),
      open: withSession<Data>(async (_request, session) => {
        await session.open();
        const count = add(session);
        await session.save();
        return new Response(String(count));
      }, options),
      update: withSession<Data>(async (_request, session) => {
        const count = await session.update(() => add(session));
        return new Response(String(count));
      }, options),
      login: withSession<Data>(async (_request, session) => {
        await session.open();
        await session.regenerate();
        const count = add(session);
        await session.save();
        return new Response(String(count));
      }, options),
    },
  };
}
