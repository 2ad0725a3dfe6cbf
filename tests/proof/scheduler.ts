import { createHash } from "node:crypto";
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

const idleTicks = 100;

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

  machine(name: string): Machine {
    const machine: Machine = {
      name,
      kv: this.#kvOf(name),
      clock: {
        now: () => Math.floor(this.#now),
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
        this.#step(`${name} reads ${shown(key)}`, () => this.kv.read(key)),
      getMany: (keys) =>
        this.#step(
          `${name} reads ${keys.map(shown).join(" and ")}`,
          () => keys.map((key) => this.kv.read(key)),
        ),
      atomic: () =>
        record((commit) => {
          const writes = commit.writes.map(({ key, value }) =>
            (value === undefined ? "-" : "+") + shown(JSON.parse(key))
          );
          return this.#step(
            `${name} commits ${writes.join(" ")}`,
            () => {
              const result = this.kv.apply(commit);
              if (!result.ok) this.trace.push("  refused");
              return result;
            },
          );
        }),
    };
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

/** Runs one schedule after another, depth first, until all have been run. */
export async function everySchedule(
  run: (choose: (count: number) => number) => Promise<void>,
  most: number,
): Promise<{ schedules: number; complete: boolean }> {
  let path: { chosen: number; count: number }[] = [];
  for (let schedules = 1;; schedules++) {
    let depth = 0;
    await run((count) => {
      const known = path[depth++];
      if (known !== undefined) return known.chosen;
      path.push({ chosen: 0, count });
      return 0;
    });
    while (path.length > 0 && path.at(-1)!.chosen + 1 >= path.at(-1)!.count) {
      path.pop();
    }
    if (path.length === 0) return { schedules, complete: true };
    if (schedules >= most) return { schedules, complete: false };
    path = path.with(-1, { ...path.at(-1)!, chosen: path.at(-1)!.chosen + 1 });
  }
}

/**
 * Makes SHA-256 answer without leaving the thread, so that nothing happens
 * between two steps. Undone by the returned function.
 */
export function withoutThreads(): () => void {
  const { digest } = crypto.subtle;
  crypto.subtle.digest = (_algorithm, data) =>
    Promise.resolve(
      Uint8Array.from(createHash("sha256").update(data as Uint8Array).digest())
        .buffer,
    );
  return () => crypto.subtle.digest = digest;
}
