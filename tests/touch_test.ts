import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  browserWith,
  ManualClock,
  sessionOf,
  TestKv,
  testKv,
  withClock,
} from "./support.ts";

const ttl = 100;
const tenth = 10_000;

/** A browser with a session that lives 100 s, and its clock. */
async function living(kv: TestKv, values: Record<string, unknown> = { a: 1 }) {
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv, ttl }, clock), values);
  kv.reset();
  /** The same browser's next request to another process. */
  const elsewhere = () =>
    browser.clone(withClock({ kv: new TestKv(kv.kv), ttl }, clock));
  return { clock, browser, elsewhere };
}

const change = (session: Session) => session.update(() => session.set("a", 2));

Deno.test("read() extends the session at most once in a tenth of its life", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv);
  // ms since the last request, and the commits that reading costs
  const requests = [[0, 0], [tenth - 1, 0], [1, 1], [0, 0], [tenth - 1, 0]];
  for (const [ms, commits] of [...requests, [1, 1]]) {
    clock.advance(ms!);
    kv.reset();
    await sessionOf(browser).read();
    assertEquals(kv.counts, { reads: 1, commits });
  }
});

Deno.test("read() extends no session that another request holds", async () => {
  using kv = await testKv();
  const { clock, browser, elsewhere } = await living(kv);
  clock.advance(tenth);
  await using holder = await sessionOf(elsewhere()).open();
  const before = await kv.kv.get(["session", "data", holder.id!]);
  await sessionOf(browser).read();
  const after = await kv.kv.get(["session", "data", holder.id!]);
  assertEquals(after.versionstamp, before.versionstamp);
  await holder.save();
});

Deno.test("read() extends no session that changes meanwhile", async () => {
  using kv = await testKv();
  const { clock, browser, elsewhere } = await living(kv);
  clock.advance(tenth);
  // The other request comes between reading and extending.
  kv.intercept = async (call, run) => {
    if (call.op === "commit") await elsewhere().visit(change);
    return await run();
  };
  await sessionOf(browser).read();
  assertEquals((await sessionOf(browser).read()).get("a"), 2);
});

Deno.test("read() brings back no session that is destroyed meanwhile", async () => {
  using kv = await testKv();
  const { clock, browser, elsewhere } = await living(kv);
  clock.advance(tenth);
  kv.intercept = async (call, run) => {
    if (call.op === "commit") {
      await elsewhere().visit(async (session) => {
        await session.open();
        await session.destroy();
      });
    }
    return await run();
  };
  await sessionOf(browser).read();
  assertEquals((await sessionOf(browser).read()).size, 0);
});

Deno.test("read() does not fail when the session cannot be extended", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv);
  clock.advance(tenth);
  kv.intercept = (call, run) =>
    call.op === "commit" ? Promise.reject(new Error("read only")) : run();
  const session = sessionOf(browser);
  await session.read();
  assertEquals(session.get("a"), 1);
});

Deno.test("read() stores nothing that was changed inside a value", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { list: [1] });
  const session = sessionOf(browser);
  await session.read();
  session.get<number[]>("list")!.push(2);
  clock.advance(tenth);
  await session.read();
  assertEquals(kv.counts.commits, 1);
  assertEquals((await sessionOf(browser).read()).get("list"), [1]);
});

Deno.test("unlock() extends the session when it is due, and stores nothing that was set", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv, { list: [1] });
  // The clock moves in steps in which no lease is renewed.
  clock.advance(tenth - 1);
  const session = await sessionOf(browser).open();
  session.set("b", 2).get<number[]>("list")!.push(2);
  clock.advance(1);
  await session.unlock();
  kv.reset();
  const later = await sessionOf(browser).read();
  assertEquals([...later.entries()], [["list", [1]]]);
  assertEquals(kv.counts, { reads: 1, commits: 0 });
  clock.advance(ttl * 1000 - 1);
  assertEquals((await sessionOf(browser).read()).size, 1);
});
