/**
 * A server with a session and telemetry, which ends after `GET /stop`.
 *
 * @module
 */
import { withSession } from "@aerys/session";
import { sessionTelemetry } from "@aerys/session/telemetry";

using kv = await Deno.openKv(":memory:");
const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();

const handler = withSession<{ n: unknown }>(async (request, session) => {
  switch (new URL(request.url).pathname) {
    case "/save":
      await session.open();
      session.set("n", 1);
      await session.save();
      break;
    case "/read":
      await session.read();
      break;
    case "/login":
      await session.open();
      await session.regenerate();
      await session.save();
      break;
    case "/logout":
      await session.open();
      await session.destroy();
      break;
    case "/fail":
      await session.open();
      session.set("n", () => {});
      await session.save();
      break;
    case "/stop":
      stop();
  }
  return new Response(session.id);
}, { kv, onEvent: sessionTelemetry() });

const server = Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`),
  onError: () => new Response(null, { status: 500 }),
}, handler);

await stopped;
await server.shutdown();
