import { onSignals, onTimeouts, Timers } from "./timers.ts";

/**
 * Where time and chance come from. A parameter of everything that waits, so
 * that tests decide when a lease runs out instead of sleeping until it does.
 */
export interface Clock {
  /** The wall clock, in ms since the epoch. */
  now(): number;
  /** A clock that never goes back, in ms since any fixed instant. */
  elapsed(): number;
  /** A number in `[0, 1)` for the jitter of waits; no secret depends on it. */
  random(): number;
  /** Calls `callback` once after `ms`, unless the returned function is called first. */
  timer(ms: number, callback: () => void): () => void;
}

const timers = new Timers("Deno" in globalThis ? onSignals() : onTimeouts);

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  timer: (ms, callback) => timers.set(ms, callback),
};

/** The reason that a {@linkcode Limit} gives when its time is up. */
export class TimeIsUp extends Error {
  override name = "TimeoutError";
}

/** How long an operation may take, and what may end it before. */
export class Limit {
  /** `Infinity` where only a signal or `abort` may end it. */
  readonly ms: number;
  readonly #clock: Clock;
  readonly #since: number;
  #cancelTimer: (() => void) | undefined;
  /** Listens to the signal no more. */
  #unfollow: (() => void) | undefined;
  /** What to call when it is over, for everything that waits. */
  readonly #waiting = new Set<() => void>();
  #timeIsUp = false;
  #ended = false;
  #aborted: { readonly reason: unknown } | null = null;

  /** Begins now; call {@linkcode Limit.end} when the operation is done. */
  constructor(clock: Clock, ms: number, signal?: AbortSignal) {
    this.ms = ms;
    this.#clock = clock;
    this.#since = clock.elapsed();
    if (signal !== undefined) this.#follow(signal);
  }

  /** The time since it began, in ms. */
  get spent(): number {
    return this.#clock.elapsed() - this.#since;
  }

  /** The time left in whole ms, rounded up; never negative. */
  get left(): number {
    return Math.ceil(Math.max(0, this.ms - this.spent));
  }

  /** Whether it was aborted, by its signal or by {@linkcode Limit.abort}. */
  get aborted(): boolean {
    return this.#aborted !== null;
  }

  /** Why it was aborted. */
  get reason(): unknown {
    return this.#aborted?.reason;
  }

  /** Whether the time is up or it was aborted. */
  get over(): boolean {
    return this.aborted || this.#timeIsUp || this.left === 0;
  }

  /** Ends it before its time, with what waits. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#giveUp();
  }

  /** The operation is done: no timer is left behind. */
  end(): void {
    this.#ended = true;
    this.#cancelTimer?.();
    this.#unfollow?.();
  }

  /** Throws what {@linkcode Limit.race} would reject with, if it is over. */
  check(): void {
    if (this.over) throw this.#why();
  }

  /**
   * Settles as `promise` does, or rejects when the time is up or it is aborted,
   * whichever is first. The promise itself goes on.
   *
   * @param explain Makes what it rejects with of the reason.
   */
  race<T>(
    promise: Promise<T>,
    explain: (reason: unknown) => unknown = (reason) => reason,
  ): Promise<T> {
    this.#arm();
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(explain(this.#why()));
      promise.then((value) => {
        this.#waiting.delete(giveUp);
        resolve(value);
      }, (error) => {
        this.#waiting.delete(giveUp);
        reject(explain(error));
      });
      if (this.aborted || this.#timeIsUp) giveUp();
      else this.#waiting.add(giveUp);
    });
  }

  /** Waits for `ms`, or for what is left; rejects as {@linkcode Limit.race} does. */
  async sleep(ms: number): Promise<void> {
    let cancel = () => {};
    const slept = new Promise<void>((resolve) => {
      cancel = this.#clock.timer(ms, resolve);
    });
    try {
      await this.race(slept);
    } finally {
      cancel();
    }
  }

  /** Sets the timer once there is something to wait for: KV is at work then, and has not to wait for it. */
  #arm(): void {
    if (this.#cancelTimer !== undefined || this.#ended) return;
    if (this.ms === Infinity) return;
    this.#cancelTimer = this.#clock.timer(this.ms - this.spent, () => {
      this.#timeIsUp = true;
      this.#giveUp();
    });
  }

  #follow(signal: AbortSignal): void {
    const onAbort = () => this.abort(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort);
    this.#unfollow = () => signal.removeEventListener("abort", onAbort);
  }

  #giveUp(): void {
    for (const giveUp of this.#waiting) giveUp();
    this.#waiting.clear();
  }

  #why(): unknown {
    return this.#aborted === null
      ? new TimeIsUp(`no end within ${this.ms} ms`)
      : this.#aborted.reason;
  }
}

/** Does some work within a limit, which it then ends. */
export async function within<T>(
  limit: Limit,
  work: (limit: Limit) => T | Promise<T>,
): Promise<T> {
  try {
    return await work(limit);
  } finally {
    limit.end();
  }
}
