import { Session, type SessionErrorCode } from "@aerys/session";
import type { SessionEvent, SessionMethod } from "@aerys/session";
import { assertEquals } from "@std/assert";
import { change, Stage } from "./events.ts";
import { quiet } from "./faults.ts";
import { assertCode, Browser, requestOf, sessionOf } from "./support.ts";
import { withClock } from "./support.ts";

function failed(
  method: SessionMethod,
  code: SessionErrorCode,
  took: number,
  id: string | null = "A",
): SessionEvent {
  return { type: "failed", id, method, code, took };
}

const opened: SessionEvent = {
  type: "opened",
  id: "A",
  took: 10,
  waited: 0,
  locked: true,
};

/** Every call to the database fails from now on, after its time. */
function breakDown(stage: Stage): void {
  stage.kv.intercept = () => {
    stage.clock.advance(5);
    return Promise.reject(new Error("no connection"));
  };
}

for (const method of ["open", "read", "update"] as const) {
  Deno.test(`Session.${method}() that cannot reach the database tells failed alone`, async () => {
    using stage = await Stage.open();
    const session = sessionOf(stage.browser);
    breakDown(stage);
    await assertCode(() => session[method](() => {}), "ERR_STORE");
    assertEquals(stage.told(), [failed(method, "ERR_STORE", 5)]);
  });
}

for (const method of ["save", "destroy", "regenerate", "unlock"] as const) {
  Deno.test(`Session.${method}() that cannot reach the database tells failed, and then that the lock is given up`, async () => {
    using stage = await Stage.open({ lock: { timeout: 100 } });
    const session = await sessionOf(stage.browser).open();
    session.set("user", "eve");
    breakDown(stage);
    const failing = assertCode(() => session[method](), "ERR_STORE");
    await quiet(stage.kv, stage.clock);
    stage.clock.advance(1000);
    await failing;
    const [first, second, third, ...rest] = stage.told();
    assertEquals(first, opened);
    // How often it is tried is none of the listener's business.
    const { took } = second as { took: number };
    assertEquals(second, failed(method, "ERR_STORE", took));
    assertEquals([third?.type, rest], ["unlocked", []]);
  });
}

/** Values that cannot be saved. */
const unfit: Record<string, unknown> = {
  ERR_TOO_LARGE: "x".repeat(100_000),
  ERR_NOT_STORABLE: () => {},
};

for (const [code, value] of Object.entries(unfit)) {
  const failure = [code as SessionErrorCode, 0] as const;

  Deno.test(`Session.save() and regenerate() tell failed with ${code}, and unlocked`, async () => {
    using stage = await Stage.open();
    for (const method of ["save", "regenerate"] as const) {
      await stage.visit(async (session) => {
        await session.open();
        session.set("user", value);
        await session[method]();
      });
      assertEquals(stage.told(), [
        opened,
        failed(method, ...failure),
        { type: "unlocked", id: "A", held: 5 },
      ]);
    }
  });

  Deno.test(`Session.update() tells failed with ${code}`, async () => {
    using stage = await Stage.open();
    await stage.visit((session) =>
      session.update(() => session.set("user", value))
    );
    const unlocked = { ...opened, took: 5, locked: false };
    assertEquals(stage.told(), [unlocked, failed("update", ...failure)]);
  });

  Deno.test(`The first save() tells failed with ${code} and without an id`, async () => {
    using stage = await Stage.open();
    await stage.visit(async (session) => {
      await session.open();
      session.set("user", value);
      await session.save();
    }, stage.stranger());
    assertEquals(stage.told(), [
      { ...opened, id: null, took: 0, locked: false },
      failed("save", ...failure, null),
    ]);
  });
}

Deno.test("Session.open(), read() and update() tell failed with ERR_CORRUPT", async () => {
  using stage = await Stage.open();
  const [id] = stage.browser.token!.split(".");
  await stage.kv.kv.set(["session", "data", id!], "not a session");
  for (const method of ["open", "read", "update"] as const) {
    await stage.visit((session) => session[method](() => {}));
    assertEquals(stage.told(), [failed(method, "ERR_CORRUPT", 5)]);
  }
});

