import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { LockError, type Session } from "@aerys/session";
import {
  assertCode,
  Browser,
  browserWith,
  gate,
  sessionOf,
  type TestKv,
  testKv,
} from "./support.ts";

type Call = (session: Session) => unknown;
type Cell = "yes" | "ERR_NOT_LOCKED" | "ERR_ALREADY_LOCKED" | "ERR_PENDING";

const pending = "ERR_PENDING";
const notLocked = "ERR_NOT_LOCKED";
const alreadyLocked = "ERR_ALREADY_LOCKED";

// What may be called in which state: unlocked, locked, pending.
const table: [string, Call, Cell, Cell, Cell][] = [
  ["has()", (session) => session.has("a"), "yes", "yes", pending],
  ["get()", (session) => session.get("a"), "yes", "yes", pending],
  ["keys()", (session) => session.keys(), "yes", "yes", pending],
  ["entries()", (session) => session.entries(), "yes", "yes", pending],
  ["size", (session) => session.size, "yes", "yes", pending],
  ["set()", (session) => session.set("a", 2), notLocked, "yes", pending],
  ["delete()", (session) => session.delete("a"), notLocked, "yes", pending],
  ["flash()", (session) => session.flash("a", 1), notLocked, "yes", pending],
  ["clear()", (session) => session.clear(), notLocked, "yes", pending],
  ["open()", (session) => session.open(), "yes", alreadyLocked, pending],
  ["read()", (session) => session.read(), "yes", alreadyLocked, pending],
  ["save()", (session) => session.save(), notLocked, "yes", pending],
  [
    "regenerate()",
    (session) => session.regenerate(),
    notLocked,
    "yes",
    pending,
  ],
  ["destroy()", (session) => session.destroy(), notLocked, "yes", pending],
  // While open() waits, unlock() cancels it: see session_open_test.ts.
  ["unlock()", (session) => session.unlock(), notLocked, "yes", pending],
  ["setTTL()", (session) => session.setTTL(60), "yes", "yes", pending],
  [
    "update()",
    (session) => session.update(() => {}),
    "yes",
    alreadyLocked,
    pending,
  ],
];

const asynchronous = /^(?:open|read|save|regenerate|destroy|unlock|update)\(/;

/** The operations during which a session is pending, and the state that follows. */
const operations = {
  open: "locked",
  save: "unlocked",
  unlock: "unlocked",
  regenerate: "locked",
  destroy: "unlocked",
} as const;

/** Starts the operation and keeps the database from answering until `end` is called. */
async function begin(
  kv: TestKv,
  session: Session,
  operation: keyof typeof operations,
): Promise<{ end: () => Promise<unknown> }> {
  if (operation !== "open") await session.open();
  const answer = gate();
  kv.intercept = (_call, run) => answer.promise.then(run);
  const done = session[operation]();
  done.catch(() => {}); // told by end()
  const end = () => {
    answer.open();
    return done;
  };
  return { end };
}

async function assertRefused(
  method: string,
  call: Call,
  session: Session,
  code: Cell & `ERR_${string}`,
): Promise<void> {
  const state = session.state;
  const error = await assertCode(() => {
    if (!asynchronous.test(method)) return call(session);
    let returned: unknown;
    try {
      returned = call(session);
    } catch (thrown) {
      throw new Error(`${method} threw instead of rejecting`, {
        cause: thrown,
      });
    }
    return returned;
  }, code);
  assertInstanceOf(error, LockError);
  assert(error.message.includes(`Cannot call ${method}`), error.message);
  assertEquals(session.state, state);
}

/** The session of a request with a stored session, and of one without any. */
async function eachSession(
  test: (session: Session) => Promise<void>,
): Promise<void> {
  using kv = await testKv();
  for (
    const browser of [await browserWith({ kv }, { a: 1 }), new Browser({ kv })]
  ) {
    await using session = sessionOf(browser);
    await test(session);
  }
}

for (const [method, call, unlocked, locked] of table) {
  Deno.test(`Session.${method} unlocked: ${unlocked}`, async () => {
    await eachSession(async (session) => {
      assertEquals(session.state, "unlocked");
      if (unlocked === "yes") await call(session);
      else await assertRefused(method, call, session, unlocked);
    });
  });

  Deno.test(`Session.${method} locked: ${locked}`, async () => {
    await eachSession(async (session) => {
      await session.open();
      assertEquals(session.state, "locked");
      if (locked === "yes") await call(session);
      else await assertRefused(method, call, session, locked);
    });
  });
}

for (
  const operation of Object.keys(operations) as (keyof typeof operations)[]
) {
  Deno.test(`Session.${operation}() allows no other method until it resolves`, async () => {
    using kv = await testKv();
    await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
    const { end } = await begin(kv, session, operation);
    assertEquals(session.state, "pending");
    for (const [method, call, , , cell] of table) {
      if (operation === "open" && method === "unlock()") continue;
      assert(cell !== "yes");
      await assertRefused(method, call, session, cell);
    }
    await end();
    assertEquals(session.state, operations[operation]);
  });

  Deno.test(`Session.${operation}() leaves id, state, isNew and signal readable`, async () => {
    using kv = await testKv();
    await using session = sessionOf(await browserWith({ kv }, { a: 1 }));
    const { end } = await begin(kv, session, operation);
    assertEquals(session.state, "pending");
    assertEquals(session.id === null, operation === "open");
    assertEquals(session.isNew, operation === "open");
    assertEquals(session.signal.aborted, false);
    await end();
  });
}

Deno.test("Session.id, state, isNew and signal need no state", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { a: 1 });
  await using session = sessionOf(browser);
  const look = () => [session.state, session.id, session.isNew];
  assertEquals(look(), ["unlocked", null, true]);
  assertEquals(session.signal.aborted, false);
  await session.open();
  const id = browser.token!.split(".")[0]!;
  assertEquals(look(), ["locked", id, false]);
  await session.destroy();
  assertEquals(look(), ["unlocked", null, true]);
  assertEquals(session.signal.aborted, false);
});

Deno.test("Session.update() lets its function read and write, and nothing else", async () => {
  await eachSession(async (session) => {
    await session.update(async () => {
      assertEquals(session.state, "locked");
      for (const [method, call] of table) {
        if (!asynchronous.test(method)) call(session);
        else await assertRefused(method, call, session, pending);
      }
      session.set("a", 3);
    });
    assertEquals([session.state, session.get("a")], ["unlocked", 3]);
  });
});
