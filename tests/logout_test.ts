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
/** The code that each meets when another request has its lock. */
const overtaken: [request: string, code: string | null][] = [
  ["open() and save()", "ERR_LOCK_LOST"],
  ["open() and unlock()", null],
  ["update()", "ERR_LOCK_LOST"],
  ["regenerate() and save()", "ERR_LOCK_LOST"],
  ["destroy()", "ERR_LOCK_LOST"],
];
const ada = { count: 1, user: "ada" };

/** Asserts that nothing of a session is left, neither in the database nor for its cookie. */
async function assertGone(kv: TestKv, browser: Browser<Data>): Promise<void> {
  for await (const { key } of kv.kv.list({ prefix: ["session", "data"] })) {
    throw new Error(`${key.join("/")} is still there`);
  }
  await browser.visit(async (session) => {
    await session.read();
    assertEquals([...session.entries()], []);
  });
}

Deno.test("Session.destroy() of a session that a slow request holds comes after its save()", async () => {
  using kv = await testKv();
  const browser = await browserOf(on(kv), ada);
  const order: string[] = [];
  const [writer, leaver] = await overlap(
    kv,
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
  );
  assertEquals(order, ["saved", "opened with 2", "destroyed"]);
  assertEquals([writer.code, writer.cookies], [null, []]);
  assertEquals([leaver.code, leaver.cookies], [null, ["delete"]]);
  await assertGone(kv, browser);
});

for (const [request, code] of overtaken) {
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
    const answer = attempt(
      slow.clone(),
      (session) =>
        requests[request]!(session, () => {
          reached.open();
          return goOn.promise;
        }),
    );
    await reached.promise;
    const left = attempt(quick.clone(), (session) => logout(session, noPause));
    await until(() => clock.waiting === 2); // Its limit, and its pause before it looks again.
    clock.advance(6001); // 1.2 leases
    assertEquals((await left).cookies, ["delete"]);
    goOn.open();
    assertEquals(await answer, { result: null, code, cookies: [] });
    await assertGone(kv, slow);
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

for (const [request, code] of late) {
  for (const [when, pass] of Object.entries(since)) {
    Deno.test(`Session: ${request} of a request that read before a logout, ${when}, brings nothing back`, async () => {
      using kv = await testKv();
      const browser = await browserOf(on(kv), ada);
      const answer = await attempt(browser.clone(), async (session) => {
        await session.read();
        assertEquals(session.get("user"), "ada");
        await browser.clone().visit((other) => logout(other, noPause));
        await pass(session, kv);
        const assertNobody = () => assertEquals(session.get("user"), null);
        await requests[request]!(session, assertNobody).finally(assertNobody);
      });
      assertEquals(answer, { result: null, code, cookies: [] });
      await assertGone(kv, browser);
    });
  }
}

for (
  const [request, code] of late.filter(([request]) => request !== "read()")
) {
  Deno.test(`Session: ${request} of a request that waited for a logout brings nothing back`, async () => {
    using kv = await testKv();
    const browser = await browserOf(on(kv), ada);
    const elsewhere = new TestKv(kv.kv);
    const begin = (request: string, kv: TestKv) =>
      attempt(
        browser.clone(on(kv)),
        (session) => requests[request]!(session, noPause),
      );
    const [logoutAnswer, answers] = await overlap(
      elsewhere,
      (pause) => attempt(browser.clone(), (session) => logout(session, pause)),
      // Two in the line of this process, and one of another process.
      () =>
        Promise.all([
          begin("open() and save()", kv),
          begin(request, kv),
          begin(request, elsewhere),
        ]),
    );
    assertEquals(logoutAnswer.cookies, ["delete"]);
    assertEquals(answers.map(({ code }) => code), [
      "ERR_LOCK_LOST",
      code,
      code,
    ]);
    assertEquals(answers.flatMap(({ cookies }) => cookies), []);
    await assertGone(kv, browser);
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
  await assertGone(kv, browser);
});
