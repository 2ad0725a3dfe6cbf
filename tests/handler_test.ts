import { assert, assertEquals, assertRejects } from "@std/assert";
import { Session, withSession } from "@aerys/session";
import {
  assertCode,
  assertFree,
  browserWith,
  requestOf,
  sessionOf,
  testKv,
} from "./support.ts";

Deno.test("withSession() gives the handler the request, its session and the rest", async () => {
  using kv = await testKv();
  const request = new Request("http://localhost/");
  const handler = withSession(
    (got, session, info: { port: number }, n: number) => {
      assert(got === request);
      assert(new Session(request) as Session === session);
      return new Response(`${info.port + n}`);
    },
    { kv },
  );
  const response = await handler(request, { port: 8000 }, 1);
  assertEquals(await response.text(), "8001");
});

Deno.test("withSession() makes a handler that Deno.serve() takes", async () => {
  using kv = await testKv();
  const handler = withSession(
    async (_request, session, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => {
      await session.update(() => session.set("from", info.remoteAddr.hostname));
      return new Response(`${session.get("from")}`);
    },
    { kv },
  );
  await using server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    onListen() {},
  }, handler);
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
  assertEquals(await response.text(), "127.0.0.1");
  const [cookie] = response.headers.getSetCookie();
  assert(cookie!.startsWith("session="), cookie);
});

Deno.test("withSession() gives each request a session of its own", async () => {
  using kv = await testKv();
  const seen = new Set<unknown>();
  const handler = withSession((_request, session) => {
    seen.add(session);
    return new Response();
  }, { kv });
  for (let i = 0; i < 3; i++) await handler(new Request("http://localhost/"));
  assertEquals(seen.size, 3);
});

Deno.test("withSession() takes a handler without a promise", async () => {
  using kv = await testKv();
  const response = new Response();
  const handler = withSession(() => response, { kv });
  assert(await handler(new Request("http://localhost/")) === response);
});

Deno.test("withSession() costs nothing when the session is not used", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  kv.reset();
  const { response } = await browser.exchange((
    session,
  ) => [session.id, session.state, session.isNew]);
  assertEquals(kv.counts, { reads: 0, commits: 0 });
  assertEquals([...response.headers.keys()], ["content-type"]);
});

const failure = new RangeError("the handler's own");
const failures: [string, () => Promise<Response>][] = [
  ["throws", () => {
    throw failure;
  }],
  ["rejects", () => Promise.reject(failure)],
];

for (const [how, fail] of failures) {
  Deno.test(`withSession() releases the lock when the handler ${how}, and the error goes on`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { a: 1 });
    const handler = withSession(
      (_request, session) =>
        session.open().then(() => {
          session.set("a", 2);
          return fail();
        }),
      { kv },
    );
    const error = await assertRejects(
      () => handler(requestOf(browser)),
      RangeError,
    );
    assert(error === failure);
    await assertFree(kv, browser, [["a", 1]]);
  });
}

Deno.test("withSession() hands on an error that is thrown at once", async () => {
  using kv = await testKv();
  const handler = withSession(() => {
    throw failure;
  }, { kv });
  const answer = handler(new Request("http://localhost/"));
  assert(await assertRejects(() => answer, RangeError) === failure);
});

Deno.test("withSession() hands on what is thrown though it is no Error", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const response = new Response(null, { status: 403 });
  const handler = withSession(async (_request, session) => {
    await session.open();
    throw response;
  }, { kv });
  const thrown = await handler(requestOf(browser)).catch((thrown) => thrown);
  assert(thrown === response);
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("withSession() hands on the handler's error though the lock cannot be released", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const handler = withSession(async (_request, session) => {
    await session.open();
    kv.intercept = () => Promise.reject(new Error("no connection"));
    throw failure;
  }, { kv });
  const error = await assertRejects(
    () => handler(requestOf(browser)),
    RangeError,
  );
  assert(error === failure);
});

Deno.test("withSession() fails and releases the lock when the handler returns without save()", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await assertCode(() =>
    browser.visit(async (session) => {
      await session.open();
      session.set("a", 2);
    }), "ERR_STILL_LOCKED");
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("withSession() fails when the handler returns while open() waits", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const holder = await sessionOf(browser).open();
  let opening: Promise<unknown> | undefined;
  await assertCode(() =>
    browser.visit((session) => {
      opening = assertCode(() => session.open(), "ERR_LOCK_CANCELLED");
    }), "ERR_STILL_LOCKED");
  await opening;
  await holder.save();
  await assertFree(kv, browser, [["a", 1]]);
});
