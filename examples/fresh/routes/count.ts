import { define } from "../utils.ts";

export const handler = define.handlers({
  async POST(ctx) {
    const count = await ctx.state.session.update((session) => {
      const next = (session.get("count") ?? 0) + 1;
      session.set("count", next);
      return next;
    });
    return Response.json(count);
  },
});
