import type { Clock } from "../../src/clock.ts";
import type { KvStore } from "../../src/kv.ts";
import { ModelKv, record } from "./model_kv.ts";

/** Something that may happen next. */
interface Step {
  readonly label: string;
  readonly run: () => void;
  /** Whether it is a machine that begins to run again, not an answer of KV. */
  readonly thaw: boolean;
}

interface Timer {
  readonly machine: Machine;
  readonly at: number;
  readonly callback: () => void;
}

/** One process: its calls to the database, its clock, and whether it runs at all. */
export interface Machine {
  readonly name: string;
  readonly kv: KvStore;
  readonly clock: Clock;
  /** Resolves when the schedule thaws the machine; until then its timers stand still. */
  freeze(): Promise<void>;
}

/** What the database, or the way to it, does wrong with one call. */
export type Fault =
  | "none"
  /** It fails, and nothing is done. */
  | "refuse"
  /** It is done, and an error answers. */
  | "throw after"
  /** It is done, and the answer says that it was not. */
  | "deny"
  /** SQLite is busy, and nothing is done. */
  | "busy"
  /** It is done, and the answer comes when the lease has run out. */
  | "late"
  /** It is done, and no answer comes. */
  | "silence"
  /** Nothing is done, and no answer comes. */
  | "drop";

const idleTicks = 100;

const lateness = 150;

/** Owns the timers of answers that are under way. */
const network = { name: "an answer" } as Machine;

/**
 * Runs machines on one database in an order that somebody else chooses. Every
 * KV call is a step, and so is the passing of time up to the next timer.
 *
 * Time passes only where it can make a difference: when nobody waits for KV,
 * or when the database has changed since it passed last. And KV answers within
 * a second; what happens when it does not is tested with faults.
 */
export class Scheduler {
  readonly kv = new ModelKv();
  readonly trace: string[] = [];
  /** Is asked which of several steps is next. */
  readonly #choose: (count: number) => number;
  /** Is asked what goes wrong with a call. */
  fault: (commits: boolean) => Fault = () => "none";
  #steps: Step[] = [];
  #timers: Timer[] = [];
  #frozen = new Set<Machine>();
  #now = 1_750_000_000_000;
  #activity = 0;
  #changed = false;

  constructor(choose: (count: number) => number) {
    this.#choose = choose;
    this.kv.onApply = () => this.#changed = true;
  }

