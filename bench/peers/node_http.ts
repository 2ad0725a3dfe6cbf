import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { BareCalls } from "../bare_calls.ts";
import type { Contender, Deed, Ground } from "../contender.ts";

/** Answers a request, as `node:http` calls it. */
export type Listener = (
  request: IncomingMessage,
  response: ServerResponse,
) => void | Promise<void>;

/** Serves the listeners over loopback. */
export async function listen(
  name: string,
  listeners: Partial<Record<Deed, Listener>>,
): Promise<Contender> {
  const server = createServer((request, response) =>
    void listeners[request.url!.slice(1) as Deed]!(request, response)
  );
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const { port } = server.address() as AddressInfo;
  const handle = (request: Request) => fetch(request);
  return {
    name,
    floor: "bare calls over node:http",
    origin: `http://127.0.0.1:${port}`,
    loopback: true,
    handlers: Object.fromEntries(
      Object.keys(listeners).map((deed) => [deed, handle]),
    ),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The floor of what is served over `node:http`. */
export function bareOverNode(ground: Ground): Promise<Contender> {
  const calls = new BareCalls(ground);
  const idOf = (request: IncomingMessage) =>
    request.headers.cookie!.slice("id=".length);
  const answering =
    (call: (id: string) => Promise<number>): Listener =>
    async (request, response) =>
      void response.end(String(await call(idOf(request))));
  return listen("bare calls over node:http", {
    begin: async (_request, response) => {
      response.setHeader("set-cookie", `id=${await calls.begin()}`);
      response.end("0");
    },
    ignore: (_request, response) => void response.end("ok"),
    read: answering((id) => calls.read(id)),
    open: answering((id) => calls.open(id)),
    update: answering((id) => calls.update(id)),
    queue: answering((id) => calls.queue(id)),
    login: async (request, response) => {
      const { id, count } = await calls.login(idOf(request));
      response.setHeader("set-cookie", `id=${id}`);
      response.end(String(count));
    },
  });
}
