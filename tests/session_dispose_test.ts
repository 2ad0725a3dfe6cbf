import { assertEquals } from "@std/assert";
import {
  assertCode,
  browserWith,
  gate,
  increment,
  sessionOf,
  testKv,
  until,
} from "./support.ts";

Deno.test("Session[Symbol.asyncDispose]() unlocks and discards what was set", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  {
    await using session = await sessionOf(browser).open();
    session.set("count", 2);
  }
  kv.reset();
  await using other = await sessionOf(browser).open(); // without waiting
  assertEquals(other.get("count"), 1);
  assertEquals(kv.counts, { reads: 1, commits: 1 });
});

Deno.test("Session[Symbol.asyncDispose]() costs nothing when nothing is locked", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  await session.read();
  kv.reset();
  await session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  assertEquals(kv.counts, { reads: 0, commits: 0 });
});

Deno.test("Session[Symbol.asyncDispose]() cancels an open() that waits", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using holder = await sessionOf(browser).open();
  const session = sessionOf(browser);
  const refused = assertCode(() => session.open(), "ERR_LOCK_CANCELLED");
  await until(() => kv.unanswered === 0);
  await session[Symbol.asyncDispose]();
  await refused;
  assertEquals([session.state, holder.state], ["unlocked", "locked"]);
});

Deno.test("Session[Symbol.asyncDispose]() waits for a save() under way", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = await sessionOf(browser).open();
  session.set("count", 2);
  const answer = gate();
  kv.intercept = (_call, run) => answer.promise.then(run);
  const saving = session.save();
  const disposing = session[Symbol.asyncDispose]();
  assertEquals(session.state, "pending");
  answer.open();
  await disposing;
  assertEquals(session.state, "unlocked");
  await saving;
  assertEquals(await browser.visit(increment), 3);
});

Deno.test("Session[Symbol.asyncDispose]() does not throw when the database fails", async () => {
  using kv = await testKv();
  const session = await sessionOf(await browserWith({ kv }, { count: 1 }))
    .open();
  session.set("count", 2);
  kv.intercept = () => Promise.reject(new Error("no connection"));
  await session[Symbol.asyncDispose]();
  assertEquals([session.state, session.get("count")], ["unlocked", 1]);
});
