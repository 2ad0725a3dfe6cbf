import type { Owner, Snapshot } from "./database.ts";
import type { Kind } from "./scenario.ts";
import type { End } from "./tally.ts";

/** A request for a change, until it is answered. */
export interface Request {
  readonly kind: Kind;
  readonly session: number;
  readonly startedAt: number;
  /** How long its handler works with the session, in ms. */
  readonly hold: number;
  /** How often it still tries without the lock. */
  tries: number;
  /** Whether it met the lock of a dead process. */
  metDead: boolean;
  readonly onOpen: () => void;
  readonly onEnd: (end: End) => void;
}

/** A lock that goes from one request of the process to the next. */
export interface Grip {
  readonly owner: Owner;
  lockVersion: number;
  provenAt: number;
  readonly takenAt: number;
}

/** What one request leaves to the next. */
export interface Baton {
  readonly snapshot: Snapshot;
  readonly grip: Grip | null;
}

/** A place in a line: one wait of one request. */
export class Place {
  readonly line: Line;
  readonly request: Request;
  readonly number: number;
  /** When its time is up. */
  readonly deadline: number;
  /** Whether its time is measured. */
  timed = false;
  /** Whether it had to wait for other requests: in the line, or then for the lock. */
  waited = false;
  /** Whether the session's secret was seen to be right. */
  proven = false;
  /** Whether everybody before has left. */
  called = false;
  baton: Baton | null = null;
  /** The lock that it asked for, until it is clear that it was refused. */
  unclear: Owner | null = null;
  /** Whether it has left, so that answers come too late. */
  over = false;

  constructor(
    line: Line,
    request: Request,
    { number, deadline }: { number: number; deadline: number },
  ) {
    this.line = line;
    this.request = request;
    this.number = number;
    this.deadline = deadline;
  }
}

/** The requests of one process for one session, first come first. */
export class Line {
  readonly places: Place[] = [];
  /** Whether the first one has read the session. */
  told = false;
  restUntil = 0;
  joined = 0;
  /** The place whose turn came last. */
  served = -1;

  /** Whether somebody who may have the lock is next. */
  isFollowed(place: Place): boolean {
    return this.places[0] === place && this.places[1]?.proven === true;
  }
}
