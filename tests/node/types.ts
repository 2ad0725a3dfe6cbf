/** A program for Node, as text, because `tsc` is to check it and not Deno. */
export const types = `
import { LockError, withSession } from "@aerys/session";
import { freshSession } from "@aerys/session/fresh";
import { honoSession, type SessionVariables } from "@aerys/session/hono";
import { openKv } from "@deno/kv";
import { serve } from "srvx";

type Data = { visits: number };
const options = { kv: openKv("") };

serve({
  fetch: withSession<Data>(async (_request, session) => {
    const visits: number = session.get("visits") ?? 0;
    const variables: SessionVariables<Data> = { session };
    session.set("visits", visits + 1);
    // @ts-expect-error: a value of another type
    session.set("visits", "1");
    // @ts-expect-error: no such key
    session.set("visit", 1);
    return new Response(String(variables.session.size));
  }, options),
  error: (error) => {
    const busy = error instanceof LockError && error.code === "ERR_LOCK_TIMEOUT";
    return new Response(null, { status: busy ? 503 : 500 });
  },
});
freshSession<Data>(options);
honoSession<Data>(options);
// @ts-expect-error: no such option
withSession(() => new Response(), { tll: 1 });
`;
