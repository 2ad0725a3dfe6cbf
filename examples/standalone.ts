/**
 * A shopping list without a wrapper: `GET /` shows it, and `POST /` adds the
 * line that is its body.
 *
 * @module
 */
import { Session, type SessionOptions } from "@aerys/session";

interface Data {
  items: string[];
}

/** One object for all requests: it is checked once. */
const options: SessionOptions = { ttl: 14 * 24 * 3600 };

async function handler(request: Request): Promise<Response> {
  // However this function ends, the session is unlocked.
  await using session = new Session<Data>(request, options);
  if (request.method === "POST") {
    // Before open(): a slow sender must not hold the lock.
    const item = (await request.text()).trim();
    await session.open();
    add(session, item);
    await session.save();
  } else {
    await session.read(); // no lock: it waits for nobody
  }
  const list = (session.get("items") ?? []).join("\n");
  return await session.respond(new Response(list));
}

function add(session: Session<Data>, item: string): void {
  const items = session.get("items") ?? [];
  session.set("items", [...items, item]);
  // What was set before a throw is discarded, not saved.
  if (item === "") throw new RangeError("An item has at least one letter");
  if (items.length === 10) throw new RangeError("Ten items are enough");
}

function onError(error: unknown): Response {
  if (error instanceof RangeError) {
    return new Response(error.message, { status: 422 });
  }
  console.error(error);
  return new Response("Internal Server Error", { status: 500 });
}

Deno.serve({ onError }, handler);
