import { define } from "../utils.ts";

export const handler = define.handlers({
  async POST(ctx) {
    const session = await ctx.state.session.open();
    await session.destroy();
    return ctx.redirect("/", 303);
  },
});
