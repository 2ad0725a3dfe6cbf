import { Session } from "@aerys/session";
import { honoSession } from "@aerys/session/hono";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  appOf,
  bodyLimit,
  type Data,
  type Env,
  Hono,
  increment,
  visit,
} from "./hono.ts";
import { Browser, browserWith, testKv } from "./support.ts";

Deno.test("honoSession() puts the session of c.req.raw among the variables", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.get("/", (c) => {
    assert(c.get("session") === c.var.session);
    assert(c.get("session") === new Session<Data>(c.req.raw));
    return c.text("ok");
  });
  assertEquals((await app.request("/")).status, 200);
});

Deno.test("honoSession() finds the session that the cookie names", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.get("/", increment);
  const browser = new Browser({ kv });
  for (const text of ["1", "2", "3"]) {
    assertEquals(await (await visit(app, browser)).text(), text);
  }
});

Deno.test("honoSession() adds nothing and calls no KV when the session is not used", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const own = new Response("ok");
  app.get("/", () => own);
  const browser = await browserWith({ kv }, { a: 1 });
  kv.reset();
  assert(await visit(app, browser) === own);
  assertEquals([...own.headers.keys()], ["content-type"]);
  assertEquals(kv.counts, { reads: 0, commits: 0 });
});

Deno.test("honoSession() refuses wrong options at once", () => {
  assertThrows(() => honoSession({ ttl: -2 }), RangeError, "ttl");
});

Deno.test("honoSession() keeps 20 parallel increments, and so does a mounted app", async () => {
  using kv = await testKv();
  const app = new Hono();
  const inner = appOf({ kv });
  inner.post("/count", increment);
  app.route("/app", inner);
  const browser = await browserWith({ kv }, { a: 0 });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const init = { method: "POST" };
      return Number(
        await (await visit(app, browser, "/app/count", init)).text(),
      );
    }),
  );
  assertEquals(
    answers.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

Deno.test("honoSession() sends the cookie with the answer to HEAD", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.get("/", increment);
  const browser = new Browser({ kv });
  const response = await visit(app, browser, "/", { method: "HEAD" });
  assertEquals([response.status, response.body], [200, null]);
  assertEquals(await (await visit(app, browser)).text(), "2");
});

Deno.test("honoSession() of a path leaves other paths without a session", async () => {
  using kv = await testKv();
  const app = new Hono<Env>();
  app.use("/app/*", honoSession({ kv }));
  app.get("/app/count", increment);
  app.get("/", (c) => c.text(String(c.get("session"))));
  assertEquals(await (await app.request("/app/count")).text(), "1");
  assertEquals(await (await app.request("/")).text(), "undefined");
});

Deno.test("honoSession() registered twice is one session, and the outer one answers", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  // What lies between them may still use the session after the inner one.
  app.use(async (c, next) => {
    await next();
    await c.get("session").update((session) => session.set("a", 1));
  });
  const inner = appOf({ kv });
  inner.get("/", (c) => {
    assert(c.get("session") === new Session<Data>(c.req.raw));
    return c.text("ok");
  });
  app.route("/", inner);
  const response = await visit(app, new Browser({ kv }));
  assertEquals(response.status, 200);
  assertEquals(response.headers.getSetCookie().length, 1);
  assertEquals(response.headers.get("cache-control"), "no-store");
});

Deno.test("honoSession() with two cookie names makes two sessions; the variable is the last one's", async () => {
  using kv = await testKv();
  const options = { kv, cookie: { name: "__Host-other" } };
  const app = appOf({ kv });
  app.use(honoSession(options));
  app.get("/", async (c) => {
    const other = c.get("session");
    assert(other === new Session<Data>(c.req.raw, options));
    const first = new Session<Data>(c.req.raw);
    assert(first !== other);
    await other.update(() => other.set("a", (other.get("a") ?? 0) + 1));
    await first.read();
    return c.text(`${first.size} ${other.get("a")}`);
  });
  const browser = await browserWith({ kv }, { a: 0, b: 0, c: 0 });
  const first = await visit(app, browser);
  assertEquals(await first.text(), "3 1");
  assertEquals(first.headers.getSetCookie().length, 1);
  assertEquals(first.headers.get("vary"), "Cookie");
  assertEquals([...browser.cookies.keys()], ["session", "other"]);
  assertEquals(await (await visit(app, browser)).text(), "3 2");
});

Deno.test("honoSession() knows the request that it saw when bodyLimit() replaces it", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.use(bodyLimit({ maxSize: 10 }));
  app.post("/", async (c) => {
    assertThrows(() => new Session(c.req.raw), TypeError, "no wrapper");
    return await increment(c);
  });
  const browser = new Browser({ kv });
  for (const text of ["1", "2"]) {
    const body = ReadableStream.from([new TextEncoder().encode("text")]);
    const response = await visit(app, browser, "/", { method: "POST", body });
    assertEquals(await response.text(), text);
  }
});

Deno.test("honoSession() after bodyLimit() has the request that the handler has", async () => {
  using kv = await testKv();
  const app = new Hono<Env>();
  app.use(bodyLimit({ maxSize: 10 }));
  app.use(honoSession({ kv }));
  app.post("/", (c) => {
    assert(c.get("session") === new Session<Data>(c.req.raw));
    return c.text("ok");
  });
  const body = ReadableStream.from([new TextEncoder().encode("text")]);
  const response = await app.request("/", { method: "POST", body });
  assertEquals(response.status, 200);
});
