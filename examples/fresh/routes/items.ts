import { HttpError } from "fresh";
import { define } from "../utils.ts";

export const handler = define.handlers({
  async POST(ctx) {
    const form = await ctx.req.formData();
    const item = String(form.get("item")).trim().slice(0, 40);
    // What the function throws goes on, and nothing is saved.
    await ctx.state.session.update((session) => {
      if (!session.has("user")) throw new HttpError(403, "Log in first");
      session.set("items", [...session.get("items") ?? [], item]);
      session.flash("notice", `Added ${item}.`);
    });
    return ctx.redirect("/", 303);
  },
});
