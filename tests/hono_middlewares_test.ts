import { honoSession } from "@aerys/session/hono";
import { assertEquals } from "@std/assert";
import {
  appOf,
  cache,
  compress,
  cookieNames,
  cors,
  type Env,
  etag,
  Hono,
  increment,
  lock,
  secureHeaders,
  setCookie,
  timeout,
  visit,
} from "./hono.ts";
import { assertFree, Browser, browserWith, gate, testKv } from "./support.ts";

const from = "https://example.com";
const around = [
  {
    name: "compress()",
    middleware: compress({ threshold: 0 }),
    request: { "accept-encoding": "gzip" },
    response: { "content-encoding": "gzip" },
  },
  {
    name: "cors()",
    middleware: cors({ origin: from }),
    request: { origin: from },
    response: { "access-control-allow-origin": from },
  },
  {
    name: "etag()",
    middleware: etag({ generateDigest: () => new ArrayBuffer(1) }),
    request: {},
    response: { etag: '"00"' },
  },
  {
    name: "secureHeaders()",
    middleware: secureHeaders(),
    request: {},
    response: { "x-frame-options": "SAMEORIGIN" },
  },
];

for (const { name, middleware, request, response: expected } of around) {
  for (const order of ["before", "after"]) {
    Deno.test(`honoSession() ${order} ${name} keeps its headers, and they keep ours`, async () => {
      using kv = await testKv();
      const app = new Hono<Env>();
      const session = honoSession({ kv });
      if (order === "before") app.use(session, middleware);
      else app.use(middleware, session);
      app.get("/", async (c) => {
        setCookie(c, "first", "1");
        setCookie(c, "second", "2");
        return await increment(c);
      });
      const headers: HeadersInit = request;
      const response = await visit(app, new Browser({ kv }), "/", { headers });
      await response.body?.cancel();
      assertEquals(response.status, 200);
      assertEquals(cookieNames(response), ["first", "second", "session"]);
      assertEquals(response.headers.get("cache-control"), "no-store");
      const vary = response.headers.get("vary")!.split(", ");
      assertEquals(vary.filter((name) => name === "Cookie").length, 1);
      for (const [name, value] of Object.entries(expected)) {
        assertEquals(response.headers.get(name), value);
      }
    });
  }
}

Deno.test("honoSession() before etag() puts the cookie on 304; after it, the cookie is lost", async () => {
  using kv = await testKv();
  for (const order of ["before", "after"]) {
    const app = new Hono<Env>();
    const session = honoSession({ kv });
    if (order === "before") app.use(session, etag());
    else app.use(etag(), session);
    app.get("/", async (c) => {
      await increment(c);
      return c.text("ok");
    });
    const headers = { "if-none-match": "*" };
    const response = await visit(app, new Browser({ kv }), "/", { headers });
    const expected = order === "before" ? ["session"] : [];
    assertEquals([response.status, cookieNames(response)], [304, expected]);
  }
});

Deno.test("honoSession() before timeout() unlocks and puts its headers on 504", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const forever = gate();
  app.use(async (c, next) => {
    await lock(c);
    await next();
  });
  app.use(timeout(1));
  app.get("/", async (c) => {
    await forever.promise;
    return c.text("ok");
  });
  const browser = await browserWith({ kv }, { a: 1 });
  const response = await visit(app, browser);
  assertEquals(response.status, 504);
  assertEquals(response.headers.get("vary"), "Cookie");
  await assertFree(kv, browser, [["a", 1]]);
  forever.open();
});

Deno.test("honoSession() after cache() keeps personal pages out of it", async () => {
  const cacheName = crypto.randomUUID();
  using kv = await testKv();
  const app = new Hono<Env>();
  app.use(cache({ cacheName, wait: true }));
  app.use(honoSession({ kv }));
  app.get("/", increment);
  app.get("/public", (c) => c.text(crypto.randomUUID()));
  const browser = new Browser({ kv });
  try {
    for (const text of ["1", "2", "3"]) {
      assertEquals(await (await visit(app, browser)).text(), text);
    }
    const first = await (await visit(app, browser, "/public")).text();
    assertEquals(await (await visit(app, browser, "/public")).text(), first);
  } finally {
    await caches.delete(cacheName);
  }
});
