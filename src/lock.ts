import { randomBytes } from "node:crypto";
import { type Clock, Limit, TimeIsUp, within } from "./clock.ts";
import { LockError, SessionError } from "./errors.ts";
import { Lease, longestPoll } from "./lease.ts";
import { type Grip, Line, type Place } from "./line.ts";
import type { LockOptions } from "./options.ts";
import { standing, type StoredRecord } from "./record.ts";
import type { Snapshot, Store } from "./store.ts";
import { sameDigest, type Token } from "./token.ts";

/** A version of a lock, and since when it is known to stand, on the monotonic clock. */
interface Sighting {
  readonly version: string;
  readonly since: number;
}

const shortestPoll = 2;
/** A waiter's clock may run a little faster than the holder's. */
const leaseMargin = 1.2;
const maxSightings = 10_000;
/** How long requests may be under way with the cookie of a session that was ended, in ms. */
const underWayFor = 10_000;
/** How long a lock that nobody wants may take to be given up, in ms; else it ends with its lease. */
const dropTime = 1000;

/** A request whose turn it is in its process, with the session as it is now. */
export interface Turn {
  readonly kind: "turn";
  readonly place: Place;
  readonly snapshot: Snapshot & { readonly record: StoredRecord };
  /** The lock, if the one before has left it. */
  readonly grip: Grip | null;
  /** Since when it has waited for others, on the monotonic clock; `null` if it has not. */
  readonly waitedFrom: number | null;
}

/** A session that is locked, as it was then. */
export interface Locked {
  readonly kind: "locked";
  readonly lease: Lease;
  readonly record: StoredRecord;
  readonly waitedFrom: number | null;
  /** Whether its holder had left it to its lease. */
  readonly takenOver: boolean;
}

/**
 * There is no such session; or there was, until another request destroyed it
 * ("ended") or gave it another id ("moved").
 */
export interface Absent {
  readonly kind: "unknown" | "wrongSecret" | "expired" | "ended" | "moved";
  /** As that of a {@linkcode Turn}. */
  readonly waitedFrom: number | null;
}

/** How a request waits, and who it is. */
export interface Waiting {
  readonly token: Token;
  readonly options: Required<LockOptions>;
  readonly limit: Limit;
  /** Whether the request has seen the session before. */
  readonly seen: boolean;
}

/**
 * Waits for sessions. Within the process first come is first served, and only
 * the first in line asks KV; between processes the lock in KV decides.
 */
export class Locks {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();
  readonly #sightings = new Map<string, Sighting>();
  readonly #process = randomBytes(8).toString("hex");
  #acquisitions = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Waits until everybody in this process who came before is done with the
   * session, and reads it, unless the one before has left it.
   */
  async enter(waiting: Waiting): Promise<Turn | Absent> {
    const { token, options, limit, seen } = waiting;
    const { id } = token;
    let line = this.#lines.get(id);
    const opensLine = line === undefined;
    // The first one asks before it does anything else, which then takes no time.
    const asked = opensLine ? this.#store.load(id, limit) : undefined;
    if (line === undefined) {
      line = new Line(() => this.#lines.delete(id));
      this.#lines.set(id, line);
    }
    const place = line.join();
    let waitedFrom: number | null = null;
    try {
      let snapshot: Snapshot | undefined;
      const known = opensLine ? null : await limit.race(line.digest);
      if (known === null || !sameDigest(known, token.digest)) {
        // The first one proves itself by reading; so does one whose secret the
        // first one did not find. Nobody waits for a session with a wrong one.
        const loading = asked ?? this.#store.load(id, limit);
        void token.digest; // Takes its time while KV is at work.
        snapshot = await loading;
        line.tell(snapshot.record?.digest ?? null);
        const standing = this.#stand(snapshot, token, seen);
        if (standing !== "live") {
          return await this.#absent(place, standing, waitedFrom);
        }
      }
      place.proven = true;
      if (line.countBefore(place) > options.maxWaiting) {
        throw queueFull(options);
      }
      let grip: Grip | null = null;
      if (!opensLine) {
        waitedFrom = this.#clock.elapsed();
        await limit.race(place.turn);
        const baton = place.take();
        grip = baton?.grip ?? null;
        if (baton === null) await this.#rest(line, limit);
        snapshot = baton?.snapshot ?? await this.#store.load(id, limit);
        const standing = this.#stand(snapshot, token, true);
        if (standing !== "live") {
          if (grip !== null) await this.#drop(grip);
          return await this.#absent(place, standing, waitedFrom);
        }
      }
      return {
        kind: "turn",
        place,
        snapshot: snapshot as Turn["snapshot"],
        grip,
        waitedFrom,
      };
    } catch (error) {
      await this.#abandon(place);
      throw explain(error, limit, waitedFrom !== null);
    } finally {
      if (opensLine) line.tell(null); // If it has not told what it read.
    }
  }

  /** Locks the session whose turn it is; waits while another process holds it. */
  async lock(
    turn: Turn,
    { token, options, limit }: Waiting,
  ): Promise<Locked | Absent> {
    const { place } = turn;
    const { id } = turn.snapshot;
    let snapshot: Snapshot = turn.snapshot;
    let { grip, waitedFrom } = turn;
    let takenOver = false;
    try {
      for (let round = 0; grip === null; round++) {
        if (snapshot !== turn.snapshot) {
          const standing = this.#stand(snapshot, token, true);
          if (standing !== "live") {
            return await this.#absent(place, standing, waitedFrom);
          }
        }
        const remaining = this.#remaining(snapshot);
        if (remaining > 0) {
          waitedFrom ??= this.#clock.elapsed();
          await limit.sleep(Math.min(remaining, this.#jitter(round)));
          snapshot = await this.#store.load(id, limit);
          continue;
        }
        const sentAt = this.#clock.elapsed();
        const owner = this.#newOwner();
        const result = await this.#store.acquire(
          snapshot,
          owner,
          options.lease,
          limit,
        );
        if (result.hold === null) {
          snapshot = result.found;
        } else {
          this.#sightings.delete(id);
          takenOver = snapshot.lock?.kind === "held";
          grip = { hold: result.hold, provenAt: sentAt, takenAt: sentAt };
        }
      }
      const lease = new Lease(this.#store, this.#clock, options, grip, place);
      const record = snapshot.record!;
      return { kind: "locked", lease, record, waitedFrom, takenOver };
    } catch (error) {
      await this.#abandon(place);
      throw explain(error, limit, waitedFrom !== null);
    }
  }

  /** A name for one acquisition, of 26 characters, that no other one has in any process. */
  #newOwner(): string {
    return this.#process + String(++this.#acquisitions).padStart(10, "0");
  }

  async #absent(
    place: Place,
    kind: Absent["kind"],
    waitedFrom: number | null,
  ): Promise<Absent> {
    await this.#abandon(place);
    return { kind, waitedFrom };
  }

  /** Leaves a line without having done anything. */
  async #abandon(place: Place): Promise<void> {
    const baton = place.take();
    if (place.leave(baton) || baton === null || baton.grip === null) return;
    await this.#drop(baton.grip);
  }

