import { withSession } from "@aerys/session";

Deno.serve(withSession(async (_request, session) => {
  await session.open(); // waits for the lock, then reads
  session.set("visits", (session.get<number>("visits") ?? 0) + 1);
  await session.save(); // writes and unlocks, in one commit
  return new Response(`Visit ${session.get("visits")}`);
}));
