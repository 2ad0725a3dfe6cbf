import type { SessionEvent } from "@aerys/session";
import { assertEquals } from "@std/assert";
import { change, Stage } from "./events.ts";

/** What a request does, and what is told of it. A call to the database takes 5 ms. */
type Situation = readonly [
  what: string,
  run: (stage: Stage) => Promise<void>,
  told: readonly SessionEvent[],
];

// What is stored is measured afterwards.
const bytes = NaN;

const found: readonly Situation[] = [
  ["An untouched session", (stage) => stage.visit(() => {}), []],
  [
    "Session.read()",
    (stage) => stage.visit((session) => session.read()),
    [{ type: "read", id: "A", took: 5 }],
  ],
  [
    "Session.read() that extends the session",
    (stage) => {
      stage.clock.advance(400_000);
      return stage.visit((session) => session.read());
    },
    [{ type: "read", id: "A", took: 10 }],
  ],
  [
    "Session.open() and unlock()",
    (stage) =>
      stage.visit(async (session) => {
        await session.open();
        stage.clock.advance(30);
        await session.unlock();
      }),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "unlocked", id: "A", held: 35 },
    ],
  ],
  [
    "Session.open() and save()",
    (stage) =>
      stage.visit(async (session) => {
        await change(session);
        stage.clock.advance(30);
        await session.save();
      }),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "saved", id: "A", took: 5, held: 35, bytes },
    ],
  ],
  [
    "Session.open(), regenerate() and save()",
    (stage) =>
      stage.visit(async (session) => {
        await change(session);
        await session.regenerate();
        await session.save();
      }),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "regenerated", id: "B", previousId: "A", took: 5 },
      { type: "saved", id: "B", took: 5, held: 10, bytes },
    ],
  ],
  [
    "Session.open() and destroy()",
    (stage) =>
      stage.visit(async (session) => {
        await session.open();
        await session.destroy();
      }),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "destroyed", id: "A", took: 5, held: 5 },
    ],
  ],
  [
    "Session.save() without values",
    (stage) =>
      stage.visit(async (session) => {
        await session.open();
        session.clear();
        await session.save();
      }),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "destroyed", id: "A", took: 5, held: 5 },
    ],
  ],
  [
    "Session.update()",
    (stage) =>
      stage.visit((session) => session.update(() => session.set("user", "b"))),
    [
      { type: "opened", id: "A", took: 5, waited: 0, locked: false },
      { type: "saved", id: "A", took: 5, held: null, bytes },
    ],
  ],
  [
    "Session.update() whose function throws",
    (stage) =>
      stage.visit((session) =>
        session.update(() => {
          throw new Error("the function's own");
        })
      ),
    [{ type: "opened", id: "A", took: 5, waited: 0, locked: false }],
  ],
  [
    "Session.update() that removes every value",
    (stage) => stage.visit((session) => session.update(() => session.clear())),
    [
      { type: "opened", id: "A", took: 5, waited: 0, locked: false },
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "destroyed", id: "A", took: 5, held: 5 },
    ],
  ],
  [
    "A handler that throws with the session locked",
    (stage) =>
      stage.visit(async (session) => {
        await change(session);
        throw new Error("the handler's own");
      }),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "unlocked", id: "A", held: 5 },
    ],
  ],
  [
    "A handler that returns with the session locked",
    (stage) => stage.visit(change),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "unlocked", id: "A", held: 5 },
    ],
  ],
  [
    "A method in a state in which it may not be called",
    (stage) =>
      stage.visit(async (session) => {
        await session.save().catch(() => {});
        await session.open();
        await session.read().catch(() => {});
        await session.unlock();
      }),
    [
      { type: "opened", id: "A", took: 10, waited: 0, locked: true },
      { type: "unlocked", id: "A", held: 5 },
    ],
  ],
];

const nobody: SessionEvent = {
  type: "opened",
  id: null,
  took: 0,
  waited: 0,
  locked: false,
};
const begun: readonly SessionEvent[] = [
  { type: "created", id: "B" },
  { type: "saved", id: "B", took: 5, held: null, bytes },
];

const fresh: readonly Situation[] = [
  [
    "An untouched request",
    (stage) => stage.visit(() => {}, stage.stranger()),
    [],
  ],
  [
    "Session.read() without a cookie",
    (stage) => stage.visit((session) => session.read(), stage.stranger()),
    [{ type: "read", id: null, took: 0 }],
  ],
  [
    "The first save()",
    (stage) =>
      stage.visit(async (session) => {
        await change(session);
        await session.save();
      }, stage.stranger()),
    [nobody, ...begun],
  ],
  [
    "regenerate() before the first save()",
    (stage) =>
      stage.visit(async (session) => {
        await change(session);
        await session.regenerate();
        await session.save();
      }, stage.stranger()),
    [nobody, ...begun],
  ],
  [
    "The first update()",
    (stage) =>
      stage.visit(
        (session) => session.update(() => session.set("user", "eve")),
        stage.stranger(),
      ),
    [nobody, ...begun],
  ],
  ...(["save", "unlock", "destroy"] as const).map((method): Situation => [
    `${method}() of nothing`,
    (stage) =>
      stage.visit(async (session) => {
        await session.open();
        await session[method]();
      }, stage.stranger()),
    [nobody],
  ]),
];

for (const [what, run, expected] of [...found, ...fresh]) {
  const types = expected.map(({ type }) => type).join(", ") || "nothing";
  Deno.test(`${what} tells ${types}`, async () => {
    using stage = await Stage.open();
    await run(stage);
    const told = stage.told();
    const measured = expected.map(async (event) =>
      event.type === "saved"
        ? { ...event, bytes: await stage.bytes(event.id) }
        : event
    );
    assertEquals(told, await Promise.all(measured));
  });
}

Deno.test("SessionEvent tells the id that session.id gives, whenever it is told", async () => {
  using stage = await Stage.open();
  await stage.visit(async (session) => {
    const seen = [];
    for (const method of ["open", "regenerate", "save", "read"] as const) {
      await session[method]();
      seen.push(stage.nameOf(session.id!));
    }
    const told = stage.told().map((event) => "id" in event && event.id);
    assertEquals(told, seen);
    assertEquals(seen, ["A", "B", "B", "B"]);
  });
});
