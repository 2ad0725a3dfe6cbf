import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  attempt,
  browserOf,
  type Data,
  late,
  noPause,
  on,
  overlap,
  type Pause,
  requests,
} from "./overlap.ts";
import { type Browser, TestKv, testKv } from "./support.ts";

/** Logs in: what the session holds from now on must not be had by an older cookie. */
async function login(session: Session<Data>, before: Pause, after: Pause) {
  await session.open();
  await before();
  session.set("user", "ada");
  await session.regenerate();
  await after();
  await session.save();
}

/** Makes the request, which must never see the user. */
function answer(browser: Browser<Data>, request: string) {
  return attempt(browser, (session) => use(session, request));
}

async function use(session: Session<Data>, request: string): Promise<void> {
  const assertNobody = () => assertEquals(session.get("user"), null);
  await requests[request]!(session, assertNobody).finally(assertNobody);
}

/** Asserts that the browser that logged in has the user, and that nobody else does. */
async function assertLoggedIn(
  kv: TestKv,
  browser: Browser<Data>,
): Promise<void> {
  const ids: unknown[] = [];
  for await (const { key } of kv.kv.list({ prefix: ["session", "data"] })) {
    ids.push(key.at(-1));
  }
  await browser.visit(async (session) => {
    await session.read();
    assertEquals(session.get("user"), "ada");
    assertEquals(ids, [session.id]);
  });
}

for (const [request, code] of late) {
  const refused = { result: null, code, cookies: [] };

  Deno.test(`Session: ${request} with the cookie from before a login never sees the user`, async () => {
    using kv = await testKv();
    const browser = await browserOf(on(kv), { count: 1 });
    const old = browser.clone();
    await browser.visit((session) => login(session, noPause, noPause));
    assertEquals(await answer(old.clone(), request), refused);
    assertEquals(
      await answer(old.clone(on(new TestKv(kv.kv))), request),
      refused,
    );
    await assertLoggedIn(kv, browser);
  });

  Deno.test(`Session: ${request} of a request that read before a login never sees the user`, async () => {
    using kv = await testKv();
    const browser = await browserOf(on(kv), { count: 1 });
    const old = browser.clone();
    const answer = await attempt(old.clone(), async (session) => {
      await session.read();
      await browser.visit((session) => login(session, noPause, noPause));
      await use(session, request);
    });
    assertEquals(answer, refused);
    await assertLoggedIn(kv, browser);
  });

  Deno.test(`Session: ${request} between regenerate() and save() of a login never sees the user`, async () => {
    using kv = await testKv();
    const browser = await browserOf(on(kv), { count: 1 });
    const old = browser.clone();
    const [, found] = await overlap(
      kv,
      (pause) => browser.visit((session) => login(session, noPause, pause)),
      () => answer(old.clone(), request),
      false,
    );
    assertEquals(found, refused);
    await assertLoggedIn(kv, browser);
  });
}

for (
  const [request, code] of late.filter(([request]) => request !== "read()")
) {
  for (const where of ["this process", "another process"]) {
    Deno.test(`Session: ${request} that waited in ${where} for a login never sees the user`, async () => {
      using kv = await testKv();
      const browser = await browserOf(on(kv), { count: 1 });
      const other = where === "this process" ? kv : new TestKv(kv.kv);
      const old = browser.clone(on(other));
      const [, found] = await overlap(
        other,
        (pause) => browser.visit((session) => login(session, pause, noPause)),
        () => answer(old.clone(), request),
      );
      assertEquals(found, { result: null, code, cookies: [] });
      await assertLoggedIn(kv, browser);
    });
  }
}
