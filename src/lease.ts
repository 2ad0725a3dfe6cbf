import { type Clock, Limit, within } from "./clock.ts";
import { LockError } from "./errors.ts";
import type { Grip, Place } from "./line.ts";
import type { LockOptions } from "./options.ts";
import type { Hold, Snapshot, Store } from "./store.ts";

/** How long a process keeps a lock among its own requests before others get a chance, in ms. */
const longestRun = 200;
/** The part of its lease in which a holder that cannot renew it still acts. */
const trust = 0.8;
/** The longest pause between two looks at a taken lock, in ms. */
export const longestPoll = 40;

/**
 * A lock while this process holds it. It renews itself until it is ended, is
 * lost, or was held too long. Renewals change the version that a commit must
 * check, so renewal and commit take turns: call {@linkcode Lease.settle} first.
 */
export class Lease {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #options: Required<LockOptions>;
  /** Made when somebody asks for the signal. */
  #controller: AbortController | null = null;
  #lost: LockError | null = null;
  /** Is told when the lock is lost. */
  onLost: (error: LockError) => void = () => {};
  readonly #place: Place;
  /** When this process took the lock, and when this holder got it. */
  readonly #takenAt: number;
  readonly #since: number;
  #hold: Hold;
  /** When the request for the last confirmed renewal was sent. */
  #provenAt: number;
  #renewal: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #ended = false;
  /** Whether the last renewal failed, so that nobody knows the lock's version. */
  #inDoubt = false;

  /** Goes on holding what `grip` tells of, until it leaves `place`. */
  constructor(
    store: Store,
    clock: Clock,
    options: Required<LockOptions>,
    grip: Grip,
    place: Place,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#options = options;
    this.#place = place;
    this.#hold = grip.hold;
    this.#provenAt = grip.provenAt;
    this.#takenAt = grip.takenAt;
    this.#since = clock.elapsed();
    this.#schedule(this.#provenAt);
  }

  /** Aborts when the lock is lost; its reason is the `LockError`. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#lost !== null) this.#controller.abort(this.#lost);
    return this.#controller.signal;
  }

  /** Whether the lock is lost. */
  get lost(): boolean {
    return this.#lost !== null;
  }

  /** How long the request has had the lock, in ms. */
  get held(): number {
    return this.#clock.elapsed() - this.#since;
  }

  /** What a commit checks; only once it is {@linkcode Lease.settled}. */
  get hold(): Hold {
    return this.#hold;
  }

  /**
   * Whether the lock's version is known, so that a commit may follow; else call
   * {@linkcode Lease.settle}. Throws if the lock is lost.
   */
  get settled(): boolean {
    if (this.#lost !== null) throw this.#lost;
    return this.#renewal === undefined && !this.#inDoubt;
  }

  /** Renews the lock no more. */
  stop(): void {
    this.#cancelTimer?.();
  }

  /** Renews the lock no more, and waits for a renewal under way, so that a commit may follow. */
  async settle(limit: Limit): Promise<void> {
    this.stop();
    if (this.settled) return;
    if (this.#renewal !== undefined) {
      await limit.race(this.#renewal);
      this.stop();
    }
    // A renewal that failed may have been applied, and changed the version.
    if (!this.settled) await this.#prove(limit);
  }

  /** Goes on with another hold: the session has a new id. */
  continue(hold: Hold, sentAt: number): void {
    this.#hold = hold;
    this.#provenAt = sentAt;
    this.#place.leave(); // Nobody can wait for the new id.
    this.#schedule(sentAt);
  }

  /**
   * Whether the lock should go to the next one in line, which saves it reading
   * and locking; not for so long that other processes would wait too long.
   */
  get handsOver(): boolean {
    return this.#place.followed &&
      this.#clock.elapsed() - this.#takenAt < longestRun;
  }

  /** The lock is given up: no more renewals, and the next one may have it. */
  end(): void {
    this.#end();
    if (this.#place.followed && !this.handsOver) {
      this.#place.line.restUntil = this.#clock.elapsed() + longestPoll;
    }
    this.#place.leave();
  }

  /** The lock goes on with what is stored now; it is given up if nobody waits any more. */
  async pass(snapshot: Snapshot, limit: Limit): Promise<void> {
    this.#end();
    const { recordVersion } = snapshot;
    const hold = { ...this.#hold, recordVersion };
    const grip = { hold, provenAt: this.#provenAt, takenAt: this.#takenAt };
    if (this.#place.leave({ snapshot, grip })) return;
    await this.#store.release(hold, null, limit).catch(() => {}); // It ends with its lease.
  }

  #end(): void {
    this.stop();
    this.#ended = true;
  }

  /** Sets the next renewal a third of the lease after `from`. */
  #schedule(from: number): void {
    const { lease, maxHold } = this.#options;
    const end = Math.min(this.#since + maxHold, this.#provenAt + lease * trust);
    const at = Math.min(from + lease / 3, end);
    const delay = Math.max(0, at - this.#clock.elapsed());
    this.#cancelTimer = this.#clock.timer(delay, () => {
      this.#renewal = this.#renew().finally(() => this.#renewal = undefined);
    });
  }

  async #renew(): Promise<void> {
    const { lease, maxHold } = this.#options;
    const sentAt = this.#clock.elapsed();
    const held = Math.round(sentAt - this.#since);
    if (held >= maxHold) {
      const release = this.#within(
        lease,
        (limit) => this.#store.release(this.#hold, null, limit),
      );
      this.#lose(`it was held for ${held} ms, longer than lock.maxHold allows`);
      await release.catch(() => {}); // Then it ends with its lease.
      return;
    }
    try {
      const left = this.#provenAt + lease - sentAt;
      await this.#within(left, (limit) => this.#prove(limit));
      if (!this.#ended) this.#schedule(sentAt);
    } catch (cause) {
      if (this.lost) return;
      this.#inDoubt = true;
      const now = this.#clock.elapsed();
      const unproven = Math.round(now - this.#provenAt);
      if (unproven >= lease * trust) {
        this.#lose(`it could not be renewed for ${unproven} ms`, cause);
      } else if (!this.#ended) this.#schedule(now);
    }
  }

  /** Renews the lock; throws if it is lost. */
  async #prove(limit: Limit): Promise<void> {
    const sentAt = this.#clock.elapsed();
    const { lease } = this.#options;
    const lockVersion = await this.#store.renew(this.#hold, lease, limit);
    if (lockVersion === null) {
      const held = Math.round(sentAt - this.#since);
      throw this.#lose(`another request took it after ${held} ms`);
    }
    this.#hold = { ...this.#hold, lockVersion };
    this.#provenAt = sentAt;
    this.#inDoubt = false;
  }

  #within<T>(ms: number, work: (limit: Limit) => Promise<T>): Promise<T> {
    const limit = new Limit(this.#clock, Math.max(1, Math.round(ms)));
    return within(limit, work);
  }

  #lose(why: string, cause?: unknown): LockError {
    const error = lockLost(why, cause);
    if (this.#ended) return error;
    this.end();
    this.#lost = error;
    this.#controller?.abort(error);
    this.onLost(error);
    return error;
  }
}

/** The error of a holder whose lock went to somebody else. */
export function lockLost(why: string, cause?: unknown): LockError {
  return new LockError(
    "ERR_LOCK_LOST",
    `Cannot change the session: the lock was lost, because ${why}. Nothing was written; ` +
      "open the session again",
    cause === undefined ? undefined : { cause },
  );
}
