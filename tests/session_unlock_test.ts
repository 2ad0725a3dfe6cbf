import { assert, assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  assertCode,
  type Browser,
  browserWith,
  gate,
  increment,
  sessionOf,
  testKv,
} from "./support.ts";

Deno.test("Session.unlock() discards what was set and reads the old contents", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1, list: [1] });
  await using session = sessionOf(browser);
  await session.open();
  session.set("a", 2).set("b", 3);
  session.get<number[]>("list")!.push(2);
  await session.unlock();
  assertEquals(session.state, "unlocked");
  assertEquals([...session.entries()], [["a", 1], ["list", [1]]]);
  await using other = sessionOf(browser);
  await other.open();
  assertEquals([...other.entries()], [["a", 1], ["list", [1]]]);
});

Deno.test("Session.unlock() leaves nothing of a session that was never saved", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, {});
  await browser.visit(async (session) => {
    await session.open();
    session.set("a", 1);
    await session.unlock();
    assertEquals([session.size, session.id], [0, null]);
  });
  assertEquals(kv.counts, { reads: 0, commits: 0 });
  assertEquals(browser.cookies.size, 0);
});

Deno.test("Session.unlock() cancels an open() that waits", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using holder = sessionOf(browser);
  await holder.open();
  await using session = sessionOf(browser);
  await session.read();
  const refused = assertCode(() => session.open(), "ERR_LOCK_CANCELLED");
  // It is in the line behind the other one by then.
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(session.state, "pending");
  await session.unlock();
  assert(((await refused).cause as Error).name === "AbortError");
  assertEquals([session.state, session.get("count")], ["unlocked", 1]);
  await holder.save();
  assertEquals(await browser.visit(increment), 2);
});

Deno.test("Session.unlock() cancels an open() that has a signal of its own", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using _holder = await sessionOf(browser).open();
  await using session = sessionOf(browser);
  const { signal } = new AbortController();
  const refused = assertCode(
    () => session.open({ signal }),
    "ERR_LOCK_CANCELLED",
  );
  await session.unlock();
  await refused;
  assertEquals(signal.aborted, false);
});

/** Calls unlock() at the n-th call to the database, before or after it is carried out. */
async function unlockAt(
  session: Session,
  browser: Browser,
  n: number,
  when: "before" | "after",
): Promise<void> {
  const { kv } = browser.options as { kv: Awaited<ReturnType<typeof testKv>> };
  kv.reset();
  const unlocked = gate();
  kv.intercept = async (_call, run) => {
    if (kv.calls.length !== n) return await run();
    const result = when === "after" ? await run() : undefined;
    session.unlock().then(unlocked.open);
    // Then its answer comes too late.
    await unlocked.promise;
    return result ?? await run();
  };
  await assertCode(() => session.open(), "ERR_LOCK_CANCELLED");
  assertEquals(session.state, "unlocked");
}

for (const [n, call] of [[1, "reading"], [2, "locking"]] as const) {
  for (const when of ["before", "after"] as const) {
    Deno.test(`Session.unlock() leaves no lock when it comes ${when} ${call}`, async () => {
      using kv = await testKv();
      const browser = await browserWith({ kv }, { a: 1 });
      await using session = sessionOf(browser);
      await unlockAt(session, browser, n, when);
      kv.intercept = (_call, run) => run();
      const key = ["session", "lock", browser.token!.split(".")[0]!];
      let lock = await kv.kv.get(key);
      while (n === 2 && (kv.calls.length < 3 || lock.value !== null)) {
        lock = await kv.kv.get(key);
      }
      assertEquals(lock.value, null);
      await session.open();
    });
  }
}

Deno.test("Session.unlock() leaves no lock at whichever moment after locking it comes", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const ends = new Set<string>();
  for (let moments = 0; moments < 40; moments++) {
    const session = sessionOf(browser);
    let unlocking: Promise<void> | undefined;
    const unlockSoon = async () => {
      for (let i = 0; i < moments; i++) await null;
      await session.unlock();
    };
    kv.intercept = async (call, run) => {
      const result = await run();
      if (call.op === "commit") unlocking ??= unlockSoon();
      return result;
    };
    ends.add(await session.open().then(() => "locked", (error) => error.code));
    await unlocking;
    assertEquals(session.state, "unlocked");
    kv.reset();
    await using other = await sessionOf(browser).open();
    assertEquals(other.get("a"), 1);
  }
  // Early it was cancelled on the way, late it was unlocked.
  assertEquals(ends, new Set(["ERR_LOCK_CANCELLED", "locked"]));
});
