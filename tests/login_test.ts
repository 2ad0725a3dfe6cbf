import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  assertStored,
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

const user: Partial<Data> = { count: 1, user: "ada" };

for (const [request, { code, cookies, stored }] of late("regenerate()")) {
  const expected = { result: null, code, cookies };

  for (const where of ["this process", "another process"]) {
    Deno.test(`Session: ${request} in ${where} with the cookie from before a login never sees the user`, async () => {
      using kv = await testKv();
      const browser = await browserOf(on(kv), { count: 1 });
      const other = where === "this process" ? kv : new TestKv(kv.kv);
      const old = browser.clone(on(other));
      await browser.visit((session) => login(session, noPause, noPause));
      assertEquals(await answer(old, request), expected);
      await assertStored(kv, [[browser, user], [old, stored]]);
    });
  }

  Deno.test(`Session: ${request} of a request that read before a login never sees the user`, async () => {
    using kv = await testKv();
    const browser = await browserOf(on(kv), { count: 1 });
    const old = browser.clone();
    const answer = await attempt(old, async (session) => {
      await session.read();
      await browser.visit((session) => login(session, noPause, noPause));
      await use(session, request);
    });
    assertEquals(answer, expected);
    await assertStored(kv, [[browser, user], [old, stored]]);
  });

  Deno.test(`Session: ${request} between regenerate() and save() of a login never sees the user`, async () => {
    using kv = await testKv();
    const browser = await browserOf(on(kv), { count: 1 });
    const old = browser.clone();
    const [, found] = await overlap(
      (pause) => browser.visit((session) => login(session, noPause, pause)),
      () => answer(old, request),
      [],
    );
    assertEquals(found, expected);
    await assertStored(kv, [[browser, user], [old, stored]]);
  });

  if (request === "read()") continue; // It never waits.

  for (const where of ["this process", "another process"]) {
    Deno.test(`Session: ${request} that waited in ${where} for a login never sees the user`, async () => {
      using kv = await testKv();
      const browser = await browserOf(on(kv), { count: 1 });
      const other = where === "this process" ? kv : new TestKv(kv.kv);
      const old = browser.clone(on(other));
      const [, found] = await overlap(
        (pause) => browser.visit((session) => login(session, pause, noPause)),
        () => answer(old, request),
        [[other, 1]],
      );
      assertEquals(found, expected);
      await assertStored(kv, [[browser, user], [old, stored]]);
    });
  }
}
