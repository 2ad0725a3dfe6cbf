import { assert, assertEquals } from "@std/assert";
import {
  appOf,
  type Context,
  cookieNames,
  deleteCookie,
  type Env,
  Hono,
  increment,
  setCookie,
  visit,
} from "./hono.ts";
import { Browser, browserWith, testKv } from "./support.ts";

const there = "http://localhost/there";

type Handler = (c: Context<Env>) => Response | Promise<Response>;

const responses: [string, Handler, number, string][] = [
  ["c.text()", (c) => c.text("ok"), 200, "ok"],
  ["c.json()", (c) => c.json({ ok: true }, 201), 201, '{"ok":true}'],
  ["c.html()", (c) => c.html("<p>ok"), 200, "<p>ok"],
  ["c.body(null)", (c) => c.body(null, 204), 204, ""],
  ["c.redirect()", (c) => c.redirect(there, 303), 303, ""],
  ["c.notFound()", (c) => c.notFound(), 404, "404 Not Found"],
  ["a new Response", () => new Response("ok"), 200, "ok"],
  ["Response.json()", () => Response.json([]), 200, "[]"],
  ["Response.redirect()", () => Response.redirect(there), 302, ""],
  ["fetch()", () => fetch("data:text/plain,ok"), 200, "ok"],
];

for (const [name, respond, status, text] of responses) {
  Deno.test(`honoSession() puts each of its headers once on ${name}`, async () => {
    using kv = await testKv();
    const app = appOf({ kv });
    app.get("/bare", respond);
    app.get("/", async (c) => {
      await c.get("session").update((session) => session.set("a", 1));
      return await respond(c);
    });
    const response = await visit(app, new Browser({ kv }));
    assertEquals([response.status, await response.text()], [status, text]);
    assertEquals(cookieNames(response), ["session"]);
    assertEquals(response.headers.get("cache-control"), "no-store");
    assertEquals(response.headers.get("vary"), "Cookie");

    const { headers } = response;
    for (const own of ["set-cookie", "cache-control", "vary"]) {
      headers.delete(own);
    }
    const bare = await visit(app, new Browser({ kv }), "/bare");
    assertEquals([...headers], [...bare.headers]);
    await bare.body?.cancel();
  });
}

Deno.test("honoSession() keeps the cookies and headers of handlers and middlewares", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.use(async (c, next) => {
    setCookie(c, "before", "1");
    c.header("x-before", "1");
    await next();
    setCookie(c, "after", "1");
    c.header("x-after", "1");
    c.header("vary", "Accept", { append: true });
  });
  app.get("/", async (c) => {
    setCookie(c, "first", "1");
    await c.get("session").update((session) => session.set("a", 1));
    deleteCookie(c, "second");
    c.header("cache-control", "public, max-age=9");
    return c.redirect(there);
  });
  const response = await visit(app, new Browser({ kv }));
  assertEquals(
    cookieNames(response),
    ["before", "first", "second", "after", "session"],
  );
  const { headers } = response;
  assertEquals([headers.get("x-before"), headers.get("x-after")], ["1", "1"]);
  assertEquals(headers.get("vary"), "Accept, Cookie");
  assertEquals(headers.get("cache-control"), "max-age=9, private");
});

Deno.test("honoSession() lets a middleware before it add cookies and headers", async () => {
  using kv = await testKv();
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    await next();
    setCookie(c, "outer", "1");
    c.header("x-outer", "1");
  });
  app.route("/", appOf({ kv }).get("/", increment));
  const response = await visit(app, new Browser({ kv }));
  assertEquals(cookieNames(response), ["session", "outer"]);
  assertEquals(response.headers.get("x-outer"), "1");
});

Deno.test("honoSession() replaces the session's cookie where the handler deletes it", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.get("/", async (c) => {
    deleteCookie(c, "session");
    deleteCookie(c, "session-theme");
    return await increment(c);
  });
  const response = await visit(app, new Browser({ kv }));
  assertEquals(cookieNames(response), ["session-theme", "session"]);
  assert(!response.headers.getSetCookie()[1]!.includes("Max-Age=0"));
});

Deno.test("honoSession() deletes the cookie after destroy()", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.get("/logout", async (c) => {
    await (await c.get("session").open()).destroy();
    return c.redirect("/");
  });
  const browser = await browserWith({ kv }, { a: 1 });
  const response = await visit(app, browser, "/logout");
  assertEquals([response.status, browser.cookies.size], [302, 0]);
});

Deno.test("honoSession() leaves no cookie on a response that the handler keeps for all", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const shared = new Response("ok");
  app.get("/", async (c) => {
    await increment(c);
    return shared;
  });
  const response = await visit(app, new Browser({ kv }));
  assertEquals(cookieNames(response), ["session"]);
  assertEquals([...shared.headers.keys()], ["content-type"]);
});

Deno.test("honoSession() hands Response.error() on untouched", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const error = Response.error();
  app.get("/", async (c) => {
    await c.get("session").read();
    return error;
  });
  assert(await visit(app, await browserWith({ kv }, { a: 1 })) === error);
});
