import { Samples } from "./tally.ts";
import type { Timeline } from "./timeline.ts";

/** One acquisition of a lock. */
export interface Owner {
  readonly process: {
    /** When it died; `Infinity` while it lives. */
    readonly crashedAt: number;
  };
  /** Whether it found the session locked before. */
  readonly waited: boolean;
}

/** Tells of a commit who made it; each is another. */
export interface Mark {
  readonly process: object;
}

/** Both entries of a session as they were at one instant; version 0 for none. */
export interface Snapshot {
  readonly dataVersion: number;
  readonly lockVersion: number;
  readonly owner: Owner | null;
  /** The stored value: how often the session was changed. */
  readonly count: number;
  /** The last commits, one of each process, the newest first. */
  readonly marks: readonly Mark[];
}

/** A commit: what it checks, and what it writes. */
export interface Commit {
  readonly dataVersion?: number;
  readonly lockVersion: number;
  /** The record to store. */
  readonly record?: Pick<Snapshot, "count" | "marks">;
  /** The lock to store; `null` to remove it. */
  readonly owner?: Owner | null;
}

/** What is stored of a session, and what became of it. */
interface Entry {
  snapshot: Snapshot;
  releasedAt: number;
  lockedBy: object | null;
  commits: number;
}

const untouched: Snapshot = {
  dataVersion: 1,
  lockVersion: 0,
  owner: null,
  count: 0,
  marks: [{ process: {} }],
};

/**
 * A database whose calls take time: half of it until the call is applied, in
 * one instant, and half until the answer is there. Versions decide who wins.
 */
export class Database {
  reads = 0;
  commits = 0;
  refused = 0;
  /** From a lock's release until another process, which waited, had it, in ms. */
  readonly handOvers = new Samples();
  /** From a crash until somebody had the lock of the dead process, in ms. */
  readonly takeOvers = new Samples();
  readonly #timeline: Timeline;
  readonly #latency: () => number;
  /** The time that one commit takes the database, in ms. */
  readonly #service: number;
  readonly #entries = new Map<number, Entry>();
  #freeAt = 0;
  #version = 1;

  constructor(
    timeline: Timeline,
    latency: () => number,
    commitLimit: number,
  ) {
    this.#timeline = timeline;
    this.#latency = latency;
    this.#service = commitLimit === 0 ? 0 : 1000 / commitLimit;
  }

  /** Reads both entries. */
  load(id: number, answer: (snapshot: Snapshot) => void): void {
    this.reads++;
    const half = this.#latency() / 2;
    this.#timeline.after(half, () => {
      const snapshot = this.#entries.get(id)?.snapshot ?? untouched;
      this.#timeline.after(half, () => answer(snapshot));
    });
  }

  /** Applies a commit if all that it checks is so; answers the new version, or 0. */
  commit(id: number, commit: Commit, answer: (version: number) => void): void {
    this.commits++;
    const half = this.#latency() / 2;
    const apply = () => {
      const version = this.#apply(id, commit);
      this.#timeline.after(half, () => answer(version));
    };
    this.#timeline.after(half, () => {
      if (this.#service === 0) return apply();
      const { now } = this.#timeline;
      this.#freeAt = Math.max(this.#freeAt, now) + this.#service;
      this.#timeline.after(this.#freeAt - now, apply);
    });
  }

  /** How often a session was changed. */
  countOf(id: number): number {
    return this.#entries.get(id)?.snapshot.count ?? 0;
  }

  /** How often all sessions were changed. */
  get counts(): number {
    let sum = 0;
    for (const { snapshot } of this.#entries.values()) sum += snapshot.count;
    return sum;
  }

  /** How many commits one session got at most. */
  get mostCommits(): number {
    let most = 0;
    for (const { commits } of this.#entries.values()) {
      most = Math.max(most, commits);
    }
    return most;
  }

  #apply(id: number, { record, owner, ...checks }: Commit): number {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      const snapshot = untouched;
      entry = { snapshot, releasedAt: 0, lockedBy: null, commits: 0 };
      this.#entries.set(id, entry);
    }
    entry.commits++;
    const { snapshot: old } = entry;
    const { lockVersion, dataVersion = old.dataVersion } = checks;
    if (lockVersion !== old.lockVersion || dataVersion !== old.dataVersion) {
      this.refused++;
      return 0;
    }
    const version = ++this.#version;
    entry.snapshot = {
      dataVersion: record === undefined ? old.dataVersion : version,
      count: record?.count ?? old.count,
      marks: record?.marks ?? old.marks,
      lockVersion: owner === undefined
        ? old.lockVersion
        : owner === null
        ? 0
        : version,
      owner: owner === undefined ? old.owner : owner,
    };
    if (owner) this.#noteLock(entry, old.owner, owner);
    else if (owner === null) entry.releasedAt = this.#timeline.now;
    return version;
  }

  #noteLock(entry: Entry, before: Owner | null, owner: Owner): void {
    const { now } = this.#timeline;
    if (before === owner) return; // A renewal.
    if (before !== null) this.takeOvers.add(now - before.process.crashedAt);
    else if (entry.lockedBy !== owner.process && owner.waited) {
      this.handOvers.add(now - entry.releasedAt);
    }
    entry.lockedBy = owner.process;
  }
}
