import { Session, type SessionOptions } from "@aerys/session";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertCode, Browser, browserWith, count } from "./support.ts";
import { gate, increment, ManualClock, sessionOf } from "./support.ts";
import { TestKv, testKv, withClock } from "./support.ts";
import { breakDown, passing, quiet, throwsBefore } from "./faults.ts";

Deno.test("ASVS 13.1.3 the wait for the database has a limit, and so has the number of tries", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, lock: { timeout: 700 } }, clock);
  const browser = await browserWith(options, { count: 1 });
  const session = sessionOf(browser);
  await session.open();
  const broken = breakDown(kv, { fault: throwsBefore });
  let settled = false;
  const saving = assertCode(() => session.save(), "ERR_STORE")
    .finally(() => settled = true);
  await passing(clock, () => settled);
  await saving;
  // Three for the commit, and three to give the lock up.
  assertEquals(broken.hits, 6);
  kv.intercept = () => new Promise(() => {});
  const reading = assertCode(() => session.read(), "ERR_STORE");
  await quiet(kv, clock);
  clock.advance(700);
  await reading;
});

Deno.test("ASVS 13.2.6 no more requests wait for a session than lock.maxWaiting, and none for longer than lock.timeout", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const lock = { timeout: 700, maxWaiting: 3, lease: 5000 };
  const browser = await browserWith(withClock({ kv, lock }, clock), { a: 1 });
  await sessionOf(browser).open();
  const waiting = Array.from(
    { length: 3 },
    () => assertCode(() => sessionOf(browser).open(), "ERR_LOCK_TIMEOUT"),
  );
  await quiet(kv, clock);
  await assertCode(() => sessionOf(browser).open(), "ERR_QUEUE_FULL");
  clock.advance(700);
  await Promise.all(waiting);
});

Deno.test("ASVS 15.3.5 options and keys of another type than they should be are refused, not converted", async () => {
  const wrong = [
    { ttl: "60" },
    { ttl: 1.5 },
    { maxLife: NaN },
    { absoluteTtl: null },
    { prefix: "session" },
    { prefix: [1] },
    { cookie: { name: 1 } },
    { cookie: { secure: "false" } },
    { cookie: { sameSite: "lax" } },
    { lock: { timeout: "1000" } },
  ];
  for (const options of wrong) {
    const make = () =>
      new Session(new Request("http://localhost/"), options as SessionOptions);
    const what = JSON.stringify(options);
    let error: unknown;
    try {
      make();
    } catch (thrown) {
      error = thrown;
    }
    assert(error instanceof TypeError || error instanceof RangeError, what);
  }
  using kv = await testKv();
  const session = sessionOf(new Browser({ kv }));
  await session.open();
  for (const key of [null, undefined, true, {}, ["a"], Symbol("a"), 1n]) {
    assertThrows(() => session.set(key as unknown as string, 1), TypeError);
    assertThrows(() => session.get(key as unknown as string), TypeError);
  }
});

Deno.test("ASVS 15.3.6 a key named __proto__ is a key like any other, and changes no prototype", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await session.open();
    session.set("__proto__", { admin: true });
    await session.save();
  });
  await browser.visit(async (session) => {
    await session.read();
    assertEquals([...session.entries()], [["__proto__", { admin: true }]]);
    assertEquals([session.has("admin"), session.get("admin")], [false, null]);
    assertEquals(Reflect.get({}, "admin"), undefined);
    await session.open();
    session.set("user", JSON.parse('{"__proto__":{"admin":true}}'));
    await assertCode(() => session.save(), "ERR_NOT_STORABLE");
  });
});

Deno.test("ASVS 15.4.1 no update is lost among parallel requests, of one process or of two", async () => {
  using kv = await testKv();
  const first = await browserWith({ kv }, { count: 0 });
  const second = first.clone({ kv: new TestKv(kv.kv) });
  const update = (session: Session) =>
    session.update(() =>
      session.set("count", session.get<number>("count")! + 1)
    );
  const requests = Array.from({ length: 40 }, (_, i) => {
    const browser = (i % 2 ? first : second).clone();
    return browser.visit<unknown>(i % 3 ? increment : update);
  });
  await Promise.all(requests);
  assertEquals(await first.visit(count), 40);
});

Deno.test("ASVS 15.4.2 what was read is proven in the commit that locks, and the lock in the commit that writes", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv }, clock), { count: 1 });
  const theirs = withClock({ kv: new TestKv(kv.kv) }, clock);
  const other = browser.clone(theirs);
  const session = sessionOf(browser);
  // Between the look and the lock another process counts.
  kv.intercept = async (call, run) => {
    if (call.op !== "commit") return await run();
    kv.reset();
    await other.visit(increment);
    return await run();
  };
  await session.open();
  assertEquals(session.get("count"), 2);
  session.set("count", 30);
  // Somebody removes the lock behind its back, and writes.
  await kv.kv.delete(["session", "lock", session.id!]);
  await other.visit(increment);
  await assertCode(() => session.save(), "ERR_LOCK_LOST");
  assertEquals(await other.visit(count), 3);
});

Deno.test("ASVS 15.4.3 two requests that lock two sessions crosswise do not wait for each other for ever", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, lock: { timeout: 500 } }, clock);
  const [a, b] = [
    await browserWith(options, { count: 1 }),
    await browserWith(options, { count: 1 }),
  ];
  const held = [sessionOf(a), sessionOf(b)];
  await Promise.all(held.map((session) => session.open()));
  const crosswise = [b, a].map((browser) =>
    assertCode(() => sessionOf(browser).open(), "ERR_LOCK_TIMEOUT")
  );
  await quiet(kv, clock);
  clock.advance(500);
  await Promise.all(crosswise);
  await Promise.all(held.map((session) => session.save()));
});

Deno.test("ASVS 15.4.4 requests that wait for a session get it in the order in which they came", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const order: number[] = [];
  const hold = gate();
  const begun = gate();
  const requests = [
    browser.clone().visit(async (session) => {
      await session.open();
      begun.open();
      await hold.promise;
      await session.save();
    }),
  ];
  await begun.promise;
  for (let i = 0; i < 10; i++) {
    requests.push(
      browser.clone().visit(async (session) => {
        await session.open();
        order.push(i);
        await session.save();
      }),
    );
    await quiet(kv, new ManualClock());
  }
  hold.open();
  await Promise.all(requests);
  assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
