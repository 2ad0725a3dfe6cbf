import { assert, assertEquals, assertRejects } from "@std/assert";
import { Session } from "@aerys/session";
import { type FreshContext, freshSession } from "@aerys/session/fresh";
import {
  assertCode,
  assertFree,
  Browser,
  browserWith,
  requestOf,
  testKv,
} from "./support.ts";

type Context = FreshContext<Record<string, unknown>>;

/** Calls the middleware as Fresh does. */
async function visit(
  browser: Browser,
  next: (ctx: Context) => Response | Promise<Response>,
): Promise<Response> {
  const ctx: Context = {
    req: requestOf(browser),
    state: {},
    // Like Fresh, it may throw as well as reject.
    next: () => next(ctx) as Promise<Response>,
  };
  return await freshSession(browser.options)(ctx);
}

Deno.test("freshSession() puts the session on ctx.state and its cookie on the response", async () => {
  using kv = await testKv();
  const response = await visit(new Browser({ kv }), async ({ req, state }) => {
    assert(new Session(req) as Session === state.session);
    await state.session!.update((session) => session.set("a", 1));
    return new Response("text", { status: 201 });
  });
  assertEquals([response.status, await response.text()], [201, "text"]);
  assertEquals(response.headers.getSetCookie().length, 1);
  assertEquals(response.headers.get("cache-control"), "no-store");
});

Deno.test("freshSession() gives the very response when the session was not used", async () => {
  using kv = await testKv();
  const own = new Response();
  assert(await visit(await browserWith({ kv }, { a: 1 }), () => own) === own);
});

/** What Fresh throws, for the default 404 too. */
class HttpError extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

const thrown = new RangeError("the handler's own");
const notFound = new HttpError(404);
const failures: [string, () => Promise<Response>, unknown][] = [
  ["throws", () => {
    throw thrown;
  }, thrown],
  ["rejects", () => Promise.reject(thrown), thrown],
  ["rejects with the default 404", () => Promise.reject(notFound), notFound],
];

for (const [how, fail, error] of failures) {
  Deno.test(`freshSession() releases the lock when next() ${how}, and the error goes on`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { a: 1 });
    let session: Session | undefined;
    const got = await assertRejects(() =>
      visit(browser, async (ctx) => {
        session = ctx.state.session!;
        await session.open();
        session.set("a", 2);
        return await fail();
      }), Error);
    assert(got === error);
    assertEquals(session!.state, "unlocked");
    await assertFree(kv, browser, [["a", 1]]);
  });
}

Deno.test("freshSession() hands on an error that next() throws before it gives a promise", async () => {
  using kv = await testKv();
  const got = await assertRejects(() =>
    visit(new Browser({ kv }), () => {
      throw thrown;
    }), RangeError);
  assert(got === thrown);
});

Deno.test("freshSession() fails when the session is still locked in the end", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await assertCode(() =>
    visit(browser, async ({ state }) => {
      await state.session!.open();
      return new Response();
    }), "ERR_STILL_LOCKED");
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("freshSession() lets an error handler send the cookie with Session.respond()", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  let session: Session | undefined;
  await assertRejects(() =>
    visit(browser, async ({ state }) => {
      session = state.session!;
      await session.update(() => session!.set("a", 1));
      throw notFound;
    }), HttpError);
  const page = await session!.respond(
    new Response("not found", { status: 404 }),
  );
  assertEquals([page.status, page.headers.getSetCookie().length], [404, 1]);
});

Deno.test("freshSession() sends one cookie when a route has called Session.respond()", async () => {
  using kv = await testKv();
  const response = await visit(new Browser({ kv }), async ({ state }) => {
    const session = state.session!;
    await session.update(() => session.set("a", 1));
    return await session.respond(new Response());
  });
  assertEquals(response.headers.getSetCookie().length, 1);
});
