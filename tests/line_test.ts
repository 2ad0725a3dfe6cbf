import { assert, assertEquals } from "@std/assert";
import type { OpenOptions } from "@aerys/session";
import { type Answer, attempt, browserOf, type Data, on } from "./overlap.ts";
import {
  type Browser,
  gate,
  ManualClock,
  TestKv,
  testKv,
  tick,
  until,
  withClock,
} from "./support.ts";

/** Requests of one browser and process that wait for its session, one after the other. */
class Line {
  readonly #kv: TestKv;
  readonly #clock: ManualClock;
  readonly #browser: Browser<Data>;
  readonly #requests: Promise<Answer<void>>[] = [];
  /** The numbers of those that had the session, in order. */
  readonly served: number[] = [];
  /** How many are answered. */
  answered = 0;

  constructor(kv: TestKv, clock: ManualClock, browser: Browser<Data>) {
    this.#kv = kv;
    this.#clock = clock;
    this.#browser = browser.clone(withClock({ kv }, clock));
  }

  /** Begins the next request. */
  begin(options: OpenOptions = {}, held?: Promise<void>): void {
    const number = this.#requests.length;
    const answer = attempt(this.#browser.clone(), async (session) => {
      await session.open(options);
      this.served.push(number);
      await held;
      session.set("count", session.get("count")! + 1);
      await session.save();
    });
    this.#requests.push(answer.finally(() => this.answered++));
  }

  /** The same, and resolves when it holds the session or waits for it. */
  async join(options: OpenOptions = {}, held?: Promise<void>): Promise<void> {
    const { waiting } = this.#clock;
    this.begin(options, held);
    await tick();
    // It waits by a timer; but one of a call to the database is another.
    await until(() =>
      this.#kv.unanswered === 0 && this.#clock.waiting > waiting
    );
  }

  /** Resolves to the codes of all the requests when they are answered. */
  async end(): Promise<(string | null)[]> {
    const answers = await Promise.all(this.#requests);
    return answers.map(({ code }) => code);
  }
}

/** Aborts after so many turns of the queue of microtasks. */
async function abortAfter(
  steps: number,
  controller: AbortController,
): Promise<void> {
  for (let i = 0; i < steps; i++) await undefined;
  controller.abort();
}

/** The line of a process of which nobody has come yet. */
async function lineOf(kv: TestKv): Promise<Line> {
  const browser = await browserOf(on(new TestKv(kv.kv)), { count: 1 });
  return new Line(kv, new ManualClock(), browser);
}

async function assertUnlocked({ kv }: TestKv): Promise<void> {
  for await (const { key } of kv.list({ prefix: ["session", "lock"] })) {
    throw new Error(`${key.join("/")} is still there`);
  }
}

