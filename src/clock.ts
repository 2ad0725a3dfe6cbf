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

/** How long an operation may take, and the signal that may end it before. */
export class Limit {
  readonly ms: number;
  readonly signal: AbortSignal | undefined;
  readonly #clock: Clock;
  readonly #until: number;
  #timeIsUp = false;

  constructor(clock: Clock, ms: number, signal?: AbortSignal) {
    this.ms = ms;
    this.signal = signal;
    this.#clock = clock;
    this.#until = clock.elapsed() + ms;
  }

  /** The time left in whole ms, rounded up; never negative. */
  get left(): number {
    return Math.ceil(Math.max(0, this.#until - this.#clock.elapsed()));
  }

  /** Whether the time is up or the signal has aborted. */
  get over(): boolean {
    return this.signal?.aborted === true || this.#timeIsUp || this.left === 0;
  }

  /** Throws what {@linkcode Limit.race} would reject with, if it is over. */
  check(): void {
    this.signal?.throwIfAborted();
    if (this.over) throw this.#endOfTime();
  }

  /**
   * Settles as `promise` does, or rejects when the time is up or the signal
   * aborts, whichever is first. The promise itself goes on.
   */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#clock.timer(this.left, () => {
        settle();
        reject(this.#endOfTime());
      });
      const onAbort = () => {
        settle();
        reject(this.signal?.reason);
      };
      const settle = () => {
        cancelTimer();
        this.signal?.removeEventListener("abort", onAbort);
      };
      promise.then((value) => {
        settle();
        resolve(value);
      }, (error) => {
        settle();
        reject(error);
      });
      if (this.signal?.aborted) onAbort();
      else this.signal?.addEventListener("abort", onAbort);
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
