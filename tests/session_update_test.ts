import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  assertCode,
  assertFree,
  browserWith,
  increment,
  sessionOf,
  TestKv,
  testKv,
} from "./support.ts";

Deno.test("Session.update() saves what the function set, and gives what it returned", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  const result = await session.update(async (inner) => {
    assert(inner === session);
    assertEquals(inner.state, "locked");
    await Promise.resolve();
    inner.set("count", 2);
    return "done";
  });
  assertEquals(result, "done");
  assertEquals(session.state, "unlocked");
  await assertFree(kv, browser, [["count", 2]]);
});

Deno.test("Session.update() takes a function without a promise", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  assertEquals(await session.update(() => 7), 7);
  assertEquals(session.state, "unlocked");
});

for (const how of ["throws", "rejects"] as const) {
  Deno.test(`Session.update() saves nothing when the function ${how}`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { count: 1 });
    const session = sessionOf(browser);
    const failure = new TypeError("the function's own");
    const updating = session.update((inner) => {
      inner.set("count", 2);
      if (how === "throws") throw failure;
      return Promise.reject(failure);
    });
    assert(await assertRejects(() => updating, TypeError) === failure);
    assertEquals([session.state, session.get("count")], ["unlocked", 1]);
    await assertFree(kv, browser, [["count", 1]]);
  });
}

Deno.test("Session.update() rejects when it cannot be saved", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  await assertCode(
    () => session.update((inner) => inner.set("count", () => {})),
    "ERR_NOT_STORABLE",
  );
  await assertFree(kv, browser, [["count", 1]]);
});

Deno.test("Session.update() takes no lock while nobody else writes", async () => {
  using kv = await testKv();
  const session = sessionOf(await browserWith({ kv }, { count: 1 }));
  kv.reset();
  await session.update(() => session.set("count", 2));
  assertEquals(kv.counts, { reads: 1, commits: 1 });
  assertEquals(kv.calls.flatMap(({ sets }) => sets), ["data"]);
});

Deno.test("Session.update() runs the function again on what another request has written", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const other = sessionOf(browser.clone({ kv: new TestKv(kv.kv) }));
  const seen: unknown[] = [];
  const session = sessionOf(browser);
  const result = await session.update(async () => {
    const count = session.get<number>("count")!;
    seen.push(count);
    session.set("count", count + 1).set(`run ${seen.length}`, true);
    if (seen.length === 1) await other.update(() => other.set("count", 10));
    return seen.length;
  });
  assertEquals([result, seen], [2, [1, 10]]);
  assertEquals([...session.entries()], [["count", 11], ["run 2", true]]);
  await assertFree(kv, browser, [["count", 11], ["run 2", true]]);
});

Deno.test("Session.update() takes the lock in the end, so that nobody can outrun it", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 0 });
  const elsewhere = browser.clone({ kv: new TestKv(kv.kv) });
  const lock = ["session", "lock", browser.token!.split(".")[0]!];
  const locked: boolean[] = [];
  let rival: Promise<unknown> | undefined;
  const session = sessionOf(browser);
  await session.update(async () => {
    const count = session.get<number>("count")!;
    locked.push((await kv.kv.get(lock)).value !== null);
    rival = elsewhere.visit(increment);
    if (!locked.at(-1)) await rival; // Else it has to wait.
    session.set("count", count + 1);
  });
  await rival;
  assertEquals(locked, [false, false, false, true]);
  await assertFree(kv, browser, [["count", 5]]);
});

Deno.test("Session.update() that removes every key removes the session", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const old = browser.clone();
  await browser.visit((session) => session.update(() => session.clear()));
  assertEquals(browser.cookies.size, 0);
  assertEquals((await sessionOf(old).open()).size, 0);
});

Deno.test("Session.update() counts parallel requests one by one", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 0 });
  await Promise.all(
    Array.from(
      { length: 20 },
      () =>
        sessionOf(browser).update((session) =>
          session.set("count", session.get<number>("count")! + 1)
        ),
    ),
  );
  await assertFree(kv, browser, [["count", 20]]);
});
