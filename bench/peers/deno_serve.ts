import type { Contender, Deed, Handlers } from "../contender.ts";

/** Serves a contender's handlers over loopback. */
export function served({ name, handlers: all }: Contender): Contender {
  const { retry: _, ...handlers }: Handlers = all; // Once is enough.
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => {
      const deed = new URL(request.url).pathname.slice(1);
      return (handlers as Handlers)[deed as Deed]!(request);
    },
  );
  const handle = (request: Request) => fetch(request);
  return {
    name: `${name} over Deno.serve`,
    floor: "bare calls over Deno.serve",
    origin: `http://127.0.0.1:${server.addr.port}`,
    loopback: true,
    handlers: Object.fromEntries(
      Object.keys(handlers).map((deed) => [deed, handle]),
    ),
    close: () => server.shutdown(),
  };
}
