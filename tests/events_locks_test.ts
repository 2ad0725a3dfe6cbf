import type { Session, SessionEvent } from "@aerys/session";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { change, Stage } from "./events.ts";
import { quiet } from "./faults.ts";
import { type Browser, ManualClock, sessionOf, until } from "./support.ts";
import { withClock } from "./support.ts";

/** A stage whose calls to the database take no time, so that only waiting does. */
async function stageOfWaits(lock = {}): Promise<Stage> {
  const stage = await Stage.open({ lock });
  stage.kv.reset();
  return stage;
}

const opened = { type: "opened", id: "A", took: 0, waited: 0, locked: true };

/** How a holder ends, and what one that has waited 40 ms for it finds. */
const ends: readonly [
  keyof Session & ("save" | "unlock" | "destroy" | "regenerate"),
  readonly unknown[],
][] = [
  ["save", [{ ...opened, took: 40, waited: 40 }]],
  ["unlock", [{ ...opened, took: 40, waited: 40 }]],
  ["destroy", [
    { type: "unknown", id: "A", ended: true },
    { ...opened, id: null, took: 40, waited: 40, locked: false },
  ]],
  ["regenerate", [
    { type: "unknown", id: "A", ended: true },
    { ...opened, id: null, took: 40, waited: 40, locked: false },
  ]],
];

for (const [end, expected] of ends) {
  Deno.test(`opened tells how long a request waited for one of its process to ${end}()`, async () => {
    using stage = await stageOfWaits();
    await using holder = sessionOf(stage.browser);
    await using waiter = sessionOf(stage.browser);
    await change(holder);
    const opening = waiter.open();
    await quiet(stage.kv, stage.clock);
    stage.clock.advance(40);
    stage.told();
    await holder[end]();
    await opening;
    const [ended, ...after] = stage.told();
    assertEquals("id" in ended! && "held" in ended ? ended.held : 40, 40);
    assertEquals(after, expected as SessionEvent[]);
  });
}

Deno.test("opened tells the wait of update() for one of its process", async () => {
  using stage = await stageOfWaits();
  const [holder, waiter] = [sessionOf(stage.browser), sessionOf(stage.browser)];
  await holder.open();
  const updating = waiter.update(() => waiter.set("user", "eve"));
  await quiet(stage.kv, stage.clock);
  stage.clock.advance(40);
  await holder.unlock();
  stage.told();
  await updating;
  const [first] = stage.told();
  const expected = { ...opened, took: 40, waited: 40, locked: false };
  assertEquals(first, expected as SessionEvent);
});

Deno.test("opened tells how long a request waited for another process", async () => {
  using stage = await stageOfWaits();
  const holder = await sessionOf(stage.elsewhere()).open();
  const waiter = sessionOf(stage.browser);
  const opening = waiter.open();
  const looks = async (times: number) => {
    for (let i = 0; i < times; i++) {
      // The holder's renewal, the waiter's limit, and its pause of 2 ms.
      await until(() => stage.clock.waiting === 3);
      stage.clock.advance(2);
    }
  };
  await looks(5);
  await until(() => stage.clock.waiting === 3);
  await holder.save();
  await until(() => stage.clock.waiting === 2);
  stage.clock.advance(2);
  await opening;
  assertEquals(stage.told(), [
    { ...opened, took: 12, waited: 12 } as SessionEvent,
  ]);
  await waiter.unlock();
});

/** A request of a process that has died: its clock never goes on. */
async function dead(stage: Stage): Promise<void> {
  const browser: Browser = stage.elsewhere();
  const options = { ...browser.options };
  await sessionOf(browser.clone(withClock(options, new ManualClock()))).open();
}

Deno.test("takenOver is told before opened when the holder gave no sign of life", async () => {
  using stage = await stageOfWaits({ lease: 5000 });
  await dead(stage);
  const session = sessionOf(stage.browser);
  const opening = session.open();
  await until(() => stage.clock.waiting === 2);
  stage.clock.advance(6000);
  await opening;
  await session.save();
  assertEquals(stage.told(), [
    { type: "takenOver", id: "A" },
    { ...opened, took: 6000, waited: 6000 } as SessionEvent,
    { type: "saved", id: "A", took: 0, held: 0, bytes: await stage.bytes("A") },
  ]);
  await stage.visit((session) => session.open());
  assert(stage.told().every(({ type }) => type !== "takenOver"));
});