Deno.test("Session.open() tells failed with ERR_LOCK_TIMEOUT after the whole timeout", async () => {
  using stage = await Stage.open({ lock: { timeout: 500 } });
  stage.kv.reset();
  await using _holder = await sessionOf(stage.browser).open();
  for (const ms of [500, 20]) {
    const session = sessionOf(stage.browser);
    const options = ms === 500 ? {} : { timeout: ms };
    const refused = assertCode(() => session.open(options), "ERR_LOCK_TIMEOUT");
    await quiet(stage.kv, stage.clock);
    stage.told();
    stage.clock.advance(ms);
    await refused;
    assertEquals(stage.told(), [failed("open", "ERR_LOCK_TIMEOUT", ms)]);
  }
});

const cancellations: Record<
  string,
  (session: Session, controller: AbortController) => unknown
> = {
  "its signal": (_session, controller) => controller.abort(),
  "unlock()": (session) => session.unlock(),
  "the end of the request": (session) => session[Symbol.asyncDispose](),
};

for (const [what, cancel] of Object.entries(cancellations)) {
  Deno.test(`Session.open() that is cancelled by ${what} tells failed with ERR_LOCK_CANCELLED`, async () => {
    using stage = await Stage.open();
    stage.kv.reset();
    await using _holder = await sessionOf(stage.browser).open();
    const session = sessionOf(stage.browser);
    const controller = new AbortController();
    const { signal } = controller;
    const opening = assertCode(
      () => session.open({ signal }),
      "ERR_LOCK_CANCELLED",
    );
    await quiet(stage.kv, stage.clock);
    stage.told();
    stage.clock.advance(30);
    await cancel(session, controller);
    await opening;
    assertEquals(stage.told(), [failed("open", "ERR_LOCK_CANCELLED", 30)]);
  });
}

Deno.test("Session.open() tells failed with ERR_QUEUE_FULL", async () => {
  using stage = await Stage.open({ lock: { maxWaiting: 1 } });
  stage.kv.reset();
  const [holder, waiter, late] = [1, 2, 3].map(() => sessionOf(stage.browser));
  await holder!.open();
  const opening = waiter!.open();
  await quiet(stage.kv, stage.clock);
  stage.told();
  await assertCode(() => late!.open(), "ERR_QUEUE_FULL");
  assertEquals(stage.told(), [failed("open", "ERR_QUEUE_FULL", 0)]);
  await holder!.unlock();
  await opening;
  await waiter!.unlock();
});

Deno.test("Session.save() tells failed with ERR_LOCK_LOST when another request ended the session", async () => {
  using stage = await Stage.open();
  const old = stage.browser.clone();
  await stage.elsewhere().visit(async (session) => {
    await session.open();
    await session.destroy();
  });
  await stage.visit(async (session) => {
    await change(session);
    await session.save();
  }, old);
  assertEquals(stage.told(), [
    { type: "unknown", id: "A", ended: true },
    { ...opened, id: null, took: 5, locked: false },
    failed("save", "ERR_LOCK_LOST", 0, null),
  ]);
});

Deno.test("Session.open() that cannot open the database tells failed with ERR_STORE", async () => {
  const told: SessionEvent[] = [];
  const options = withClock({
    kv: Promise.reject(new Error("no such database")),
    onEvent: (event) => told.push(event),
  });
  const browser = new Browser(options);
  const id = "01JZ8Q4V5X6Y7Z8A9BACDEFGHJ";
  browser.cookies.set("session", `${id}.${"a".repeat(43)}`);
  const session = new Session(requestOf(browser), options);
  await assertCode(() => session.open(), "ERR_STORE");
  const [event] = told;
  assertEquals([event?.type, told.length], ["failed", 1]);
});
