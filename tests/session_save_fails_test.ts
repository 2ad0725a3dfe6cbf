import { assert, assertEquals } from "@std/assert";
import type { SessionErrorCode } from "@aerys/session";
import {
  assertCode,
  assertFree,
  Browser,
  browserWith,
  sessionOf,
  TestKv,
  testKv,
} from "./support.ts";

/** Lets no record be written. */
function failWrites(kv: TestKv, error: Error): void {
  kv.intercept = (call, run) =>
    call.sets.includes("data") ? Promise.reject(error) : run();
}

async function stored(browser: Browser): Promise<[string, unknown][]> {
  return [...(await sessionOf(browser).read()).entries()];
}

Deno.test("Session.save() reloads the old contents when the write fails", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1, list: [1] });
  await using session = sessionOf(browser);
  await session.open();
  session.set("a", 2).set("b", 3);
  session.get<number[]>("list")!.push(2);
  const cause = new Error("disk full");
  failWrites(kv, cause);
  const error = await assertCode(() => session.save(), "ERR_STORE");
  assertEquals(error.cause, cause);
  assertEquals(session.state, "unlocked");
  assertEquals([...session.entries()], [["a", 1], ["list", [1]]]);
  await assertFree(kv, browser);
  assertEquals(await stored(browser), [["a", 1], ["list", [1]]]);
});

Deno.test("Session.save() of a new session leaves nothing when the write fails", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    session.set("a", 1);
    failWrites(kv, new Error("disk full"));
    await assertCode(() => session.save(), "ERR_STORE");
    assertEquals([session.state, session.size], ["unlocked", 0]);
    assertEquals([session.id, session.isNew], [null, true]);
  });
  assertEquals(browser.cookies.size, 0);
});

const unsavable: [string, unknown, SessionErrorCode, string[]][] = [
  ["a function", { run: () => {} }, "ERR_NOT_STORABLE", ['"bad"', ".run"]],
  ["an instance", new Blob(), "ERR_NOT_STORABLE", ['"bad"']],
  ["too much", "x".repeat(70_000), "ERR_TOO_LARGE", ["bytes", "65206"]],
];

for (const [what, value, code, told] of unsavable) {
  Deno.test(`Session.save() refuses ${what} as it refuses a failed write`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { a: 1 });
    await using session = sessionOf(browser);
    await session.open();
    session.set("a", 2).set("bad", value);
    const { message } = await assertCode(() => session.save(), code);
    for (const part of told) assert(message.includes(part), message);
    assertEquals(session.state, "unlocked");
    assertEquals([...session.entries()], [["a", 1]]);
    await assertFree(kv, browser);
  });
}

Deno.test("Session.save() stores a session up to the last byte", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  const session = sessionOf(browser);
  const fill = async (length: number) => {
    await session.open();
    session.set("a", "x".repeat(length));
    await session.save();
  };
  const over = 70_000;
  const { message } = await assertCode(() => fill(over), "ERR_TOO_LARGE");
  const [takes, holds] = message.match(/\d+/g)!.map(Number);
  const longest = over - (takes! - holds!);
  await assertCode(() => fill(longest + 1), "ERR_TOO_LARGE");
  await fill(longest);
  assertEquals(await stored(browser), [["a", "x".repeat(longest)]]);
});

Deno.test("Session.save() without a lock any more writes nothing and shows what is stored", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await using session = sessionOf(browser);
  await session.open();
  session.set("a", "mine");
  // As if its lease had run out while the process was suspended.
  await kv.kv.delete(["session", "lock", session.id!]);
  const other = sessionOf(browser.clone({ kv: new TestKv(kv.kv) }));
  await other.update(() => other.set("a", "theirs"));
  await assertCode(() => session.save(), "ERR_LOCK_LOST");
  assertEquals([session.state, session.get("a")], ["unlocked", "theirs"]);
  assertEquals(await stored(browser), [["a", "theirs"]]);
});
