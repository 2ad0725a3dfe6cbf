import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  assertCode,
  assertFree,
  Browser,
  browserWith,
  gate,
  sessionOf,
  type TestKv,
  testKv,
  until,
} from "./support.ts";

/** A session whose `save()` is under way until the gate opens. */
async function unansweredSave(kv: TestKv) {
  const browser = await browserWith({ kv }, { a: 1 });
  const session = await sessionOf(browser).open();
  session.set("a", 2);
  const answer = gate();
  kv.intercept = (_call, run) => answer.promise.then(run);
  return { browser, session, saving: session.save(), answer };
}

Deno.test("Session.respond() fails with ERR_STILL_LOCKED when open() was not awaited", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = sessionOf(browser);
  const refused = assertCode(() => session.open(), "ERR_LOCK_CANCELLED");
  await assertCode(() => session.respond(new Response()), "ERR_STILL_LOCKED");
  await refused;
  assertEquals(session.state, "unlocked");
  await until(() => kv.unanswered === 0);
  await assertFree(kv, browser);
});

Deno.test("Session.respond() waits for a save() that was not awaited", async () => {
  using kv = await testKv();
  const { browser, session, saving, answer } = await unansweredSave(kv);
  const responding = session.respond(new Response());
  answer.open();
  assertEquals((await responding).status, 200);
  await saving;
  assertEquals((await sessionOf(browser).read()).get("a"), 2);
});

Deno.test("Session.respond() sends the cookie of a new session whose save() was not awaited", async () => {
  using kv = await testKv();
  const session = await sessionOf(new Browser({ kv })).open();
  session.set("a", 1);
  const saving = session.save();
  const response = await session.respond(new Response());
  assertEquals(response.headers.getSetCookie().length, 1);
  await saving;
});

Deno.test("Session.respond() fails with ERR_STILL_LOCKED when regenerate() was not awaited", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = await sessionOf(browser).open();
  // The session is locked again as soon as this resolves.
  const regenerating = session.regenerate();
  await assertCode(() => session.respond(new Response()), "ERR_STILL_LOCKED");
  await regenerating;
  assertEquals(session.state, "unlocked");
});

Deno.test("Session.respond() goes on when a save() that was not awaited fails", async () => {
  using kv = await testKv();
  const session = await sessionOf(await browserWith({ kv }, { a: 1 })).open();
  session.set("a", () => {});
  const saving = assertCode(() => session.save(), "ERR_NOT_STORABLE");
  assertEquals((await session.respond(new Response())).status, 200);
  await saving;
});

Deno.test("withSession() sends the cookie of a session whose save() was not awaited", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    session.set("a", 1);
    session.save();
  });
  await assertFree(kv, browser);
});

Deno.test("Session.update() saves nothing when the request ended before its function did", async () => {
  using kv = await testKv();
  const old = await browserWith({ kv }, { a: 1 });
  for (const browser of [old, new Browser({ kv })]) {
    const session = sessionOf(browser);
    const begun = gate();
    const finish = gate();
    const updating = session.update(async () => {
      session.set("a", 2);
      begun.open();
      await finish.promise;
    });
    await begun.promise;
    await assertCode(() => session.respond(new Response()), "ERR_STILL_LOCKED");
    finish.open();
    await assertCode(() => updating, "ERR_LOCK_LOST");
    assertEquals([session.state, session.has("a")], [
      "unlocked",
      browser === old,
    ]);
  }
  await assertFree(kv, old);
  assertEquals((await sessionOf(old).read()).get("a"), 1);
});

const careless: [string, (session: Session) => unknown][] = [
  ["open()", (session) => session.open()],
  ["update()", (session) => session.update(() => {})],
];

for (const [method, call] of careless) {
  Deno.test(`withSession() fails when ${method} was not awaited, and only that request`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { a: 1 });
    // Its promise rejects, too, but that must not end the process.
    await assertCode(
      () => browser.visit((session) => void call(session)),
      "ERR_STILL_LOCKED",
    );
    await until(() => kv.unanswered === 0);
    await assertFree(kv, browser);
  });
}

Deno.test("Session.save() that was not awaited lets everybody go on who waits for it", async () => {
  using kv = await testKv();
  const { browser, session, saving, answer } = await unansweredSave(kv);
  const disposing = session[Symbol.asyncDispose]();
  const responding = session.respond(new Response());
  answer.open();
  await saving;
  await disposing;
  assertEquals((await responding).status, 200);
  assertEquals((await sessionOf(browser).read()).get("a"), 2);
});
