import type { Session } from "@aerys/session";
import { type Data, define } from "../utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    const events = new TransformStream<Session<Data>, string>({
      transform(session, controller) {
        const items = JSON.stringify(session.get("items") ?? []);
        controller.enqueue(`data: ${items}\n\n`);
      },
      flush(controller) {
        controller.enqueue("event: end\ndata:\n\n");
      },
    });
    // When the browser leaves, the pipe ends changes(), too.
    const body = ReadableStream.from(ctx.state.session.changes())
      .pipeThrough(events)
      .pipeThrough(new TextEncoderStream());
    return new Response(body, {
      headers: {
        "cache-control": "no-store",
        "content-type": "text/event-stream",
      },
    });
  },
});