Deno.test("takenOver is told of a lock that update() takes", async () => {
  using stage = await stageOfWaits({ lease: 5000 });
  await dead(stage);
  const session = sessionOf(stage.browser);
  const updating = session.update(() => session.set("user", "eve"));
  await until(() => stage.clock.waiting === 2);
  stage.clock.advance(6000);
  await updating;
  assertEquals(
    stage.told().map(({ type }) => type),
    ["takenOver", "opened", "saved"],
  );
});

/** Asserts that the lock is told to be lost once, after so long, with the signal's reason. */
function assertLost(
  stage: Stage,
  session: Session,
  held: number,
  why: RegExp,
): void {
  const { message } = session.signal.reason;
  const id = "A";
  assertEquals(stage.told(), [{ type: "lost", id, held, reason: message }]);
  assertMatch(message, why);
}

const lock = { lease: 900, maxHold: 1000 };

Deno.test("lost is told when the lock could not be renewed", async () => {
  using stage = await stageOfWaits(lock);
  const session = await sessionOf(stage.browser).open();
  stage.told();
  stage.kv.intercept = () => Promise.reject(new Error("no connection"));
  for (const ms of [300, 300, 119]) {
    stage.clock.advance(ms);
    await quiet(stage.kv, stage.clock);
  }
  assertEquals(stage.told(), []);
  stage.clock.advance(1);
  await quiet(stage.kv, stage.clock);
  assertLost(stage, session, 720, /could not be renewed/);
  stage.kv.reset();
  await session.unlock();
  assertEquals(stage.told(), []);
});

Deno.test("lost is told when the lock was held too long", async () => {
  using stage = await stageOfWaits(lock);
  const session = await sessionOf(stage.browser).open();
  stage.told();
  for (const ms of [300, 300, 300, 99]) {
    stage.clock.advance(ms);
    await quiet(stage.kv, stage.clock);
  }
  assertEquals(stage.told(), []);
  stage.clock.advance(1);
  await quiet(stage.kv, stage.clock);
  assertLost(stage, session, 1000, /lock\.maxHold/);
  await session.save().catch(() => {});
  assertEquals(stage.told(), [
    { type: "failed", id: "A", method: "save", code: "ERR_LOCK_LOST", took: 0 },
  ]);
});

Deno.test("lost is told when a renewal finds that another request has the lock", async () => {
  using stage = await stageOfWaits(lock);
  const session = await sessionOf(stage.browser).open();
  await stage.kv.kv.delete(["session", "lock", session.id!]);
  await using other = await sessionOf(stage.elsewhere()).open();
  stage.told();
  stage.clock.advance(300);
  await quiet(stage.kv, stage.clock);
  assertLost(stage, session, 300, /another request took it/);
  await session.unlock();
  assertEquals(stage.told(), []);
  await other.unlock();
});

Deno.test("lost is told when save() finds that another request has the lock", async () => {
  using stage = await stageOfWaits(lock);
  const session = await sessionOf(stage.browser).open();
  await stage.kv.kv.delete(["session", "lock", session.id!]);
  await using other = await sessionOf(stage.elsewhere()).open();
  stage.told();
  stage.clock.advance(100);
  await session.save().catch(() => {});
  const types = stage.told().map(({ type }) => type);
  assertEquals(types.sort(), ["failed", "lost"]);
  await other.unlock();
});

/** Updates the session once more from another process each time that it is called. */
function rival(stage: Stage): (session: Session) => Promise<void> {
  return async (session) => {
    session.set("user", "eve");
    await stage.elsewhere().visit((other) =>
      other.update(() => other.set("user", "bob"))
    );
  };
}

Deno.test("conflicted is told each time that update() is tried again, until it takes the lock", async () => {
  using stage = await stageOfWaits();
  const write = rival(stage);
  let tries = 0;
  await stage.visit((session) =>
    session.update(async () => {
      if (++tries <= 3) await write(session);
      else session.set("user", "eve");
    })
  );
  const free = { ...opened, locked: false } as SessionEvent;
  const conflicted: SessionEvent = { type: "conflicted", id: "A" };
  assertEquals(stage.told(), [
    ...[free, conflicted, free, conflicted, free, conflicted],
    opened as SessionEvent,
    { type: "saved", id: "A", took: 0, held: 0, bytes: await stage.bytes("A") },
  ]);
});
