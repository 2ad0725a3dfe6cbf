import { assert, assertEquals } from "@std/assert";
import { appOf, collect, cookieNames, Hono, lock, visit } from "./hono.ts";
import { assertFree, browserWith, testKv } from "./support.ts";

Deno.test("honoSession() gives onError() a LockError when the handler leaves the session locked", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const errors = collect(app);
  app.get("/", async (c) => {
    await lock(c);
    return c.text("ok");
  });
  const browser = await browserWith({ kv }, { a: 1 });
  const response = await visit(app, browser);
  assertEquals([response.status, await response.text()], [
    500,
    "ERR_STILL_LOCKED",
  ]);
  assertEquals(response.headers.get("x-error"), "1");
  assertEquals(errors.length, 1);
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("honoSession() fails a request that is left locked in a mounted app, too", async () => {
  using kv = await testKv();
  const app = new Hono();
  const inner = appOf({ kv });
  const errors = collect(inner);
  inner.get("/", async (c) => {
    await lock(c);
    return c.redirect("/");
  });
  app.route("/app", inner);
  const browser = await browserWith({ kv }, { a: 1 });
  const response = await visit(app, browser, "/app");
  assertEquals([response.status, errors.length], [500, 1]);
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("honoSession() fails a request that is left locked after regenerate(), and sends the cookie", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  collect(app);
  app.get("/", async (c) => {
    await lock(c);
    await c.get("session").regenerate();
    return c.text("ok", 200, { "cache-control": "public, max-age=9" });
  });
  const browser = await browserWith({ kv }, { a: 1 });
  const { token } = browser;
  const response = await visit(app, browser);
  assertEquals([response.status, cookieNames(response)], [500, ["session"]]);
  assertEquals(response.headers.get("cache-control"), "max-age=9, private");
  assert(browser.token !== token);
  await assertFree(kv, browser, [["a", 2]]);
});
