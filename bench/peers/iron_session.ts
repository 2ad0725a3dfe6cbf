// deno-lint-ignore-file no-import-prefix
import {
  getIronSession,
  type IronSession,
  webCookies,
} from "npm:iron-session@^9.0.1";
import { type Contender, type Ground, inProcess, ttl } from "../contender.ts";

type Data = Record<string, unknown> & { count: number };

const options = {
  cookieName: "iron",
  password: crypto.randomUUID(),
  ttl,
  chunk: true, // 4 KB of values take more than one cookie.
};

/** iron-session, whose cookie holds the values, encrypted. It cannot regenerate. */
export function ironSession({ values }: Ground): Contender {
  const handler = (
    handle: (session: IronSession<Data>) => string | Promise<string>,
  ) =>
  async (request: Request) => {
    const headers = new Headers();
    const jar = webCookies(request, headers);
    const session = await getIronSession<Data>(jar, options);
    return new Response(await handle(session), { headers });
  };
  return {
    name: "iron-session",
    floor: "bare calls",
    ...inProcess,
    handlers: {
      begin: handler(async (session) => {
        Object.assign(session, values, { count: 0 });
        await session.save();
        return "0";
      }),
      ignore: () => new Response("ok"),
      read: handler((session) => String(session.count)),
      open: handler(async (session) => {
        session.count = Number(session.count) + 1;
        await session.save();
        return String(session.count);
      }),
    },
  };
}
