import { assertEquals } from "@std/assert";
import { assertCode, browserWith, gate, sessionOf, testKv } from "./support.ts";

Deno.test("Session.open() goes on in the line when the first one could not read", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const answered = gate();
  let reads = 0;
  kv.intercept = async (call, run) => {
    if (call.op !== "getMany" || reads++ > 0) return await run();
    await answered.promise;
    throw new Error("no connection");
  };
  const first = assertCode(() => sessionOf(browser).open(), "ERR_STORE");
  const second = sessionOf(browser);
  const opening = second.open({ timeout: 5000 });
  answered.open();
  await first;
  await opening;
  assertEquals(second.get("count"), 1);
  await second.unlock();
});
