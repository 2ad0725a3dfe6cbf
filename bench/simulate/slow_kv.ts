import type { Clock } from "../../src/clock.ts";
import type { KvAtomic, KvEntry, KvKey, KvStore } from "../../src/kv.ts";

/** What the calls of a run cost. */
export interface Calls {
  reads: number;
  commits: number;
  /** How many wait for the database itself. */
  underWay: number;
  /** How long each took, in ms. */
  readonly times: number[];
}

/**
 * A database, as one process sees it over a network: half of a call's time
 * passes before it is applied, half before the answer is there.
 */
export class SlowKv implements KvStore {
  /** Whether its process has died: then nothing is sent or answered. */
  dead = false;
  readonly #kv: Deno.Kv;
  readonly #clock: Clock;
  readonly #latency: () => number;
  readonly #readLatency: () => number;
  readonly #calls: Calls;

  constructor(
    kv: Deno.Kv,
    { clock, latency, readLatency, calls }: {
      clock: Clock;
      latency: () => number;
      /** That of reads without a lock, of which the model draws none. */
      readLatency: () => number;
      calls: Calls;
    },
  ) {
    this.#kv = kv;
    this.#clock = clock;
    this.#latency = latency;
    this.#readLatency = readLatency;
    this.#calls = calls;
  }

  get(key: KvKey): Promise<KvEntry> {
    const isRead = key.at(-2) === "data";
    const latency = isRead ? this.#readLatency : this.#latency;
    return this.#call("reads", latency, () => this.#kv.get(key));
  }

  getMany(keys: readonly KvKey[]): Promise<KvEntry[]> {
    const run = () => this.#kv.getMany([...keys]);
    return this.#call("reads", this.#latency, run);
  }

  atomic(): KvAtomic {
    const atomic = this.#kv.atomic();
    const slow: KvAtomic = {
      check: (check) => {
        atomic.check(check);
        return slow;
      },
      set: (key, value, options) => {
        atomic.set(key, value, options);
        return slow;
      },
      delete: (key) => {
        atomic.delete(key);
        return slow;
      },
      commit: () => this.#call("commits", this.#latency, () => atomic.commit()),
    };
    return slow;
  }

  async #call<T>(
    kind: "reads" | "commits",
    latency: () => number,
    run: () => Promise<T>,
  ): Promise<T> {
    if (this.dead) return await new Promise<T>(() => {});
    this.#calls[kind]++;
    const half = latency() / 2;
    const sentAt = this.#clock.elapsed();
    await this.#pause(half);
    this.#calls.underWay++;
    const answer = await run().finally(() => this.#calls.underWay--);
    await this.#pause(half);
    if (this.dead) return await new Promise<T>(() => {});
    this.#calls.times.push(this.#clock.elapsed() - sentAt);
    return answer;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.timer(ms, resolve));
  }
}
