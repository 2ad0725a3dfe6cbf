import { ulid } from "@std/ulid";
import { type Clock, type Limit, TimeIsUp } from "./clock.ts";
import { LockError, SessionError } from "./errors.ts";
import { Lease } from "./lease.ts";
import type { LockOptions } from "./options.ts";
import { isLive, type StoredRecord } from "./record.ts";
import type { Snapshot, Store } from "./store.ts";
import { sameDigest } from "./token.ts";

/** What waiting for a session led to. */
export type Outcome =
  /** The session is ours. */
  | {
    readonly kind: "locked";
    readonly lease: Lease;
    readonly record: StoredRecord;
  }
  /** There is no such session. */
  | { readonly kind: "none" }
  /** There was, until another request destroyed it or gave it a new id. */
  | { readonly kind: "ended" };

/** A place in a line. */
interface Place {
  /** Resolves when everybody before has left. */
  readonly turn: Promise<void>;
  /** Resolves `turn`. */
  readonly call: () => void;
  /** Leaves the line; the second time it does nothing. */
  readonly leave: () => void;
}

/** A version of a lock, and since when it is known to stand, on the monotonic clock. */
interface Sighting {
  readonly version: string;
  readonly since: number;
}

const shortestPoll = 2;
const longestPoll = 40;
/** A waiter's clock may run a little faster than the holder's. */
const leaseMargin = 1.2;
const maxSightings = 10_000;

/**
 * Waits for locks. Within the process first come is first served, and only the
 * first in line asks KV; between processes the lock in KV decides.
 */
export class Locks {
  readonly #store: Store;
  readonly #clock: Clock;
  /** Who holds or waits for a session, first come first. */
  readonly #lines = new Map<string, Place[]>();
  readonly #sightings = new Map<string, Sighting>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Waits for the session of this id and secret, and locks it.
   *
   * @param seen Whether this request has seen the session before.
   * @throws {LockError} `ERR_LOCK_TIMEOUT` at the end of the limit,
   * `ERR_LOCK_CANCELLED` when its signal aborts, or `ERR_QUEUE_FULL`.
   */
  async acquire(
    id: string,
    digest: Promise<Uint8Array>,
    options: Required<LockOptions>,
    limit: Limit,
    seen: boolean,
  ): Promise<Outcome> {
    let place: Place | undefined;
    let waited = false;
    try {
      let snapshot = await this.#store.load(id, limit);
      const expected = await digest;
      // An id that is not proven gets no place in the line.
      let standing = stand(snapshot, expected, this.#clock.now(), seen);
      if (standing !== "live") return { kind: standing };
      place = this.#join(id, options.maxWaiting);
      if (this.#lines.get(id)![0] !== place) {
        waited = true;
        await limit.race(place.turn);
        snapshot = await this.#store.load(id, limit);
      }
      for (let round = 0;; round++) {
        standing = stand(snapshot, expected, this.#clock.now(), true);
        if (standing !== "live") {
          place.leave();
          return { kind: standing };
        }
        const remaining = this.#remaining(snapshot);
        if (remaining <= 0) {
          const sentAt = this.#clock.elapsed();
          const owner = ulid(this.#clock.now());
          const result = await this.#store.acquire(
            snapshot,
            owner,
            options.lease,
            limit,
          );
          if (result.hold !== null) {
            this.#sightings.delete(id);
            const lease = new Lease(
              this.#store,
              this.#clock,
              options,
              result.hold,
              sentAt,
              place.leave,
            );
            return { kind: "locked", lease, record: snapshot.record! };
          }
          snapshot = result.found;
        } else {
          waited = true;
          await limit.sleep(Math.min(remaining, this.#jitter(round)));
          snapshot = await this.#store.load(id, limit);
        }
      }
    } catch (error) {
      place?.leave();
      throw explain(error, limit, waited);
    }
  }

  /** Takes the last place in the line. */
  #join(id: string, maxWaiting: number): Place {
    const line = this.#lines.get(id) ?? [];
    if (line.length > maxWaiting) {
      throw new LockError(
        "ERR_QUEUE_FULL",
        `Cannot open the session: ${maxWaiting} requests of this process wait for it ` +
          "already. Answer 503, or raise lock.maxWaiting",
      );
    }
    let call = () => {};
    const turn = new Promise<void>((resolve) => call = resolve);
    const place: Place = {
      turn,
      call,
      leave: () => {
        const at = line.indexOf(place);
        if (at === -1) return;
        line.splice(at, 1);
        if (line.length === 0) this.#lines.delete(id);
        else if (at === 0) line[0]!.call();
      },
    };
    line.push(place);
    if (line.length === 1) {
      this.#lines.set(id, line);
      call();
    }
    return place;
  }

  /** How long until the lock may be taken over, in ms; 0 when it is free. */
  #remaining({ id, lock, lockVersion }: Snapshot): number {
    if (lock?.kind !== "held") return 0;
    const now = this.#clock.elapsed();
    let sighting = this.#sightings.get(id);
    if (sighting?.version !== lockVersion) {
      sighting = { version: lockVersion!, since: now };
      this.#sightings.delete(id);
      this.#sightings.set(id, sighting);
      // The oldest goes: at worst a dead holder's lock is waited out once more.
      if (this.#sightings.size > maxSightings) {
        this.#sightings.delete(this.#sightings.keys().next().value!);
      }
    }
    return Math.max(0, sighting.since + lock.lease * leaseMargin - now);
  }

  /** The pause before the next look, in ms: longer each time, and never in step with others. */
  #jitter(round: number): number {
    const longest = Math.min(
      longestPoll,
      shortestPoll * 2 ** Math.min(round, 10),
    );
    return shortestPoll + this.#clock.random() * (longest - shortestPoll);
  }
}

/**
 * What the snapshot means to a holder of this secret.
 *
 * @param seen Whether the session was there before, so that it was ended since.
 */
function stand(
  { record, lock }: Snapshot,
  digest: Uint8Array,
  now: number,
  seen: boolean,
): "live" | "none" | "ended" {
  if (record !== null) {
    return sameDigest(record.digest, digest) && isLive(record, now)
      ? "live"
      : "none";
  }
  const ended = lock?.kind === "ended" &&
    sameDigest(lock.header.digest, digest);
  return seen || ended ? "ended" : "none";
}

/** Says in terms of the lock why the wait ended. */
export function explain(error: unknown, limit: Limit, waited = false): unknown {
  if (error instanceof LockError) return error;
  if (limit.signal?.aborted) {
    return new LockError(
      "ERR_LOCK_CANCELLED",
      "Cannot open the session: the wait for it was cancelled",
      { cause: limit.signal.reason },
    );
  }
  const timeIsUp = error instanceof TimeIsUp ||
    error instanceof SessionError && error.cause instanceof TimeIsUp;
  if (!timeIsUp || !waited) return error;
  return new LockError(
    "ERR_LOCK_TIMEOUT",
    `Cannot open the session: other requests held it for ${limit.ms} ms. Try again, ` +
      "raise the timeout, or save() earlier in those requests",
    { cause: error },
  );
}
