import { assertEquals } from "@std/assert";
import {
  assertCode,
  browserWith,
  gate,
  increment,
  sessionOf,
  type TestKv,
  testKv,
} from "./support.ts";

/** Lets the next read look at the database now, and keeps its answer back until `open`. */
function delayNextRead(kv: TestKv): { open: () => void } {
  const answer = gate();
  kv.intercept = async (call, run) => {
    if (call.op !== "get") return await run();
    kv.intercept = (_call, run) => run();
    const result = await run();
    await answer.promise;
    return result;
  };
  return { open: () => answer.open() };
}

Deno.test("Session.read() takes no lock and waits for none", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using holder = sessionOf(browser);
  await holder.open();
  holder.set("count", 2);
  kv.reset();
  const session = sessionOf(browser);
  await session.read();
  assertEquals(session.get("count"), 1);
  assertEquals(kv.counts, { reads: 1, commits: 0 });
});

Deno.test("Session.read() answers from the old data until it resolves", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  await session.read();
  await browser.visit(increment);
  const answer = delayNextRead(kv);
  const reading = session.read();
  assertEquals([session.get("count"), session.has("count")], [1, true]);
  answer.open();
  await reading;
  assertEquals(session.get("count"), 2);
});

Deno.test("Session.read() leaves the state unlocked while it is under way", async () => {
  using kv = await testKv();
  const session = sessionOf(await browserWith({ kv }, { count: 1 }));
  const answer = delayNextRead(kv);
  const reading = session.read();
  assertEquals(session.state, "unlocked");
  assertEquals([session.get("count"), session.id], [null, null]);
  await assertCode(() => session.save(), "ERR_NOT_LOCKED");
  answer.open();
  await reading;
  assertEquals([session.state, session.get("count")], ["unlocked", 1]);
});

Deno.test("Session.read() that is overtaken by open() changes nothing", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using session = sessionOf(browser);
  const answer = delayNextRead(kv);
  const reading = session.read();
  await browser.visit(increment);
  await session.open();
  session.set("count", 3);
  answer.open();
  await reading;
  assertEquals([session.state, session.get("count")], ["locked", 3]);
  await session.save();
  assertEquals(await browser.visit(increment), 4);
});

Deno.test("Session.read() that is overtaken by a whole open() and save() changes nothing", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using session = sessionOf(browser);
  const answer = delayNextRead(kv);
  const reading = session.read();
  await session.update(() => session.set("count", 2));
  answer.open();
  await reading;
  assertEquals(session.get("count"), 2);
});

Deno.test("Session.read() that is overtaken by destroy() brings nothing back", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await using session = sessionOf(browser);
  const answer = delayNextRead(kv);
  const reading = session.read();
  await session.open();
  await session.destroy();
  answer.open();
  await reading;
  assertEquals([session.id, session.size, session.isNew], [null, 0, true]);
});

Deno.test("Session.read() that is overtaken by a later read() changes nothing", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  const answer = delayNextRead(kv);
  const early = session.read();
  await browser.visit(increment);
  await session.read();
  assertEquals(session.get("count"), 2);
  answer.open();
  await early;
  assertEquals(session.get("count"), 2);
});

Deno.test("Session.read() keeps the old data when it fails", async () => {
  using kv = await testKv();
  const session = sessionOf(await browserWith({ kv }, { count: 1 }));
  await session.read();
  const cause = new Error("no connection");
  kv.intercept = () => Promise.reject(cause);
  const error = await assertCode(() => session.read(), "ERR_STORE");
  assertEquals(error.cause, cause);
  assertEquals([session.state, session.get("count")], ["unlocked", 1]);
});

Deno.test("Session.read() fails with ERR_CORRUPT on bytes that nobody wrote", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const key = ["session", "data", browser.token!.split(".")[0]!];
  for (const value of [new Uint8Array([99]), "text", { a: 1 }]) {
    await kv.kv.set(key, value);
    const session = sessionOf(browser);
    await assertCode(() => session.read(), "ERR_CORRUPT");
    await assertCode(() => session.open(), "ERR_CORRUPT");
    assertEquals(session.state, "unlocked");
  }
});
