import { define } from "../utils.ts";

export const handler = define.handlers({
  async POST(ctx) {
    const form = await ctx.req.formData();
    // A real application checks a password here, before it takes the lock.
    const user = String(form.get("name") ?? "").trim().slice(0, 40);
    const { session } = ctx.state;
    await session.open();
    if (user !== "") session.set("user", user);
    // A new id with the old data: whoever knew the old id is not logged in.
    await session.regenerate();
    await session.save();
    return ctx.redirect("/", 303);
  },
});
