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

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  timer(ms, callback) {
    const id = setTimeout(callback, ms);
    return () => clearTimeout(id);
  },
};

/** The reason that a {@linkcode Limit} gives when its time is up. */
export class TimeIsUp extends Error {
  override name = "TimeoutError";
}

/** How long an operation may take, and what may end it before. */
export class Limit {
  readonly ms: number;
  readonly #clock: Clock;
  readonly #until: number;
  readonly #signal: AbortSignal | undefined;
  readonly #races = new Set<() => void>();
  #end: { readonly reason: unknown } | null = null;
  #timeIsUp = false;

  constructor(clock: Clock, ms: number, signal?: AbortSignal) {
    this.ms = ms;
    this.#clock = clock;
    this.#until = clock.elapsed() + ms;
    this.#signal = signal;
  }

  /** The time left in whole ms, rounded up; never negative. */
  get left(): number {
    return Math.ceil(Math.max(0, this.#until - this.#clock.elapsed()));
  }

  /** Whether it was aborted, by its signal or by {@linkcode Limit.abort}. */
  get aborted(): boolean {
    return this.#end !== null || this.#signal?.aborted === true;
  }

  /** Why it was aborted. */
  get reason(): unknown {
    return this.#end === null ? this.#signal?.reason : this.#end.reason;
  }

  /** Whether the time is up or it was aborted. */
  get over(): boolean {
    return this.aborted || this.#timeIsUp || this.left === 0;
  }

  /** Ends it before its time. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.#end = { reason };
    for (const abort of [...this.#races]) abort();
  }

  /** Throws what {@linkcode Limit.race} would reject with, if it is over. */
  check(): void {
    if (this.aborted) throw this.reason;
    if (this.over) throw this.#endOfTime();
  }

  /**
   * Settles as `promise` does, or rejects when the time is up or it is aborted,
   * whichever is first. The promise itself goes on.
   */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        cancelTimer();
        this.#races.delete(abort);
        this.#signal?.removeEventListener("abort", abort);
      };
      const abort = () => {
        settle();
        reject(this.reason);
      };
      const cancelTimer = this.#clock.timer(this.left, () => {
        settle();
        reject(this.#endOfTime());
      });
      promise.then((value) => {
        settle();
        resolve(value);
      }, (error) => {
        settle();
        reject(error);
      });
      if (this.aborted) return abort();
      this.#races.add(abort);
      this.#signal?.addEventListener("abort", abort);
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

  #endOfTime(): TimeIsUp {
    // A timer may fire a little before the clock says so.
    this.#timeIsUp = true;
    return new TimeIsUp(`no end within ${this.ms} ms`);
  }
}
