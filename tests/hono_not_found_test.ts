import { assertEquals } from "@std/assert";
import { appOf, cookieNames, increment, visit } from "./hono.ts";
import {
  assertFree,
  Browser,
  browserWith,
  ManualClock,
  testKv,
  withClock,
} from "./support.ts";

for (const handled of [false, true]) {
  const page = handled ? "the app's own 404" : "the default 404";
  Deno.test(`honoSession() puts the cookie on ${page}`, async () => {
    using kv = await testKv();
    const app = appOf({ kv });
    if (handled) app.notFound((c) => c.text("nothing here", 404));
    app.use(async (c, next) => {
      await increment(c);
      await next();
    });
    app.get("/", (c) => c.text("ok"));
    const browser = new Browser({ kv });
    const missing = await visit(app, browser, "/missing");
    assertEquals([missing.status, cookieNames(missing)], [404, ["session"]]);
    const text = handled ? "nothing here" : "404 Not Found";
    assertEquals(await missing.text(), text);

    const post = await visit(app, browser, "/", { method: "POST" });
    assertEquals([post.status, cookieNames(post)], [404, []]);
    assertEquals(post.headers.get("vary"), "Cookie");
    await assertFree(kv, browser, [["a", 2]]);
  });

  Deno.test(`honoSession() alone leads to ${page}`, async () => {
    using kv = await testKv();
    const app = appOf({ kv });
    if (handled) {
      app.notFound(async (c) => c.text(await text(increment(c)), 404));
    }
    const response = await visit(app, new Browser({ kv }));
    assertEquals(response.status, 404);
    assertEquals(await response.text(), handled ? "1" : "404 Not Found");
    assertEquals(cookieNames(response), handled ? ["session"] : []);
  });
}

async function text(response: Promise<Response>): Promise<string> {
  return await (await response).text();
}

Deno.test("honoSession() extends the cookie on a 404", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, ttl: 100 }, clock);
  const app = appOf(options);
  app.use(async (c, next) => {
    await c.get("session").read();
    await next();
  });
  const browser = await browserWith(options, { a: 1 });
  clock.advance(50_000);
  const response = await visit(app, browser, "/missing");
  assertEquals(response.status, 404);
  assertEquals(cookieNames(response), ["session"]);
  assertEquals(
    response.headers.getSetCookie()[0]!.includes("Max-Age=100"),
    true,
  );
});
