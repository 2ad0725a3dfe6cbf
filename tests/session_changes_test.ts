import { assertEquals, assertRejects } from "@std/assert";
import {
  assertCode,
  Browser,
  browserWith,
  CountingClock,
  gate,
  increment,
  ManualClock,
  sessionOf,
  TestKv,
  testKv,
  tick,
  until,
  withClock,
} from "./support.ts";

/** The options of another process on the same database. */
const elsewhere = (kv: TestKv) => ({ kv: new TestKv(kv.kv) });

const add = (browser: Browser) => browser.visit(increment);

Deno.test("Session.changes() yields the session at each commit of another request", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = await sessionOf(browser).read();
  const changes = session.changes();
  for (const count of [2, 3]) {
    const next = changes.next();
    await add(browser);
    assertEquals(await next, { value: session, done: false });
    assertEquals(session.get("count"), count);
  }
  const next = changes.next();
  await browser.visit((session) =>
    session.update(() => session.set("count", 10))
  );
  await next;
  assertEquals(session.get("count"), 10);
  await changes.return!();
});

Deno.test("Session.changes() sees at once what this process commits", async () => {
  using kv = await testKv();
  const clock = new ManualClock(); // which stands still
  const browser = await browserWith(withClock({ kv }, clock), { count: 1 });
  const session = await sessionOf(browser).read();
  const changes = session.changes();
  const next = changes.next();
  await until(() => kv.unanswered === 0 && clock.waiting === 1);
  await add(browser);
  await next;
  assertEquals(session.get("count"), 2);
  await changes.return!();
});

Deno.test("Session.changes() sees what another process commits, at its next look", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv }, clock), { count: 1 });
  const session = await sessionOf(browser).read();
  const changes = session.changes({ interval: 500 });
  const next = changes.next();
  await until(() => kv.unanswered === 0 && clock.waiting === 1);
  await add(browser.clone(withClock(elsewhere(kv), clock)));
  kv.reset();
  clock.advance(449);
  assertEquals(kv.counts, { reads: 0, commits: 0 });
  clock.advance(101);
  await next;
  assertEquals(session.get("count"), 2);
  assertEquals(kv.counts, { reads: 1, commits: 0 });
  await changes.return!();
});

Deno.test("Session.changes() looks once an interval, and neither writes nor extends the session", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, ttl: 10 }, clock);
  const browser = await browserWith(options, { count: 1 });
  await browser.visit((session) =>
    session.update(() => void session.flash("notice", "kept"))
  );
  const session = await sessionOf(browser).read();
  await browser.visit((session) =>
    session.update(() => void session.flash("notice", "kept"))
  );
  const changes = session.changes({ interval: 1000 });
  await changes.next();
  assertEquals(session.get("notice"), "kept");
  kv.reset();
  const next = changes.next();
  for (let looks = 1; looks <= 8; looks++) {
    await until(() =>
      kv.counts.reads === looks && kv.unanswered === 0 && clock.waiting === 1
    );
    clock.advance(1100);
  }
  assertEquals(kv.counts.commits, 0);
  await until(() =>
    kv.counts.reads === 9 && kv.unanswered === 0 && clock.waiting === 1
  );
  clock.advance(2000);
  assertEquals(await next, { value: undefined, done: true });
});

const ends: Record<string, (browser: Browser) => Promise<unknown>> = {
  "destroy()": (browser) =>
    browser.visit(async (session) => {
      await session.open();
      await session.destroy();
    }),
  "save() of nothing": (browser) =>
    browser.visit((session) => session.update(() => session.clear())),
  "regenerate()": (browser) =>
    browser.visit(async (session) => {
      await session.open();
      await session.regenerate();
      await session.save();
    }),
};

for (const [what, end] of Object.entries(ends)) {
  for (const where of ["this process", "another process"]) {
    Deno.test(`Session.changes() ends at ${what} in ${where}`, async () => {
      using kv = await testKv();
      const browser = await browserWith({ kv }, { count: 1 });
      const session = await sessionOf(browser).read();
      const seen: unknown[] = [];
      const listening = (async () => {
        for await (const _ of session.changes({ interval: 1 })) {
          seen.push(session.get("count"));
        }
      })();
      const other = where === "this process"
        ? browser
        : browser.clone(elsewhere(kv));
      await end(other);
      await listening;
      assertEquals(seen, []);
      assertEquals([session.id, session.size], [null, 0]);
    });
  }
}

