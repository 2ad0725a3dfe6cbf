import { assertEquals } from "@std/assert";
import { attempt, browserOf, noPause, requests } from "./overlap.ts";
import { ManualClock, testKv, withClock } from "./support.ts";

Deno.test("Session.read() that extends the session during a logout does not bring it back", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserOf(withClock({ kv, ttl: 1000 }, clock), {
    count: 1,
  });
  clock.advance(500_000);
  kv.intercept = async (call, run) => {
    if (call.op === "commit") {
      kv.reset();
      await browser.clone().visit((other) =>
        requests["destroy()"]!(other, noPause)
      );
    }
    return await run();
  };
  const answer = await attempt(
    browser.clone(),
    (session) => requests["read()"]!(session, noPause),
  );
  assertEquals(answer, { result: null, code: null, cookies: [] });
  for await (const { key } of kv.kv.list({ prefix: ["session", "data"] })) {
    throw new Error(`${key.join("/")} is still there`);
  }
});

for (const request of ["read()", "open() and unlock()", "open() and save()"]) {
  for (const end of ["destroy()", "regenerate() and save()"]) {
    Deno.test(`Session: ${request} extends no cookie after the ${end} of another request`, async () => {
      using kv = await testKv();
      const clock = new ManualClock();
      const options = withClock({ kv, ttl: 1000 }, clock);
      const browser = await browserOf(options, { count: 1 });
      clock.advance(500_000);
      const due = await attempt(
        browser.clone(),
        (session) => requests[request]!(session, noPause),
      );
      assertEquals(due.cookies, ["set"]);
      clock.advance(500_000);
      const answer = await attempt(browser.clone(), async (session) => {
        await requests[request]!(session, noPause);
        await browser.clone().visit((other) => requests[end]!(other, noPause));
      });
      assertEquals(answer, { result: null, code: null, cookies: [] });
    });
  }
}
