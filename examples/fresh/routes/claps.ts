import { define } from "../utils.ts";

export const handler = define.handlers({
  async POST(ctx) {
    const { session } = ctx.state;
    const claps = await session.update(() => {
      const next = (session.get("claps") ?? 0) + 1;
      session.set("claps", next);
      return next;
    });
    return Response.json(claps);
  },
});
