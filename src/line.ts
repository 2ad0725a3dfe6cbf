import type { Hold, Snapshot } from "./store.ts";

/** A lock that goes from one request of the process to the next. */
export interface Grip {
  readonly hold: Hold;
  /** When the request was sent that last proved the lock, on the monotonic clock. */
  readonly provenAt: number;
  /** When this process took the lock from whoever had it before. */
  readonly takenAt: number;
}

/** What one request leaves to the next of its process, which then need not read it. */
export interface Baton {
  /** The session as it was just stored. */
  readonly snapshot: Snapshot;
  /** The lock, if it goes along. */
  readonly grip: Grip | null;
}

/** The requests of one process that hold or wait for one session, first come first. */
export class Line {
  /** The digest of the session's secret, as the first one reads it; `null` if there is none. */
  readonly digest: Promise<Uint8Array | null>;
  /** Resolves `digest`. */
  readonly tell: (digest: Uint8Array | null) => void;
  /** Until when the session is left to other processes, on the monotonic clock. */
  restUntil = 0;
  readonly #places: Place[] = [];
  readonly #onEmpty: () => void;

  /** @param onEmpty Called when the last one leaves. */
  constructor(onEmpty: () => void) {
    let tell!: (digest: Uint8Array | null) => void;
    this.digest = new Promise((resolve) => tell = resolve);
    this.tell = tell;
    this.#onEmpty = onEmpty;
  }

  /** Takes the last place. */
  join(): Place {
    const place = new Place(this);
    this.#places.push(place);
    if (this.#places.length === 1) place.call(null);
    return place;
  }

  /** The one behind a place. */
  after(place: Place): Place | undefined {
    const at = this.#places.indexOf(place);
    return at === -1 ? undefined : this.#places[at + 1];
  }

  /** How many before a place have shown the secret. */
  countBefore(place: Place): number {
    let count = 0;
    for (const other of this.#places) {
      if (other === place) break;
      if (other.proven) count++;
    }
    return count;
  }

  /** Lets a place go; answers whether somebody took the baton. */
  leave(place: Place, baton: Baton | null): boolean {
    const at = this.#places.indexOf(place);
    if (at === -1) return false;
    this.#places.splice(at, 1);
    if (this.#places.length === 0) this.#onEmpty();
    const next = at === 0 ? this.#places[0] : undefined;
    next?.call(baton);
    return next !== undefined;
  }
}

/** A place in a line. */
export class Place {
  readonly line: Line;
  /** Resolves when everybody before has left. */
  readonly turn: Promise<void>;
  /** Whether the one in the place has shown the session's secret. */
  proven = false;
  /** What the one before has left. */
  #baton: Baton | null = null;
  #call!: () => void;

  constructor(line: Line) {
    this.line = line;
    this.turn = new Promise((resolve) => this.#call = resolve);
  }

  /** Whether somebody who has shown the secret is next. */
  get followed(): boolean {
    return this.line.after(this)?.proven === true;
  }

  /** Says that it is this one's turn. */
  call(baton: Baton | null): void {
    this.#baton = baton;
    this.#call();
  }

  /** Takes what the one before has left; once. */
  take(): Baton | null {
    const baton = this.#baton;
    this.#baton = null;
    return baton;
  }

  /** Leaves the line, once; answers whether somebody took the baton. */
  leave(baton: Baton | null = null): boolean {
    return this.line.leave(this, baton);
  }
}
