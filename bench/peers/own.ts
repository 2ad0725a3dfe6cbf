import { type Session, withSession } from "@aerys/session";
import { type Contender, type Ground, inProcess, ttl } from "../contender.ts";

interface Data {
  [key: string]: unknown;
  count: number;
}

/** This library, where a handler asks for every value, which most have no need to. */
export function ownOfAll(name: string, ground: Ground): Contender {
  const options = { kv: ground.kv, ttl };
  const all = (session: Session<Data>) => new Map(session.entries());
  const contender = own(name, ground);
  const { begin } = contender.handlers;
  return {
    ...contender,
    handlers: {
      begin: begin!,
      read: withSession<Data>(async (_request, session) => {
        await session.read();
        return new Response(String(all(session).get("count")));
      }, options),
      update: withSession<Data>(async (_request, session) => {
        const count = await session.update(() => {
          const count = all(session).get("count") as number + 1;
          session.set("count", count);
          return count;
        });
        return new Response(String(count));
      }, options),
    },
  };
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
