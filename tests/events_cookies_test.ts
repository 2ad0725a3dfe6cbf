import type { SessionEvent } from "@aerys/session";
import { assertEquals } from "@std/assert";
import { Stage } from "./events.ts";
import { type Browser, gate, sessionOf } from "./support.ts";

const stranger = "01JZ8Q4V5X6Y7Z8A9BACDEFGHJ";
const wrongSecret = "a".repeat(43);

function opened(took: number): SessionEvent {
  return { type: "opened", id: null, took, waited: 0, locked: false };
}

function read(took: number): SessionEvent {
  return { type: "read", id: null, took };
}

/** A browser that sends this `Cookie` header. */
function sending(stage: Stage, header: string): Browser {
  const browser = stage.stranger();
  const [name, ...value] = header.split("=");
  browser.cookies.set(name!, value.join("="));
  return browser;
}

const token = `${stranger}.${wrongSecret}`;

const malformed: Record<string, (own: string) => string> = {
  "an empty cookie": () => "session=",
  "a cookie that is no token": () => "session=1234",
  "a token cut short": (own) => `session=${own.slice(0, -1)}`,
  "two tokens that differ": (own) => `session=${own}; session=${token}`,
  "several that are no tokens": () => "session=a; session=b",
};

for (const [what, header] of Object.entries(malformed)) {
  Deno.test(`${what} tells malformed, once and only when it is asked for`, async () => {
    using stage = await Stage.open();
    const browser = sending(stage, header(stage.browser.token!));
    await stage.visit(() => {}, browser);
    assertEquals(stage.told(), []);
    await stage.visit(async (session) => {
      await session.read();
      await session.open();
      await session.unlock();
    }, browser);
    assertEquals(stage.told(), [{ type: "malformed" }, read(0), opened(0)]);
  });
}

Deno.test("a cookie beside others, or twice the same, tells nothing but read", async () => {
  using stage = await Stage.open();
  const own = stage.browser.token!;
  for (
    const header of [
      `session=${own}; session=${own}`,
      `session=x; session=${own}`,
    ]
  ) {
    await stage.visit((session) => session.read(), sending(stage, header));
    assertEquals(stage.told(), [{ type: "read", id: "A", took: 5 }], header);
  }
  for (const header of ["other=1", "sessions=1", "session2=1"]) {
    await stage.visit((session) => session.read(), sending(stage, header));
    assertEquals(stage.told(), [read(0)], header);
  }
});

/** What a cookie may name that is no session of the browser's. */
const absent: Record<
  string,
  readonly [
    prepare: (stage: Stage) => Browser | Promise<Browser>,
    told: SessionEvent,
  ]
> = {
  "an id that nobody issued": [
    (stage) => sending(stage, `session=${token}`),
    { type: "unknown", id: "B", ended: false },
  ],
  "a session with another secret": [
    (stage) => {
      const [id] = stage.browser.token!.split(".");
      return sending(stage, `session=${id}.${wrongSecret}`);
    },
    { type: "wrongSecret", id: "A" },
  ],
  "a session past its deadline": [
    (stage) => {
      stage.clock.advance(3_600_000);
      return stage.browser;
    },
    { type: "expired", id: "A" },
  ],
};

for (const [what, [prepare, event]] of Object.entries(absent)) {
  Deno.test(`a cookie with ${what} tells ${event.type} before read and opened`, async () => {
    using stage = await Stage.open();
    const browser = await prepare(stage);
    await stage.visit(() => {}, browser);
    assertEquals(stage.told(), []);
    await stage.visit((session) => session.read(), browser);
    assertEquals(stage.told(), [event, read(5)]);
    await stage.visit((session) => session.open(), browser);
    assertEquals(stage.told(), [event, opened(5)]);
    await stage.visit((session) => session.update(() => {}), browser);
    assertEquals(stage.told(), [event, opened(5)]);
  });
}

for (const method of ["destroy", "regenerate"] as const) {
  Deno.test(`a cookie of a session that was there until ${method}() tells unknown with ended`, async () => {
    using stage = await Stage.open();
    const old = stage.browser.clone();
    await stage.elsewhere().visit(async (session) => {
      await session.open();
      await session[method]();
      if (method === "regenerate") await session.save();
    });
    await stage.visit((session) => session.open(), old);
    const ended: SessionEvent = { type: "unknown", id: "A", ended: true };
    assertEquals(stage.told(), [ended, opened(5)]);
    // The lock key, which alone knows, is not read.
    await stage.visit((session) => session.read(), old);
    assertEquals(stage.told(), [{ ...ended, ended: false }, read(5)]);
    stage.clock.advance(10_000);
    await stage.visit((session) => session.open(), old);
    assertEquals(stage.told(), [{ ...ended, ended: false }, opened(5)]);
  });
}

for (const method of ["open", "read"] as const) {
  Deno.test(`Session.${method}() of a request that has seen the session tells unknown with ended`, async () => {
    using stage = await Stage.open();
    await stage.visit(async (session) => {
      await session.read();
      await stage.elsewhere().visit(async (other) => {
        await other.open();
        await other.destroy();
      });
      stage.told();
      await session[method]();
    });
    assertEquals(stage.told(), [
      { type: "unknown", id: "A", ended: true },
      method === "open" ? opened(5) : read(5),
    ]);
  });
}

Deno.test("Session.read() that is overtaken tells the id that it has found", async () => {
  using stage = await Stage.open();
  const session = sessionOf(stage.browser);
  const answer = gate();
  stage.kv.intercept = async (_call, run) => {
    stage.slow();
    const result = await run();
    await answer.promise;
    return result;
  };
  const reading = session.read();
  await session.open();
  await session.regenerate();
  await session.save();
  stage.told();
  answer.open();
  await reading;
  assertEquals(stage.told(), [{ type: "read", id: "A", took: 20 }]);
});

for (const method of ["destroy", "regenerate"] as const) {
  Deno.test(`Session.read() that is overtaken by ${method}() tells unknown with the id that it has asked for`, async () => {
    using stage = await Stage.open();
    const session = sessionOf(stage.browser);
    const asked = gate();
    stage.kv.intercept = async (_call, run) => {
      stage.slow();
      await asked.promise;
      return await run();
    };
    const reading = session.read();
    await session.open();
    await session[method]();
    stage.told();
    asked.open();
    await reading;
    const [unknown, done, ...others] = stage.told();
    assertEquals(unknown?.type, "unknown");
    assertEquals("id" in unknown! && unknown.id, "A");
    assertEquals([done, others], [read(15), []]);
    await session[Symbol.asyncDispose]();
  });
}
