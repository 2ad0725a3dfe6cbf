import { passwordMatches } from "../users.ts";
import { define } from "../utils.ts";

export const handler = define.handlers({
  async POST(ctx) {
    const form = await ctx.req.formData();
    const name = String(form.get("name"));
    const password = String(form.get("password"));
    // Before open(): hashing is slow, and others would wait for the lock.
    const matches = await passwordMatches(name, password);
    const session = await ctx.state.session.open();
    if (matches) {
      session.set("user", name);
      session.flash("notice", `Welcome, ${name}.`);
      // A new id with the old values: whoever knew the old id is not logged in.
      await session.regenerate();
    } else {
      session.flash("notice", "Wrong name or password.");
    }
    await session.save();
    return ctx.redirect("/", 303);
  },
});
