import { assert, assertEquals } from "@std/assert";
import { freshSession } from "@aerys/session/fresh";
import type { Session } from "@aerys/session";
import { App, HttpError } from "./fresh/stand_in.ts";
import {
  assertFree,
  Browser,
  browserWith,
  requestOf,
  sessionOf,
  testKv,
} from "./support.ts";

type State = { session: Session<{ a: number }> };

function appOf(browser: Browser): App {
  return new App().use(freshSession<{ a: number }>(browser.options));
}

/** Makes a request as the browser, which keeps the cookies of the response. */
async function visit(
  app: App,
  browser: Browser,
  init?: RequestInit,
): Promise<Response> {
  const response = await app.handler()(requestOf(browser, init));
  for (const header of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(header)!;
    browser.cookies.set(name!, value!);
  }
  return response;
}

async function begin({ state }: { state: State }): Promise<void> {
  await state.session.update((session) => void session.set("a", 1));
}

const url = "http://localhost/elsewhere";
const responses: [string, RequestInit, () => Response, number][] = [
  ["a redirect", {}, () => Response.redirect(url, 303), 303],
  ["an answer to HEAD", { method: "HEAD" }, () => new Response("text"), 200],
  ["a stream", {}, () => new Response(ReadableStream.from([])), 200],
  ["a 404 of a route's own", {}, () => new Response("", { status: 404 }), 404],
];

for (const [what, init, response, status] of responses) {
  Deno.test(`freshSession() puts the cookie on ${what}`, async () => {
    using kv = await testKv();
    const browser = new Browser({ kv });
    const app = appOf(browser).get("/", async (ctx) => {
      await begin(ctx);
      return response();
    });
    const answer = await visit(app, browser, init);
    await answer.body?.cancel();
    assertEquals(answer.status, status);
    assertEquals(answer.headers.getSetCookie().length, 1);
    await assertFree(kv, browser, [["a", 1]]);
  });
}

for (const status of [403, 404, 405, 500]) {
  Deno.test(`freshSession() keeps a new id when a ${status} follows, and the page calls respond()`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { a: 1 });
    const old = browser.clone();
    const app = appOf(browser)
      .use(async ({ state, next }) => {
        const session = await (state as State).session.open();
        session.set("a", 2);
        await session.regenerate();
        await session.save();
        await session.open();
        session.set("a", 3);
        return await next();
      })
      .onError("*", async ({ state: { session }, error }) => {
        const page = `${(error as HttpError).status} ${session.state}`;
        return await session.respond(new Response(page, { status }));
      });
    if (status === 405) app.post("/", () => new Response());
    else if (status !== 404) {
      app.get("/", () => {
        throw new HttpError(status);
      });
    }
    const response = await visit(app, browser);
    assertEquals(response.status, status);
    assertEquals(await response.text(), `${status} unlocked`);
    assert(browser.token !== old.token);
    await assertFree(kv, browser, [["a", 2]]);
    assertEquals((await sessionOf(old).read()).size, 0);
  });
}

Deno.test("freshSession() releases the lock where there is no error page", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const app = appOf(browser).get("/", async ({ state }) => {
    await (state as State).session.open();
    throw new Error("the handler's own");
  });
  assertEquals((await visit(app, browser)).status, 500);
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("freshSession() fails for the error page when the session is still locked in the end", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const app = appOf(browser)
    .onError("*", ({ error }) => new Response((error as { code: string }).code))
    .get("/", async ({ state }) => {
      await (state as State).session.open();
      return new Response();
    });
  const response = await visit(app, browser);
  assertEquals(await response.text(), "ERR_STILL_LOCKED");
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("freshSession() registered twice is one session, with one cookie", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  const sessions = new Set<Session>();
  const keep = async ({ state, next }: {
    state: { session: Session };
    next: () => Promise<Response>;
  }) => {
    sessions.add(state.session);
    return await next();
  };
  const app = appOf(browser).use(keep, freshSession(browser.options), keep)
    .get("/", async (ctx) => {
      await begin(ctx);
      return new Response();
    });
  const { headers } = await visit(app, browser);
  assertEquals([sessions.size, headers.getSetCookie().length], [1, 1]);
  await assertFree(kv, browser, [["a", 1]]);
});

Deno.test("freshSession() keeps the nonce that csp() looks for on the response", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  const nonce = Symbol.for("__freshNonce");
  let found: unknown;
  const app = new App()
    .use(async ({ next }) => {
      const response = await next();
      found = (response as { [nonce]?: string })[nonce];
      return response;
    })
    .use(freshSession(browser.options))
    .get("/", async (ctx) => {
      await begin(ctx);
      return Object.assign(new Response(), { [nonce]: "n1" });
    });
  const { headers } = await visit(app, browser);
  assertEquals([found, headers.getSetCookie().length], ["n1", 1]);
});
