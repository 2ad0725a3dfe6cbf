import { assertEquals, assertRejects } from "@std/assert";
import {
  appOf,
  collect,
  cookieNames,
  increment,
  lock,
  stream,
  streamSSE,
  visit,
} from "./hono.ts";
import {
  assertCode,
  assertFree,
  Browser,
  browserWith,
  gate,
  testKv,
} from "./support.ts";

Deno.test("honoSession() lets stream() go on after the response was made", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const second = gate();
  app.get("/", async (c) => {
    await increment(c);
    return stream(c, async (body) => {
      await body.write("first");
      await second.promise;
      await body.write("second");
    });
  });
  const response = await visit(app, new Browser({ kv }));
  assertEquals(cookieNames(response), ["session"]);
  const reader = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  assertEquals((await reader.read()).value, "first");
  second.open();
  assertEquals((await reader.read()).value, "second");
  assertEquals((await reader.read()).done, true);
});

Deno.test("honoSession() tells stream() that the client has gone away", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const aborted = gate();
  app.get("/", async (c) => {
    await increment(c);
    return stream(c, async (body) => {
      body.onAbort(() => aborted.open());
      await aborted.promise;
    });
  });
  const response = await visit(app, new Browser({ kv }));
  await response.body!.cancel();
  await aborted.promise;
});

Deno.test("honoSession() keeps the headers of streamSSE()", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.get("/", async (c) => {
    await increment(c);
    return streamSSE(c, (body) => body.writeSSE({ data: "a" }));
  });
  const response = await visit(app, new Browser({ kv }));
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(response.headers.get("cache-control"), "no-cache, private");
  assertEquals(cookieNames(response), ["session"]);
  assertEquals(await response.text(), "data: a\n\n");
});

Deno.test("honoSession() lets a stream change its session after the response", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const answered = gate();
  app.get("/", (c) =>
    stream(c, async (body) => {
      await answered.promise;
      for (let i = 0; i < 2; i++) {
        await body.write(await (await increment(c)).text());
      }
    }));
  const browser = await browserWith({ kv }, { a: 1 });
  const response = await visit(app, browser);
  answered.open();
  assertEquals(await response.text(), "23");
  await assertFree(kv, browser, [["a", 3]]);
});

for (const method of ["save", "regenerate"] as const) {
  const what = method === "save" ? "create a" : "regenerate its";
  Deno.test(`honoSession() lets no stream ${what} session after the response`, async () => {
    using kv = await testKv();
    const app = appOf({ kv });
    const answered = gate();
    let refused: Promise<unknown> | undefined;
    app.get("/", (c) =>
      stream(c, async () => {
        await answered.promise;
        await lock(c);
        const end = c.get("session")[method]();
        refused = assertRejects(() => end, TypeError, "the response is made");
        await refused;
      }));
    const browser = method === "save"
      ? new Browser({ kv })
      : await browserWith({ kv }, { a: 1 });
    const response = await visit(app, browser);
    answered.open();
    assertEquals(await response.text(), "");
    await refused!;
  });
}

Deno.test("honoSession() fails a request whose stream waits for the session before the response", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const errors = collect(app);
  const ended = gate();
  app.get("/", (c) =>
    stream(c, async () => {
      const opening = c.get("session").open();
      await assertCode(() => opening, "ERR_LOCK_CANCELLED");
      ended.open();
    }));
  const browser = await browserWith({ kv }, { a: 1 });
  const response = await visit(app, browser);
  await ended.promise;
  assertEquals(await response.text(), "ERR_STILL_LOCKED");
  assertEquals(errors.length, 1);
  await assertFree(kv, browser, [["a", 1]]);
});