  /** Gives up a lock that was left to nobody. */
  async #drop({ hold }: Grip): Promise<void> {
    await within(
      new Limit(this.#clock, dropTime),
      (limit) => this.#store.release(hold, null, limit),
    ).catch(() => {});
  }

  /** Leaves the session to other processes for a moment, if they have waited long. */
  async #rest(line: Line, limit: Limit): Promise<void> {
    const left = line.restUntil - this.#clock.elapsed();
    if (left > 0) await limit.sleep(left);
  }

  /** How long until the lock may be taken over, in ms; 0 when it is free. */
  #remaining(snapshot: Snapshot): number {
    const { lock } = snapshot;
    if (lock?.kind !== "held") return 0;
    return Math.max(0, lock.lease * leaseMargin - this.#seenFor(snapshot));
  }

  /** For how long the lock is known to stand as it is, in ms. */
  #seenFor({ id, lockVersion }: Snapshot): number {
    const now = this.#clock.elapsed();
    const sighting = this.#sightings.get(id);
    if (sighting?.version === lockVersion) return now - sighting.since;
    this.#sightings.delete(id);
    this.#sightings.set(id, { version: lockVersion!, since: now });
    // The oldest goes: at worst something is waited out once more.
    if (this.#sightings.size > maxSightings) {
      this.#sightings.delete(this.#sightings.keys().next().value!);
    }
    return 0;
  }

  /**
   * What the snapshot means to a holder of this secret.
   *
   * @param seen Whether the session was there before, so that it was ended since.
   */
  #stand(
    snapshot: Snapshot,
    { digest }: Token,
    seen: boolean,
  ): "live" | Absent["kind"] {
    const { record, lock } = snapshot;
    if (record !== null) return standing(record, digest, this.#clock.now());
    const ended = lock?.kind === "ended" &&
      sameDigest(lock.header.digest, digest);
    if (ended && (seen || this.#seenFor(snapshot) < underWayFor)) {
      return lock.moved ? "moved" : "ended";
    }
    return seen ? "ended" : "unknown";
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

/** Says in terms of the lock why the wait ended. */
export function explain(error: unknown, limit: Limit, waited = false): unknown {
  if (error instanceof LockError) return error;
  if (limit.aborted) {
    return new LockError(
      "ERR_LOCK_CANCELLED",
      "Cannot open the session: the wait for it was cancelled",
      { cause: limit.reason },
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

function queueFull({ maxWaiting }: Required<LockOptions>): LockError {
  return new LockError(
    "ERR_QUEUE_FULL",
    `Cannot open the session: ${maxWaiting} requests of this process wait for it ` +
      "already. Answer 503, or raise lock.maxWaiting",
  );
}
