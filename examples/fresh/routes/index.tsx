import { page } from "fresh";
import { Items } from "../components/Items.tsx";
import { Login } from "../components/Login.tsx";
import Twenty from "../islands/Twenty.tsx";
import { define } from "../utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    // No lock: a page that only shows the session waits for nobody.
    const session = await ctx.state.session.read();
    return page({
      user: session.get("user"),
      items: session.get("items") ?? [],
      count: session.get("count") ?? 0,
      notice: session.get("notice"),
    });
  },
});

export default define.page<typeof handler>(function Home({ data }) {
  return (
    <main>
      <h1>Hello {data.user ?? "stranger"}</h1>
      {data.notice !== null && <p role="status">{data.notice}</p>}
      {data.user === null ? <Login /> : <Items items={data.items} />}
      <Twenty count={data.count} />
    </main>
  );
});
