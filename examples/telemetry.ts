/**
 * Counts visits, with a span for each operation on the session, metrics, and a
 * line of JSON for what somebody should look into. docs/telemetry.md says how
 * to have them collected.
 *
 * @module
 */
import { type SessionListener, withSession } from "@aerys/session";
import { sessionTelemetry } from "@aerys/session/telemetry";

const telemetry = sessionTelemetry();

const alarming = ["takenOver", "lost", "failed", "wrongSecret"];

const onEvent: SessionListener = (event) => {
  telemetry(event);
  if (alarming.includes(event.type)) console.warn(JSON.stringify(event));
};

const server = Deno.serve(
  withSession<{ visits: number }>(async (_request, session) => {
    await session.open();
    session.set("visits", (session.get("visits") ?? 0) + 1);
    await session.save();
    return new Response(`Visit ${session.get("visits")}`);
  }, { onEvent }),
);

// What was not exported yet is exported when the process ends by itself.
Deno.addSignalListener("SIGINT", () => server.shutdown());
