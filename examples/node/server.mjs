import { withSession } from "@aerys/session";
import { openKv } from "@deno/kv";
import { serve } from "srvx";

const kv = await openKv(process.env.KV ?? "sessions.db");

serve({
  fetch: withSession(async (request, session) => {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "GET /":
        await session.open(); // waits for the lock, then reads
        session.set("visits", (session.get("visits") ?? 0) + 1);
        await session.save(); // writes and unlocks, in one commit
        return new Response(`Visit ${session.get("visits")}`);
      case "GET /name":
        await session.read(); // one KV read, no lock
        return new Response(`Hello ${session.get("user") ?? "stranger"}`);
      case "POST /login": // after the password was checked
        await session.open();
        await session.regenerate(); // a new id, and the end of the old one
        session.set("user", "ada");
        await session.save();
        return Response.redirect(new URL("/name", request.url), 303);
      case "POST /logout":
        await session.open();
        await session.destroy();
        return new Response("Bye");
      default: // an untouched session costs no KV call and adds no header
        return new Response("Not found", { status: 404 });
    }
  }, { kv }),
});
