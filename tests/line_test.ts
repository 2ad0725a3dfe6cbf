import { assertEquals } from "@std/assert";
import type { OpenOptions } from "@aerys/session";
import { attempt, browserOf, type Data, on } from "./overlap.ts";
import {
  type Browser,
  gate,
  ManualClock,
  TestKv,
  testKv,
  until,
  withClock,
} from "./support.ts";

/** Requests of one browser that wait for its session, one after the other. */
class Line {
  readonly #kv: TestKv;
  readonly #browser: Browser<Data>;
  /** The numbers of those that had the session, in order. */
  readonly served: number[] = [];
  readonly #requests: Promise<unknown>[] = [];
  #loads = 0;

  constructor(kv: TestKv, browser: Browser<Data>) {
    this.#kv = kv;
    this.#browser = browser;
    kv.intercept = async (call, run) => {
      const answer = await run();
      if (call.op === "getMany") this.#loads++;
      return answer;
    };
  }

  /** Begins the next request. */
  begin(options: OpenOptions = {}, held?: Promise<void>): void {
    const number = this.#requests.length;
    this.#requests.push(attempt(this.#browser.clone(), async (session) => {
      await session.read();
      await session.open(options);
      this.served.push(number);
      await held;
      await session.save();
    }));
  }

  /** The same, and resolves when it has taken its place. */
  async join(options: OpenOptions = {}, held?: Promise<void>): Promise<void> {
    const loads = this.#loads;
    this.begin(options, held);
    await until(() => this.#loads > loads);
  }

  /** Resolves when every request is answered. */
  async end(): Promise<void> {
    await Promise.all(this.#requests);
    this.#kv.reset();
  }
}

Deno.test("Session.open() serves the requests of one process in the order in which they came", async () => {
  using kv = await testKv();
  const line = new Line(kv, await browserOf(on(kv), { count: 1 }));
  const held = gate();
  await line.join({}, held.promise);
  await until(() => line.served.length > 0);
  for (let i = 1; i < 10; i++) await line.join();
  assertEquals(line.served, [0]);
  held.open();
  await line.end();
  assertEquals(line.served, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

Deno.test("Session.open() serves first who called it first, whatever the database answers first", async () => {
  using kv = await testKv();
  const line = new Line(kv, await browserOf(on(kv), { count: 1 }));
  const held = gate();
  await line.join({}, held.promise);
  await until(() => line.served.length > 0);
  const answers: (() => void)[] = [];
  kv.intercept = async (call, run) => {
    const answer = await run();
    if (call.op === "getMany") {
      await new Promise<void>((resolve) => answers.push(resolve));
    }
    return answer;
  };
  for (let i = 1; i < 4; i++) {
    line.begin();
    await until(() => answers.length === i);
  }
  kv.reset();
  for (const answer of answers.reverse()) {
    answer();
    await new Promise((resolve) => setTimeout(resolve));
  }
  held.open();
  await line.end();
  assertEquals(line.served, [0, 1, 2, 3]);
});

Deno.test("Session.open() that is cancelled in the line lets the next one move up", async () => {
  using kv = await testKv();
  const line = new Line(kv, await browserOf(on(kv), { count: 1 }));
  const held = gate();
  const controller = new AbortController();
  await line.join({}, held.promise);
  await line.join({ signal: controller.signal });
  await line.join();
  await line.join({ signal: controller.signal });
  await line.join();
  controller.abort();
  held.open();
  await line.end();
  assertEquals(line.served, [0, 2, 4]);
});

Deno.test("Session.open() asks the database only for the first in the line", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserOf(withClock({ kv }, clock), { count: 1 });
  const held = gate();
  // The holder is another process, so the first in the line has to look again and again.
  const elsewhere = new TestKv(kv.kv);
  const stopped = withClock({ kv: elsewhere }, new ManualClock());
  const holder = new Line(elsewhere, browser.clone(stopped));
  await holder.join({}, held.promise);
  await until(() => holder.served.length === 1);
  const line = new Line(kv, browser);
  for (let i = 0; i < 5; i++) await line.join();
  // The limits of all five, and the pause of the first.
  const allWait = () => clock.waiting === 6;
  await until(allWait);
  for (let i = 0; i < 10; i++) {
    kv.calls.length = 0;
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
