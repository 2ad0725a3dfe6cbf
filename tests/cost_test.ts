import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  Browser,
  count,
  increment,
  ManualClock,
  testKv,
  withClock,
} from "./support.ts";

interface Data {
  count: number;
}

type Run = (session: Session<Data>, request: Request) => unknown;

const read: Run = (session) => session.read();
const openAndUnlock: Run = async (session) => {
  await session.open();
  session.set("count", 7);
  await session.unlock();
};
const openAndSaveNothing: Run = async (session) => {
  await session.open();
  session.clear();
  await session.save();
};
const openAndDestroy: Run = async (session) => {
  await session.open();
  await session.destroy();
};
const openRegenerateAndSave: Run = async (session) => {
  await session.open();
  await session.regenerate();
  session.set("count", 7);
  await session.save();
};

const update: Run = (session) =>
  session.update(() => {
    session.set("count", (session.get("count") ?? 0) + 1);
  });

// A read is one call, whether of one key or of two.
const ofStored: [what: string, reads: number, commits: number, run: Run][] = [
  ["Nothing", 0, 0, () => {}],
  ["Session.read()", 1, 0, read],
  ["Session.open() and save()", 1, 2, increment],
  ["Session.open() and save() of nothing", 1, 2, openAndSaveNothing],
  ["Session.open() and unlock()", 1, 2, openAndUnlock],
  ["Session.update()", 1, 1, update],
  ["Session.open() and destroy()", 1, 2, openAndDestroy],
  ["Session.open(), regenerate() and save()", 1, 3, openRegenerateAndSave],
];

for (const [what, reads, commits, run] of ofStored) {
  Deno.test(`${what} costs reads: ${reads}, commits: ${commits}`, async () => {
    using kv = await testKv();
    const browser = new Browser<Data>({ kv });
    await browser.visit(increment);
    kv.reset();
    await browser.visit(run);
    assertEquals(kv.counts, { reads, commits });
  });
}

Deno.test("Session.regenerate() and destroy() are one commit each", async () => {
  using kv = await testKv();
  const browser = new Browser<Data>({ kv });
  await browser.visit(increment);
  await browser.visit(async (session) => {
    await session.open();
    kv.reset();
    await session.regenerate();
    assertEquals(kv.counts, { reads: 0, commits: 1 });
    kv.reset();
    await session.destroy();
    assertEquals(kv.counts, { reads: 0, commits: 1 });
  });
});

// A standing clock: no run is so long that other processes must get a turn.
const ofHundred: [
  what: string,
  cost: { reads: number; commits: number },
  run: Run,
][] = [
  ["open() and save()", { reads: 1, commits: 101 }, increment],
  ["update()", { reads: 1, commits: 100 }, update],
];

for (const [what, cost, run] of ofHundred) {
  Deno.test(`Session.${what} of 100 requests of one process at once costs reads: ${cost.reads}, commits: ${cost.commits}`, async () => {
    using kv = await testKv();
    const options = withClock({ kv }, new ManualClock());
    const browser = new Browser<Data>(options);
    await browser.visit(increment);
    kv.reset();
    const all = Array.from({ length: 100 }, () => browser.clone().visit(run));
    await Promise.all(all);
    assertEquals(kv.counts, cost);
    assertEquals(await browser.visit(count), 101);
  });
}

Deno.test("Session.read() extends a session once in a tenth of its life, in one commit", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = new Browser<Data>(withClock({ kv, ttl: 1000 }, clock));
  await browser.visit(increment);
  const commits = [];
  for (const seconds of [50, 49, 1, 0, 99, 1]) {
    clock.advance(seconds * 1000);
    kv.reset();
    await browser.visit(read);
    commits.push(kv.counts.commits);
  }
  assertEquals(commits, [0, 0, 1, 0, 0, 1]);
});

const ofNone: [what: string, commits: number, run: Run][] = [
  ["Nothing", 0, () => {}],
  ["Session.read()", 0, read],
  ["Session.open() and unlock()", 0, openAndUnlock],
  ["Session.open() and save() of nothing", 0, openAndSaveNothing],
  ["Session.open() and destroy()", 0, openAndDestroy],
  ["Session.open() and the first save()", 1, increment],
  ["The first Session.update()", 1, update],
  [
    "Session.open(), regenerate() and the first save()",
    1,
    openRegenerateAndSave,
  ],
];

for (const cookie of [null, "malformed"]) {
  const who = cookie === null ? "without a cookie" : "with a malformed cookie";
  for (const [what, commits, run] of ofNone) {
    Deno.test(`${what} ${who} costs reads: 0, commits: ${commits}`, async () => {
      using kv = await testKv();
      const browser = new Browser<Data>({ kv });
      if (cookie !== null) browser.cookies.set("session", cookie);
      await browser.visit(run);
      assertEquals(kv.counts, { reads: 0, commits });
    });
  }
}

Deno.test("Session.open() of an id that is not stored costs reads: 1, commits: 0", async () => {
  using kv = await testKv();
  using other = await testKv();
  const browser = new Browser<Data>({ kv: other });
  await browser.visit(increment);
  const stranger = browser.clone({ kv });
  await stranger.visit(openAndUnlock);
  assertEquals(kv.counts, { reads: 1, commits: 0 });
});

for (const cookie of [false, true]) {
  const who = cookie ? "with" : "without";
  Deno.test(`Session adds no header to a response that it did not touch, ${who} a cookie`, async () => {
    using kv = await testKv();
    const browser = new Browser<Data>({ kv });
    if (cookie) await browser.visit(increment);
    const { response } = await browser.exchange(
      () => {},
      () => new Response(null, { headers: { "x-own": "kept" } }),
    );
    assertEquals([...response.headers], [["x-own", "kept"]]);
  });
}
