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
import {
  type Browser,
  gate,
  ManualClock,
  TestKv,
  testKv,
  until,
  withClock,
} from "./support.ts";

const logout = requests["destroy()"]!;
const save = async (session: Session<Data>, pause: Pause) => {
  await requests["open() and save()"]!(session, pause);
};
/** The code that each meets when another request has its lock, which it takes at some try. */
const overtaken: [request: string, code: string | null, tries: number][] = [
  ["open() and save()", "ERR_LOCK_LOST", 1],
  ["open() and unlock()", null, 1],
  ["update()", "ERR_LOCK_LOST", 4],
  ["regenerate() and save()", "ERR_LOCK_LOST", 1],
  ["destroy()", "ERR_LOCK_LOST", 1],
];
const ada = { count: 1, user: "ada" };

Deno.test("Session.destroy() of a session that a slow request holds comes after its save()", async () => {
  using kv = await testKv();
  const browser = await browserOf(on(kv), ada);
  const order: string[] = [];
  const [writer, leaver] = await overlap(
    (pause) =>
      attempt(browser.clone(), async (session) => {
        await session.open();
        await pause();
        session.set("count", 2);
        await session.save();
        order.push("saved");
      }),
    () =>
      attempt(browser.clone(), async (session) => {
        await session.open();
        order.push(`opened with ${session.get("count")}`);
        await session.destroy();
        order.push("destroyed");
      }),
    [[kv, 1]],
  );
  assertEquals(order, ["saved", "opened with 2", "destroyed"]);
  assertEquals([writer.code, writer.cookies], [null, []]);
  assertEquals([leaver.code, leaver.cookies], [null, ["delete"]]);
  await assertStored(kv, [[browser, {}]]);
});

for (const [request, code, tries] of overtaken) {
  Deno.test(`Session: ${request} brings nothing back when a logout took its lock over`, async () => {
    using kv = await testKv();
    // Time then stands still in the slow process: it renews nothing.
    const stopped = new ManualClock();
    const slow = await browserOf(withClock({ kv }, stopped), ada);
    const clock = new ManualClock();
    const quick = slow.clone(withClock({ kv: new TestKv(kv.kv) }, clock));
    // Whatever the slow request does, it would extend the session, too.
    stopped.advance(1_000_000);
    clock.advance(1_000_000);
    const reached = gate();
    const goOn = gate();
    let tried = 0;
    const answer = attempt(
      slow.clone(),
      (session) =>
        requests[request]!(session, async () => {
          if (++tried < tries) {
            return await quick.visit((other) => save(other, noPause));
          }
          reached.open();
          await goOn.promise;
        }),
    );
    await reached.promise;
    const left = attempt(quick.clone(), (session) => logout(session, noPause));
    await until(() => clock.waiting === 2); // Its limit, and its pause before it looks again.
    clock.advance(6001); // 1.2 leases
    assertEquals((await left).cookies, ["delete"]);
    goOn.open();
    assertEquals(await answer, { result: null, code, cookies: [] });
    await assertStored(kv, [[slow, {}]]);
  });
}

/** What may happen between a logout and a request that read before it. */
const since: Record<
  string,
  (session: Session<Data>, kv: TestKv) => Promise<unknown>
> = {
  "at once": () => Promise.resolve(),
  "and again after it": (session) => session.read(),
  "so long ago that every trace of it is swept": async (_session, { kv }) => {
    for await (const { key } of kv.list({ prefix: [] })) await kv.delete(key);
  },
};

for (const [request, { code, cookies, stored }] of late("destroy()")) {
  const expected = { result: null, code, cookies };

  for (const [when, pass] of Object.entries(since)) {
    Deno.test(`Session: ${request} of a request that read before a logout, ${when}, brings nothing back`, async () => {
      using kv = await testKv();
      const browser = await browserOf(on(kv), ada);
      const old = browser.clone();
      const answer = await attempt(old, async (session) => {
        await session.read();
        assertEquals(session.get("user"), "ada");
        await browser.clone().visit((other) => logout(other, noPause));
        await pass(session, kv);
        const assertNobody = () => assertEquals(session.get("user"), null);
        await requests[request]!(session, assertNobody).finally(assertNobody);
      });
      assertEquals(answer, expected);
      await assertStored(kv, [[browser, {}], [old, stored]]);
    });
  }

  if (request === "read()") continue; // It never waits.

  Deno.test(`Session: ${request} of a request that waited for a logout brings nothing back`, async () => {
    using kv = await testKv();
    const elsewhere = new TestKv(kv.kv);
    const browser = await browserOf(on(kv), ada);
    const [saver, here, there] = [kv, kv, elsewhere]
      .map((kv) => browser.clone(on(kv)));
    const begin = (browser: Browser<Data>, request: string) =>
      attempt(browser, (session) => requests[request]!(session, noPause));
    const [{ cookies: leaver }, answers] = await overlap(
      (pause) => attempt(browser.clone(), (session) => logout(session, pause)),
      () =>
        Promise.all([
          begin(saver!, "open() and save()"),
          begin(here!, request),
          begin(there!, request),
        ]),
      [[kv, 2], [elsewhere, 1]],
    );
    assertEquals(leaver, ["delete"]);
    const refused = { result: null, code: "ERR_LOCK_LOST", cookies: [] };
    assertEquals(answers, [refused, expected, expected]);
    await assertStored(kv, [[browser, {}], [here!, stored], [there!, stored]]);
  });
}

Deno.test("Session.destroy() in two requests at once deletes the cookie in one", async () => {
  using kv = await testKv();
  const browser = await browserOf(on(kv), ada);
  const answers = await Promise.all(
    [1, 2].map(() =>
      attempt(browser.clone(), (session) => logout(session, noPause))
    ),
  );
  assertEquals(answers.map(({ code }) => code), [null, null]);
  assertEquals(answers.flatMap(({ cookies }) => cookies), ["delete"]);
  await assertStored(kv, [[browser, {}]]);
});
