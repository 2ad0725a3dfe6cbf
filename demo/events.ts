import type { Session } from "@aerys/session";
import type { Data } from "./counters.ts";

/**
 * Server-sent events of what is stored: a `stored` with the values as JSON, at
 * first and after each commit, whichever request makes it; and an `over` once
 * there is no such session, or at once if there is none.
 *
 * No lock is held. Nor is the session read before: `read()` would take a notice
 * that is meant for the page.
 *
 * @param signal Ends the stream early.
 */
export function eventsOf(
  session: Session<Data>,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const changes = session.changes({ signal });
  const events = new ReadableStream<string>({
    async pull(events) {
      try {
        const { done } = await changes.next();
        events.enqueue(done ? "event: over\ndata:\n\n" : stored(session));
        if (done) events.close();
      } catch (error) {
        if (!signal.aborted) throw error;
        events.close();
      }
    },
    // At once; a generator around changes() would notice at the next change.
    async cancel() {
      await changes.return?.();
    },
  });
  return events.pipeThrough(new TextEncoderStream());
}

function stored(session: Session<Data>): string {
  const values = {
    id: session.id,
    visits: session.get("visits") ?? 0,
    count: session.get("count") ?? 0,
    user: session.get("user"),
  };
  return `event: stored\ndata: ${JSON.stringify(values)}\n\n`;
}
