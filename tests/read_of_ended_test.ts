import { assertEquals } from "@std/assert";
import { attempt, browserOf, noPause, on, requests } from "./overlap.ts";
import { testKv } from "./support.ts";

const refused = { result: null, code: "ERR_LOCK_LOST", cookies: [] };

for (const end of ["destroy()", "regenerate() and save()"]) {
  for (const request of ["open() and save()", "update()"]) {
    Deno.test(`Session.read() does not let ${request} begin a session with the cookie from just before the ${end} of another request`, async () => {
      using kv = await testKv();
      const browser = await browserOf(on(kv), { count: 1 });
      const old = browser.clone();
      await browser.visit((session) => requests[end]!(session, noPause));
      const answer = await attempt(old, async (session) => {
        await session.read();
        await requests[request]!(session, noPause);
      });
      assertEquals(answer, refused);
    });
  }
}

for (const before of [false, true]) {
  const when = before ? "before and after" : "after";
  Deno.test(`Session.destroy() of a request that read ${when} another one regenerated the session does not keep silent`, async () => {
    using kv = await testKv();
    const browser = await browserOf(on(kv), { count: 1 });
    const old = browser.clone();
    const answer = await attempt(old, async (session) => {
      if (before) await session.read();
      await browser.visit((other) =>
        requests["regenerate() and save()"]!(other, noPause)
      );
      await session.read();
      await requests["destroy()"]!(session, noPause);
    });
    assertEquals(answer, refused);
  });
}
