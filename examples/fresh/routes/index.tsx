import { page } from "fresh";
import Claps from "../islands/Claps.tsx";
import { define } from "../utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    const { session } = ctx.state;
    const visits = await session.update(() => {
      const next = (session.get("visits") ?? 0) + 1;
      session.set("visits", next);
      return next;
    });
    const claps = session.get("claps") ?? 0;
    return page({ visits, claps, user: session.get("user") });
  },
});

export default define.page<typeof handler>(function Home({ data }) {
  return (
    <main>
      <h1>Hello {data.user ?? "stranger"}</h1>
      <p>This is visit {data.visits}.</p>
      <Claps claps={data.claps} />
      {data.user === null
        ? (
          <form method="post" action="/login">
            <label for="name">Name</label>
            <input id="name" name="name" required maxLength={40} />
            <button type="submit">Log in</button>
          </form>
        )
        : (
          <form method="post" action="/logout">
            <button type="submit">Log out</button>
          </form>
        )}
    </main>
  );
});
