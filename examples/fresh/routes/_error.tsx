import { LockError } from "@aerys/session";
import { HttpError } from "fresh";
import { define } from "../utils.ts";

/** What other requests did to the session; the rest are mistakes in this app. */
const busy = new Set(["ERR_LOCK_TIMEOUT", "ERR_QUEUE_FULL", "ERR_LOCK_LOST"]);

function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  return error instanceof LockError && busy.has(error.code) ? 503 : 500;
}

const titles: Record<number, string> = {
  403: "You may not do that",
  404: "There is no such page",
  503: "Busy: try again",
};

export const handler = define.handlers(async (ctx) => {
  const status = statusOf(ctx.error);
  if (status === 500) console.error(ctx.error);
  const response = await ctx.render(
    <main>
      <h1>{titles[status] ?? "Something went wrong"}</h1>
      <p>
        <a href="/">Home</a>
      </p>
    </main>,
    { status },
  );
  // Fresh renders error pages outside the middlewares, so freshSession() does
  // not see this response: put the session's cookie on it here.
  return await ctx.state.session.respond(response);
});
