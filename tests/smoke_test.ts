import { assertEquals } from "@std/assert";
import { Browser, count, increment, testKv } from "./support.ts";

Deno.test("a smoke test", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(increment);
  kv.reset();
  assertEquals(await browser.visit(increment), 2);
  assertEquals(kv.counts, { reads: 1, commits: 2 });
  kv.reset();
  assertEquals(await browser.visit(count), 2);
  assertEquals(kv.counts, { reads: 1, commits: 0 });
});
