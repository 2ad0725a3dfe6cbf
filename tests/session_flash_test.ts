import { assertEquals } from "@std/assert";
import {
  assertCode,
  Browser,
  browserWith,
  count,
  increment,
  sessionOf,
  testKv,
} from "./support.ts";

const notice = async (browser: Browser) =>
  (await sessionOf(browser).read()).get("notice");

async function flashed(browser: Browser, value: unknown): Promise<void> {
  await browser.visit((session) =>
    session.update(() => void session.flash("notice", value))
  );
}

Deno.test("Session.flash() leaves a value for the next request that reads, and for no other", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { user: "ada" });
  await flashed(browser, "Saved");
  const next = await sessionOf(browser).read();
  assertEquals([next.get("notice"), next.has("notice")], ["Saved", true]);
  assertEquals([[...next.keys()], next.size], [["user"], 1]);
  const last = await sessionOf(browser).read();
  assertEquals([last.get("notice"), last.has("notice")], [null, false]);
  assertEquals(last.get("user"), "ada");
});

Deno.test("Session.flash() leaves a value for the next request that opens and saves", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await flashed(browser, "Saved");
  await browser.visit(async (session) => {
    await session.open();
    assertEquals(session.get("notice"), "Saved");
    await session.save();
    assertEquals(session.get("notice"), "Saved", "until the request ends");
    await session.open();
    assertEquals(session.get("notice"), "Saved", "until the request ends");
    await session.unlock();
  });
  assertEquals(await notice(browser), null);
});

Deno.test("Session.flash() is not for the request that calls it, however often that looks", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await browser.visit(async (session) => {
    await session.open();
    session.flash("notice", "Saved");
    assertEquals(session.get("notice"), null);
    await session.save();
    assertEquals(session.get("notice"), null);
    await session.read();
    assertEquals(session.get("notice"), null);
    await session.open();
    assertEquals(session.get("notice"), null);
    await session.save();
    assertEquals(session.get("notice"), null);
  });
  assertEquals(await notice(browser), "Saved");
  assertEquals(await notice(browser), null);
});

Deno.test("Session.flash() is still there when the next request discards what it did", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await flashed(browser, "Saved");
  await browser.visit(async (session) => {
    await session.open();
    await session.unlock();
  });
  await assertCode(() =>
    browser.visit(async (session) => {
      await session.open();
      session.set("count", () => {});
      await session.save();
    }), "ERR_NOT_STORABLE");
  assertEquals(await notice(browser), "Saved");
});

Deno.test("Session.unlock() and a save() that fails discard what flash() has left", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await browser.visit(async (session) => {
    await session.open();
    session.flash("notice", "discarded");
    await session.unlock();
    await session.open();
    session.flash("notice", Symbol());
    const error = await assertCode(() => session.save(), "ERR_NOT_STORABLE");
    assertEquals(error.message.includes('"notice"'), true);
    await session.open();
    await session.save();
  });
  assertEquals(await notice(browser), null);
});

Deno.test("Session.flash() is shown by one of the requests that come at once", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  for (let round = 0; round < 10; round++) {
    await flashed(browser, round);
    const requests = Array.from(
      { length: 6 },
      (_, i) =>
        i % 2 === 0 ? notice(browser) : browser.visit(async (session) => {
          await increment(session, new Request("http://localhost/"));
          return session.get("notice");
        }),
    );
    const shown = (await Promise.all(requests)).filter((got) => got !== null);
    assertEquals(shown, [round]);
  }
  assertEquals(await browser.visit(count), 31);
});

Deno.test("Session.read() leaves the value alone while another request has the lock", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await flashed(browser, "Saved");
  const holder = await sessionOf(browser).open();
  assertEquals(await notice(browser), null);
  assertEquals(holder.get("notice"), "Saved");
  await holder.unlock();
  assertEquals(await notice(browser), "Saved");
});

Deno.test("Session.read() costs one commit when there is a value to take, and else none", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await flashed(browser, "Saved");
  kv.reset();
  await notice(browser);
  assertEquals(kv.counts, { reads: 1, commits: 1 });
  kv.reset();
  await notice(browser);
  assertEquals(kv.counts, { reads: 1, commits: 0 });
});

Deno.test("Session.read() and open() of one request find the value whichever took it", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  await flashed(browser, "Saved");
  await browser.visit(async (session) => {
    await session.read();
    await session.open();
    assertEquals(session.get("notice"), "Saved");
    await session.save();
  });
  await flashed(browser, "Saved again");
  await browser.visit(async (session) => {
    await Promise.all([session.read(), session.open()]);
    assertEquals(session.get("notice"), "Saved again");
    await session.unlock();
  });
});

Deno.test("Session.flash() makes a session, and moves with it", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    session.flash("notice", "Wrong password");
    await session.save();
  });
  assertEquals(browser.cookies.size, 1);
  await browser.visit(async (session) => {
    await session.open();
    assertEquals(session.get("notice"), "Wrong password");
    session.flash("notice", "Hello");
    await session.regenerate();
    session.set("user", "ada");
    await session.save();
  });
  assertEquals(await notice(browser), "Hello");
});

Deno.test("Session without values ends when its last flash was shown by a request that saves", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await flashed(browser, "Bye");
  assertEquals(browser.cookies.size, 1);
  await browser.visit(async (session) => {
    await session.open();
    await session.save();
  });
  assertEquals(browser.cookies.size, 0);
});

Deno.test("Session.set(), delete() and clear() are about what flash() left, too", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { notice: "own", count: 1 });
  await flashed(browser, "left");
  await browser.visit(async (session) => {
    await session.open();
    assertEquals(session.get("notice"), "left");
    session.set("notice", "new");
    assertEquals(session.get("notice"), "new");
    await session.save();
  });
  assertEquals(await notice(browser), "new");
  await flashed(browser, "left");
  await browser.visit(async (session) => {
    await session.open();
    assertEquals(session.delete("notice"), true);
    assertEquals(session.get("notice"), null);
    await session.unlock();
    await session.open();
    session.flash("notice", "never");
    session.clear();
    assertEquals(session.has("notice"), false);
    await session.save();
  });
  assertEquals(browser.cookies.size, 0);
});
