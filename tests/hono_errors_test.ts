import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  appOf,
  collect,
  type Context,
  cookieNames,
  type Env,
  HTTPException,
  lock,
  visit,
} from "./hono.ts";
import { assertFree, browserWith, testKv } from "./support.ts";

const own = new HTTPException(401, { message: "who are you?" });
const res = new Response("no", { headers: { "x-own": "1" } });
const failures: [string, Error, number][] = [
  ["an Error", new RangeError("the handler's own"), 500],
  ["an HTTPException", own, 401],
  ["an HTTPException with a response", new HTTPException(403, { res }), 403],
];

for (const [what, error, status] of failures) {
  Deno.test(`honoSession() releases the lock when the handler throws ${what}, which alone is answered`, async () => {
    using kv = await testKv();
    const app = appOf({ kv });
    const errors: Error[] = [];
    app.onError((error, c) => {
      errors.push(error);
      if (error instanceof HTTPException) return error.getResponse();
      return c.text(error.message, 500);
    });
    app.get("/", async (c) => {
      await lock(c);
      throw error;
    });
    const browser = await browserWith({ kv }, { a: 1 });
    const response = await visit(app, browser);
    assertEquals(response.status, status);
    const text = status === 403 ? "no" : error.message;
    assertEquals(await response.text(), text);
    assertEquals(errors, [error]);
    assertEquals(response.headers.get("cache-control"), "private");
    assertEquals(response.headers.get("vary"), "Cookie");
    await assertFree(kv, browser, [["a", 1]]);
  });
}

Deno.test("honoSession() cancels an open() that the handler did not wait for when it throws", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const errors = collect(app);
  let opening: Promise<unknown> | undefined;
  app.get("/", (c) => {
    opening = c.get("session").open();
    throw own;
  });
  const browser = await browserWith({ kv }, { a: 1 });
  await visit(app, browser);
  assertEquals(errors, [own]);
  await assertRejects(() => opening!, Error, "cancelled");
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("honoSession() sends the cookie of what was stored before the handler threw", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  collect(app);
  app.get("/", async (c) => {
    await lock(c);
    await c.get("session").regenerate();
    c.get("session").set("a", 3);
    throw own;
  });
  const browser = await browserWith({ kv }, { a: 1 });
  const { token } = browser;
  const response = await visit(app, browser);
  assertEquals(cookieNames(response), ["session"]);
  assertEquals(response.headers.get("x-error"), "1");
  assert(browser.token !== token);
  await assertFree(kv, browser, [["a", 2]]);
});

Deno.test("honoSession() releases the lock when the handler throws what is no Error, and it goes on", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const errors = collect(app);
  app.get("/", async (c) => {
    await lock(c);
    throw "no error";
  });
  const browser = await browserWith({ kv }, { a: 1 });
  const thrown = await visit(app, browser).catch((error) => error);
  assertEquals([thrown, errors], ["no error", []]);
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("honoSession() releases the lock when onError() throws, and leaves the answer to it", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  let calls = 0;
  app.onError((error, c) => {
    if (++calls === 1) throw error;
    return c.text(error.message, 500);
  });
  app.get("/", async (c) => {
    await lock(c);
    throw new Error("the handler's own");
  });
  const browser = await browserWith({ kv }, { a: 1 });
  const response = await visit(app, browser);
  assertEquals(
    [response.status, await response.text(), calls],
    [500, "the handler's own", 2],
  );
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("honoSession() lets Hono tell that the handler gave no response", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const errors = collect(app);
  app.get(
    "/",
    (async (c: Context<Env>) => {
      await lock(c);
    }) as never,
  );
  const browser = await browserWith({ kv }, { a: 1 });
  assertEquals((await visit(app, browser)).status, 500);
  assert(errors[0]!.message.includes("return a Response"), errors[0]!.message);
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("honoSession() lets onError() unlock the session and change it", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.onError(async (_error, c) => {
    const session = c.get("session");
    assertEquals([session.state, session.get("a")], ["locked", 2]);
    await session.unlock();
    await session.update(() => session.set("a", session.get("a")! + 10));
    return c.text("sorry", 500);
  });
  app.get("/", async (c) => {
    await lock(c);
    throw own;
  });
  const browser = await browserWith({ kv }, { a: 1 });
  assertEquals(await (await visit(app, browser)).text(), "sorry");
  await assertFree(kv, browser, [["a", 11]]);
});