Deno.test("Session.open() serves the requests of one process in the order in which they came", async () => {
  using kv = await testKv();
  const line = await lineOf(kv);
  const held = gate();
  await line.join({}, held.promise);
  for (let i = 1; i < 10; i++) await line.join();
  assertEquals(line.served, [0]);
  held.open();
  await line.end();
  assertEquals(line.served, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("Session.open() serves first who called it first, even before the database has answered anybody", async () => {
  using kv = await testKv();
  const line = await lineOf(kv);
  const answered = gate();
  kv.intercept = async (_call, run) => {
    const answer = await run();
    await answered.promise;
    return answer;
  };
  for (let i = 0; i < 4; i++) line.begin();
  await until(() => kv.calls.length > 0);
  answered.open();
  await line.end();
  assertEquals(line.served, [0, 1, 2, 3]);
});

Deno.test("Session.open() that is cancelled in the line lets the next one move up", async () => {
  using kv = await testKv();
  const line = await lineOf(kv);
  const held = gate();
  const controller = new AbortController();
  await line.join({}, held.promise);
  await line.join({ signal: controller.signal });
  await line.join();
  await line.join({ signal: controller.signal });
  await line.join();
  controller.abort();
  held.open();
  const cancelled = "ERR_LOCK_CANCELLED";
  assertEquals(await line.end(), [null, cancelled, null, cancelled, null]);
  assertEquals(line.served, [0, 2, 4]);
  await assertUnlocked(kv);
});

Deno.test("Session.open() asks the database only for the first in the line", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const elsewhere = new TestKv(kv.kv);
  const browser = await browserOf(on(new TestKv(kv.kv)), { count: 1 });
  const held = gate();
  // The holder is another process, so the first in the line has to look again and again.
  const holder = new Line(elsewhere, new ManualClock(), browser);
  await holder.join({}, held.promise);
  const line = new Line(kv, clock, browser);
  for (let i = 0; i < 5; i++) await line.join();
  // The limits of all five, and the pause of the first.
  const allWait = () => kv.unanswered === 0 && clock.waiting === 6;
  await until(allWait);
  for (let i = 0; i < 10; i++) {
    kv.reset();
    clock.advance(2);
    await until(() => kv.calls.length > 0 && allWait());
    assertEquals(kv.counts, { reads: 1, commits: 0 });
  }
  held.open();
  await holder.end();
  clock.advance(2);
  await line.end();
  assertEquals(line.served, [0, 1, 2, 3, 4]);
});

Deno.test("Session.open() after another request of the process costs nothing: the lock and the data are handed over", async () => {
  using kv = await testKv();
  const line = await lineOf(kv);
  const [first, second] = [gate(), gate()];
  await line.join({}, first.promise);
  await line.join({}, second.promise);
  kv.reset();
  first.open();
  await until(() => line.served.length === 2);
  assertEquals(kv.counts, { reads: 0, commits: 1 }); // That of the first one's save().
  second.open();
  assertEquals(await line.end(), [null, null]);
  assertEquals(kv.counts, { reads: 0, commits: 2 });
  await assertUnlocked(kv);
});

Deno.test("Session.open() of another process has its turn, however many requests of one process wait", async () => {
  using kv = await testKv();
  const elsewhere = new TestKv(kv.kv);
  const [here, there] = [new ManualClock(), new ManualClock()];
  const browser = await browserOf(on(new TestKv(kv.kv)), { count: 1 });
  const line = new Line(kv, here, browser);
  const other = new Line(elsewhere, there, browser);
  const holds = [gate(), gate()];
  for (const { promise } of holds) await line.join({}, promise);
  await other.join();
  const poll = 10;
  for (let elapsed = 0, done = 0; other.served.length === 0; elapsed += poll) {
    // 200 ms in a row for one process, and 40 ms of rest, in which the other one looks.
    assert(elapsed <= 200 + 40 + poll, `starved for ${elapsed} ms`);
    if (line.served.length > done) {
      holds.push(gate());
      await line.join({}, holds.at(-1)!.promise);
      const { waiting } = here;
      holds[done]!.open();
      done++;
      // The next one has the session, or rests, which takes one timer more.
      await until(() =>
        kv.unanswered === 0 && line.answered === done &&
        (line.served.length > done || here.waiting === waiting)
      );
    }
    here.advance(poll);
    there.advance(poll);
    // The other one pauses again, within its limit, or has the session.
    await until(() =>
      elsewhere.unanswered === 0 &&
      (there.waiting === 2 || other.served.length > 0)
    );
  }
  assertEquals(await other.end(), [null]);
  for (const { open } of holds) open();
  here.advance(40);
  assertEquals(new Set(await line.end()), new Set([null]));
  await assertUnlocked(kv);
});

Deno.test("Session.open() that is cancelled while the lock is handed over to it leaves no lock behind", async () => {
  const codes = new Set<string | null>();
  // From before the baton leaves the first one until after the second one has it.
  for (let steps = 0; steps < 60; steps++) {
    using kv = await testKv();
    const line = await lineOf(kv);
    const held = gate();
    const controller = new AbortController();
    await line.join({}, held.promise);
    await line.join({ signal: controller.signal });
    kv.intercept = async (_call, run) => {
      kv.intercept = (_call, run) => run();
      const answer = await run();
      abortAfter(steps, controller);
      return answer;
    };
    held.open();
    const [first, second] = await line.end();
    assertEquals(first, null);
    codes.add(second!);
    await assertUnlocked(kv);
  }
  assertEquals(codes, new Set(["ERR_LOCK_CANCELLED", null]));
});
