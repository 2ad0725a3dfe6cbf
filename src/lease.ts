import { type Clock, Limit } from "./clock.ts";
import { LockError } from "./errors.ts";
import type { LockOptions } from "./options.ts";
import type { Hold, Store } from "./store.ts";

/**
 * A lock while this process holds it. It renews itself until it is ended, is
 * lost, or was held too long. Renewals change the version that a commit must
 * check, so renewal and commit take turns: call {@linkcode Lease.settle} first.
 */
export class Lease {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #options: Required<LockOptions>;
  readonly #controller = new AbortController();
  readonly #since: number;
  readonly #onEnd: () => void;
  #hold: Hold;
  /** When the request for the last confirmed renewal was sent. */
  #provenAt: number;
  #renewal: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #ended = false;

  /**
   * @param sentAt When the request for the lock was sent, on the monotonic clock.
   * @param onEnd Called once when the lock is given up or lost.
   */
  constructor(
    store: Store,
    clock: Clock,
    options: Required<LockOptions>,
    hold: Hold,
    sentAt: number,
    onEnd: () => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
    this.#hold = hold;
    this.#since = this.#provenAt = sentAt;
    this.#onEnd = onEnd;
    this.#schedule();
  }

  /** Aborts when the lock is lost; its reason is the `LockError`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What a commit checks; call {@linkcode Lease.settle} before. */
  get hold(): Hold {
    return this.#hold;
  }

  /** Stops renewing, waits for a renewal under way, and throws if the lock is lost. */
  async settle(limit: Limit): Promise<void> {
    this.#cancelTimer?.();
    if (this.#renewal !== undefined) await limit.race(this.#renewal);
    this.#cancelTimer?.();
    this.#controller.signal.throwIfAborted();
  }

  /** Goes on with another hold: the session has a new id. */
  continue(hold: Hold, sentAt: number): void {
    this.#hold = hold;
    this.#provenAt = sentAt;
    this.#onEnd(); // Nobody can wait for the new id.
    this.#schedule();
  }

  /** The lock is given up: no more renewals, and the next one may have it. */
  end(): void {
    this.#cancelTimer?.();
    this.#ended = true;
    this.#onEnd();
  }

  #schedule(): void {
    const { lease, maxHold } = this.#options;
    const left = this.#since + maxHold - this.#clock.elapsed();
    this.#cancelTimer = this.#clock.timer(
      Math.min(lease / 3, Math.max(0, left)),
      () => {
        this.#renewal = this.#renew().finally(() => this.#renewal = undefined);
      },
    );
  }

  async #renew(): Promise<void> {
    const { lease, maxHold } = this.#options;
    const sentAt = this.#clock.elapsed();
    const held = Math.round(sentAt - this.#since);
    if (held >= maxHold) {
      const release = this.#store.release(this.#hold, null, this.#limit(lease));
      this.#lose(`it was held for ${held} ms, longer than lock.maxHold allows`);
      await release.catch(() => {}); // Then it ends with its lease.
      return;
    }
    try {
      const limit = this.#limit(this.#provenAt + lease - sentAt);
      const lockVersion = await this.#store.renew(this.#hold, lease, limit);
      if (lockVersion === null) {
        return this.#lose(`another request took it after ${held} ms`);
      }
      this.#hold = { ...this.#hold, lockVersion };
      this.#provenAt = sentAt;
      if (!this.#ended) this.#schedule();
    } catch (cause) {
      const unproven = this.#clock.elapsed() - this.#provenAt;
      if (unproven >= lease * 0.8) {
        this.#lose(
          `it could not be renewed for ${Math.round(unproven)} ms`,
          cause,
        );
      } else if (!this.#ended) this.#schedule();
    }
  }

  #limit(ms: number): Limit {
    return new Limit(this.#clock, Math.max(1, Math.round(ms)));
  }

  #lose(why: string, cause?: unknown): void {
    if (this.#ended) return;
    this.end();
    this.#controller.abort(lockLost(why, cause));
  }
}

/** The error of a holder whose lock went to somebody else. */
export function lockLost(why: string, cause?: unknown): LockError {
  return new LockError(
    "ERR_LOCK_LOST",
    `Cannot save the session: the lock was lost, because ${why}. Nothing was written; ` +
      "open the session again",
    cause === undefined ? undefined : { cause },
  );
}