  /** @param skew How far the machine's wall clock is ahead, in ms. */
  machine(name: string, skew = 0): Machine {
    const machine: Machine = {
      name,
      kv: this.#kvOf(name),
      clock: {
        now: () => Math.floor(this.#now) + skew,
        elapsed: () => this.#now,
        random: () => 0.999,
        timer: (ms, callback) => {
          const timer = { machine, at: this.#now + ms, callback };
          this.#timers.push(timer);
          this.#activity++;
          return () =>
            this.#timers = this.#timers.filter((other) => other !== timer);
        },
      },
      freeze: () => {
        this.#frozen.add(machine);
        return this.#step(
          `${name} thaws`,
          () => void this.#frozen.delete(machine),
        );
      },
    };
    return machine;
  }

  /** Runs until the work is done, then until no timer is left. */
  async run(work: Promise<unknown>): Promise<void> {
    let done = false;
    const settled = work.finally(() => done = true);
    settled.catch(() => {});
    for (;;) {
      await this.#settle();
      const steps = [...this.#steps];
      const time = this.#nextTimer();
      // What is left after the work are renewals and answers nobody waits for.
      if (done && steps.length === 0) break;
      const quiet = steps.every(({ thaw }) => thaw);
      const soon = time !== undefined && time.at - this.#now < 1000;
      if (time !== undefined && (quiet || this.#changed && soon)) {
        steps.push({
          thaw: false,
          label: `time passes, ${time.machine.name} wakes`,
          run: () => this.#fire(time),
        });
      }
      if (steps.length === 0) {
        throw new Error(
          "nothing can happen any more, and the work is not done",
        );
      }
      const step = steps[steps.length === 1 ? 0 : this.#choose(steps.length)]!;
      this.#steps = this.#steps.filter((other) => other !== step);
      this.trace.push(step.label);
      step.run();
    }
    await settled;
  }

  /** Resolves when the schedule says so. */
  arrival(name: string): Promise<void> {
    return this.#step(`${name} arrives`, () => {});
  }

  /** Lets time pass until no timer is left. */
  async drain(): Promise<void> {
    await this.run(Promise.resolve());
    for (
      let time = this.#nextTimer();
      time !== undefined;
      time = this.#nextTimer()
    ) {
      this.#fire(time);
      await this.run(Promise.resolve());
    }
  }

  /** Lets time pass for all at once, between two runs. */
  wait(ms: number): void {
    this.#now += ms;
  }

  /** The timers that nobody has cancelled. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Lets everything run until it waits for a step. */
  async #settle(): Promise<void> {
    for (let idle = 0, seen = this.#activity; idle < idleTicks; idle++) {
      await null;
      if (this.#activity !== seen) {
        seen = this.#activity;
        idle = 0;
      }
    }
  }

  #nextTimer(): Timer | undefined {
    return this.#timers.filter(({ machine }) => !this.#frozen.has(machine))
      .reduce<Timer | undefined>(
        (first, timer) =>
          first === undefined || timer.at < first.at ? timer : first,
        undefined,
      );
  }

  #fire(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.#now = Math.max(this.#now, timer.at);
    this.#changed = false;
    timer.callback();
  }

  #kvOf(name: string): KvStore {
    const shown = (key: unknown) => (key as unknown[]).slice(-2, -1).join();
    return {
      get: (key) =>
        this.#call(
          `${name} reads ${shown(key)}`,
          false,
          () => this.kv.read(key),
        ),
      getMany: (keys) =>
        this.#call(
          `${name} reads ${keys.map(shown).join(" and ")}`,
          false,
          () => keys.map((key) => this.kv.read(key)),
        ),
      atomic: () =>
        record((commit) => {
          const writes = commit.writes.map(({ key, value }) =>
            (value === undefined ? "-" : "+") + shown(JSON.parse(key))
          );
          return this.#call(`${name} commits ${writes.join(" ")}`, true, () => {
            const result = this.kv.apply(commit);
            if (!result.ok) this.trace.push("  refused");
            return result;
          });
        }),
    };
  }

  /** A call to the database, with what goes wrong with it. */
  async #call<T>(label: string, commits: boolean, run: () => T): Promise<T> {
    const fault = await this.#step(label, () => this.fault(commits));
    if (fault !== "none") this.trace.push(`  ${fault}`);
    switch (fault) {
      case "refuse":
        throw new Error("no route to the database");
      case "busy":
        throw new TypeError("database is locked");
      case "drop":
        return await new Promise(() => {});
    }
    const result = run();
    switch (fault) {
      case "throw after":
        throw new Error("the connection was lost");
      case "deny":
        return { ok: false } as T;
      case "silence":
        return await new Promise(() => {});
      case "late":
        await new Promise<void>((callback) => {
          this.#timers.push({
            machine: network,
            at: this.#now + lateness,
            callback,
          });
        });
    }
    return result;
  }

  #step<T>(label: string, run: () => T, thaw = false): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#activity++;
      this.#steps.push({
        label,
        thaw,
        run() {
          try {
            resolve(run());
          } catch (error) {
            reject(error);
          }
        },
      });
    });
  }
}

/** Chooses among so many steps. */
export type Choose = (count: number) => number;

/**
 * Runs one schedule after another, depth first, until all have been run or
 * `most` have. A schedule that fails is named by its choices.
 */
export async function everySchedule(
  run: (choose: Choose) => Promise<void>,
  most = Infinity,
): Promise<{ schedules: number; complete: boolean }> {
  const path: { chosen: number; count: number }[] = [];
  for (let schedules = 1;; schedules++) {
    let depth = 0;
    await named(run, (count) => {
      const known = path[depth++];
      if (known !== undefined) return known.chosen;
      path.push({ chosen: 0, count });
      return 0;
    });
    for (let last = path.at(-1); last; last = path.at(-1)) {
      if (++last.chosen < last.count) break;
      path.pop();
    }
    if (path.length === 0) return { schedules, complete: true };
    if (schedules >= most) return { schedules, complete: false };
  }
}

/** Runs schedules that are chosen at random. */
export async function someSchedules(
  run: (choose: Choose) => Promise<void>,
  schedules: number,
  random: () => number,
): Promise<void> {
  for (let i = 0; i < schedules; i++) {
    await named(run, (count) => Math.floor(random() * count));
  }
}

/** Runs the schedule that these choices make. */
export async function replay(
  run: (choose: Choose) => Promise<void>,
  choices: readonly number[],
): Promise<void> {
  let depth = 0;
  await run(() => choices[depth++] ?? 0);
}

async function named(run: (choose: Choose) => Promise<void>, choose: Choose) {
  const choices: number[] = [];
  try {
    await run((count) => {
      const choice = choose(count);
      choices.push(choice);
      return choice;
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\nchoices: ${choices.join(",")}`, {
      cause: error,
    });
  }
}
