import { BareCalls } from "../bare_calls.ts";
import { type Contender, type Ground, inProcess } from "../contender.ts";

/** The floor: what no session can be faster than. */
export function bare(name: string, ground: Ground): Contender {
  const calls = new BareCalls(ground);
  const idOf = (request: Request) =>
    request.headers.get("cookie")!.slice("id=".length);
  const withCookie = (id: string, count: number) =>
    new Response(String(count), { headers: { "set-cookie": `id=${id}` } });
  return {
    name,
    floor: "bare calls",
    ...inProcess,
    handlers: {
      begin: async () => withCookie(await calls.begin(), 0),
      ignore: () => new Response("ok"),
      read: async (request) =>
        new Response(String(await calls.read(idOf(request)))),
      open: async (request) =>
        new Response(String(await calls.open(idOf(request)))),
      update: async (request) =>
        new Response(String(await calls.update(idOf(request)))),
      queue: async (request) =>
        new Response(String(await calls.queue(idOf(request)))),
      retry: async (request) =>
        new Response(String(await calls.retry(idOf(request)))),
      login: async (request) => {
        const { id, count } = await calls.login(idOf(request));
        return withCookie(id, count);
      },
    },
  };
}