Deno.test("Session.changes() ends at once without a session, and asks nobody", async () => {
  using kv = await testKv();
  const session = sessionOf(new Browser({ kv }));
  for await (const _ of session.changes()) throw new Error("nothing changed");
  assertEquals(kv.counts, { reads: 0, commits: 0 });
});

Deno.test("Session.changes() shows nothing to somebody with another secret", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const thief = browser.clone();
  for (const [name, value] of thief.cookies) {
    const other = value.endsWith("A") ? "E" : "A";
    thief.cookies.set(name, value.slice(0, -1) + other);
  }
  const session = sessionOf(thief);
  const { done } = await session.changes().next();
  assertEquals([done, session.id, session.size], [true, null, 0]);
});

Deno.test("Session.changes() begins with what is stored when the request has not read it", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  for await (const changed of session.changes()) {
    assertEquals(changed.get("count"), 1);
    break;
  }
});

Deno.test("Session.changes() does not tell of this request's own commits", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = await sessionOf(browser).read();
  const changes = session.changes({ interval: 1 });
  const next = changes.next();
  await session.open();
  session.set("count", 2);
  await session.save();
  await session.update(() => session.set("count", 3));
  await add(browser);
  await next;
  assertEquals(session.get("count"), 4);
  await changes.return!();
});

Deno.test("Session.changes() tells nothing that it read before this request locked the session", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = await sessionOf(browser).read();
  const other = browser.clone(elsewhere(kv));
  await other.visit(increment);
  const late = gate();
  let found = false;
  kv.intercept = async (call, run) => {
    const answer = await run();
    if (call.op !== "get") return answer;
    found = true;
    await late.promise;
    return answer;
  };
  const changes = session.changes({ interval: 1 });
  let told = false;
  const next = changes.next().finally(() => told = true);
  await until(() => found);
  await other.visit(increment);
  await session.open();
  session.set("count", 10);
  late.open();
  await tick();
  await tick();
  assertEquals([told, session.get("count"), session.state], [
    ...[false, 10, "locked"],
  ]);
  await session.save();
  await add(browser);
  await next;
  assertEquals(session.get("count"), 11);
  await changes.return!();
});

Deno.test("Session.changes() is not to be used while the session is locked", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = await sessionOf(browser).open();
  await assertCode(() => session.changes().next(), "ERR_ALREADY_LOCKED");
  await session.unlock();
});

Deno.test("Session.changes() ends with the reason of its signal", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = await sessionOf(browser).read();
  const controller = new AbortController();
  const { signal } = controller;
  const next = session.changes({ signal }).next();
  controller.abort(new DOMException("gone", "AbortError"));
  await assertRejects(() => next, DOMException, "gone");
  const late = session.changes({ signal }).next();
  await assertRejects(() => late, DOMException, "gone");
});

Deno.test("Session.changes() stops at once when it is left, and leaves no timer", async () => {
  using kv = await testKv();
  const clock = new CountingClock();
  const browser = await browserWith(withClock({ kv }, clock), { count: 1 });
  const session = await sessionOf(browser).read();
  const stream = ReadableStream.from(session.changes({ interval: 60_000 }));
  const reader = stream.getReader();
  const read = reader.read();
  await until(() => kv.unanswered === 0 && clock.waiting === 1);
  await reader.cancel();
  assertEquals((await read).done, true);
  assertEquals(clock.waiting, 0);
  const unused = session.changes();
  assertEquals(await unused.return!(), { value: undefined, done: true });
});

Deno.test("Session.changes() tells of changes in quick succession at least once", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 0 });
  const session = await sessionOf(browser).read();
  const seen: number[] = [];
  const listening = (async () => {
    for await (const _ of session.changes()) {
      seen.push(session.get<number>("count")!);
      if (seen.at(-1) === 50) break;
    }
  })();
  await Promise.all(Array.from({ length: 50 }, () => add(browser)));
  await listening;
  assertEquals(seen, [...seen].sort((a, b) => a - b), "never back in time");
});
