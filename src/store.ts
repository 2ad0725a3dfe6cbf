import type { Clock } from "./clock.ts";
import type { Limit } from "./clock.ts";
import { SessionError } from "./errors.ts";
import type { KvAtomic, KvEntry, KvKey, KvStore } from "./kv.ts";
import { Watchers } from "./watchers.ts";
import { ask, outcomeUnknown, settle, type Verdict } from "./commit.ts";
import { decodeLock, encodeLock, type LockEntry } from "./lock_entry.ts";
import {
  decodeRecord,
  encodeRecord,
  type Header,
  keepFor,
  type Mark,
  maxHeaderLength,
  type StoredRecord,
  wasApplied,
  withMark,
} from "./record.ts";

/** A record and the version that proves it unchanged. */
export interface Stored {
  readonly record: StoredRecord | null;
  readonly recordVersion: string | null;
}

/** Both entries of a session as they were at one instant. */
export interface Snapshot extends Stored {
  readonly id: string;
  readonly lock: LockEntry | null;
  readonly lockVersion: string | null;
}

/** A lock that this process holds: what a commit checks. */
export interface Hold {
  readonly id: string;
  /** The name of the acquisition. */
  readonly owner: string;
  readonly lockVersion: string;
  readonly recordVersion: string | null;
}

/** KV takes values of up to 64 KiB, of which the header may take this much. */
export const maxPayloadLength = 65_536 - maxHeaderLength;
const leaseKeepFactor = 10;
/** Longer than requests are under way with the cookie of an ended session, in ms. */
const endedKeepFor = 30_000;

/** What sessions do to the database. Every KV call of the library is made here. */
export class Store {
  /** Those who want to know what is committed here. */
  readonly watchers = new Watchers();
  readonly #kv: KvStore;
  readonly #prefix: KvKey;
  readonly #clock: Clock;
  readonly #writer = randomName();
  /** Marks what `take` commits, which waits for no turn: it must not replace a mark of the others. */
  readonly #taker = randomName();
  #serial = 0;

  constructor(kv: KvStore, prefix: KvKey, clock: Clock) {
    this.#kv = kv;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  /** Reads the record alone. */
  read(id: string, limit: Limit): Promise<Stored> {
    const key = this.#key("data", id);
    return ask(limit, () => this.#kv.get(key).then(stored));
  }

  /** Reads record and lock in one go. */
  load(id: string, limit: Limit): Promise<Snapshot> {
    const keys = [this.#key("data", id), this.#key("lock", id)];
    const snapshot = ([data, lock]: KvEntry[]) => ({
      id,
      ...stored(data!),
      lock: decode(decodeLock, lock!.value),
      lockVersion: lock!.versionstamp,
    });
    return ask(limit, () => this.#kv.getMany(keys).then(snapshot));
  }

  /** Takes the lock if neither entry has changed since the snapshot, which is then what was locked. */
  async acquire(
    snapshot: Snapshot,
    owner: string,
    lease: number,
    limit: Limit,
  ): Promise<{ hold: Hold } | { hold: null; found: Snapshot }> {
    const { id, recordVersion } = snapshot;
    const key = this.#key("lock", id);
    const build = () =>
      this.#kv.atomic()
        .check({ key: this.#key("data", id), versionstamp: recordVersion })
        .check({ key, versionstamp: snapshot.lockVersion })
        .set(key, encodeLock({ kind: "held", owner, lease }), {
          expireIn: lease * leaseKeepFactor,
        });
    let found = snapshot;
    const lockVersion = await settle(this.#clock, limit, build, async () => {
      found = await this.load(id, limit);
      if (isHeldBy(found, owner)) return { version: found.lockVersion! };
      return sameVersions(found, snapshot) ? "open" : "refused";
    }, () => void this.#giveBack(id, owner));
    if (lockVersion === null) return { hold: null, found };
    return { hold: { id, owner, recordVersion, lockVersion } };
  }

  /** Gives the lock a new version, which starts its lease again; `null` if it is lost. */
  async renew(hold: Hold, lease: number, limit: Limit): Promise<string | null> {
    const key = this.#key("lock", hold.id);
    const value = encodeLock({ kind: "held", owner: hold.owner, lease });
    const build = () =>
      this.#mine(hold).set(key, value, { expireIn: lease * leaseKeepFactor });
    return await settle(this.#clock, limit, build, async () => {
      const found = await this.load(hold.id, limit);
      if (!isHeldBy(found, hold.owner)) return "refused";
      const version = found.lockVersion!;
      return version === hold.lockVersion ? "open" : { version };
    });
  }

  /**
   * Gives the lock up, and stores `touched` if given, which must hold the
   * values that are stored already. Answers whether the lock was surely ours
   * until then, so that nobody wrote meanwhile.
   */
  async release(
    hold: Hold,
    touched: StoredRecord | null,
    limit: Limit,
  ): Promise<boolean> {
    const build = () => {
      const commit = this.#mine(hold).delete(this.#key("lock", hold.id));
      return touched === null ? commit : this.#setRecord(
        commit.check({
          key: this.#key("data", hold.id),
          versionstamp: hold.recordVersion,
        }),
        hold.id,
        touched,
      );
    };
    const version = await settle(this.#clock, limit, build, async () => {
      const found = await this.load(hold.id, limit);
      return isStill(found, hold) ? "open" : "refused";
    });
    return version !== null;
  }

  /**
   * Stores the record, and gives the lock up unless it is to be kept; `null` if
   * the lock was lost and nothing written.
   *
   * @returns What is stored now, and whether the lock surely still is ours.
   */
  async save(
    hold: Hold,
    record: StoredRecord,
    keep: boolean,
    limit: Limit,
  ): Promise<{ snapshot: Snapshot; kept: boolean } | null> {
    const marked = this.#marked(record);
    let kept = keep;
    const build = () => {
      const commit = this.#setRecord(this.#unchanged(hold), hold.id, marked);
      return keep ? commit : commit.delete(this.#key("lock", hold.id));
    };
    const version = await settle(this.#clock, limit, build, async () => {
      const found = await this.load(hold.id, limit);
      if (isStill(found, hold)) return "open";
      kept = keep && found.lockVersion === hold.lockVersion;
      return seen(found, marked, isHeldBy(found, hold.owner));
    });
    if (version === null) return null;
    this.watchers.tell(hold.id);
    const lock: LockEntry = { kind: "held", owner: hold.owner, lease: 0 };
    const stored = { id: hold.id, record: marked, recordVersion: version };
    return {
      snapshot: { ...stored, lock, lockVersion: hold.lockVersion },
      kept,
    };
  }

  /**
   * Stores the record without a lock, if neither entry has changed since the
   * snapshot; `null` if one has.
   *
   * @returns What is stored now, unless somebody else may have written since.
   */
  async replace(
    snapshot: Snapshot,
    record: StoredRecord,
    limit: Limit,
    writer = this.#writer,
  ): Promise<{ record: StoredRecord; snapshot: Snapshot | null } | null> {
    const { id, recordVersion, lockVersion } = snapshot;
    const marked = this.#marked(record, writer);
    let certain = true;
    const build = () =>
      this.#setRecord(
        this.#kv.atomic()
          .check({ key: this.#key("lock", id), versionstamp: lockVersion })
          .check({ key: this.#key("data", id), versionstamp: recordVersion }),
        id,
        marked,
      );
    const version = await settle(this.#clock, limit, build, async () => {
      certain = false;
      const found = await this.load(id, limit);
      return sameVersions(found, snapshot)
        ? "open"
        : seen(found, marked, false);
    });
    if (version === null) return null;
    this.watchers.tell(id);
    const stored = { ...snapshot, record: marked, recordVersion: version };
    return { record: marked, snapshot: certain ? stored : null };
  }

  /** The same for a request that only takes flash values out, without a turn in its process. */
  async take(
    id: string,
    { record, recordVersion }: Stored,
    rest: StoredRecord,
    limit: Limit,
  ): Promise<StoredRecord | null> {
    const unlocked = { lock: null, lockVersion: null };
    const snapshot = { id, record, recordVersion, ...unlocked };
    const taken = await this.replace(snapshot, rest, limit, this.#taker);
    return taken?.record ?? null;
  }

  /** Removes the record and ends the id; `false` if the lock was lost and nothing removed. */
  async remove(hold: Hold, header: Header, limit: Limit): Promise<boolean> {
    const build = () =>
      this.#end(this.#mine(hold), hold, header, { moved: false, limit });
    const version = await settle(this.#clock, limit, build, async () => {
      const found = await this.load(hold.id, limit);
      if (isEndedBy(found, hold.owner)) return { version: found.lockVersion! };
      return isHeldBy(found, hold.owner) &&
          found.lockVersion === hold.lockVersion
        ? "open"
        : "refused";
    });
    if (version === null) return false;
    this.watchers.tell(hold.id);
    return true;
  }

  /** Moves the session to another id, locked there; `null` if the lock was lost and nothing moved. */
  async rotate(
    hold: Hold,
    old: Header,
    next: { id: string; record: StoredRecord; lease: number },
    limit: Limit,
  ): Promise<{ hold: Hold; record: StoredRecord } | null> {
    const { id, lease } = next;
    const moved = this.#marked(next.record);
    const lock = encodeLock({ kind: "held", owner: hold.owner, lease });
    const build = () => {
      const commit = this.#end(this.#unchanged(hold), hold, old, {
        moved: true,
        limit,
      })
        .check({ key: this.#key("data", id), versionstamp: null });
      return this.#setRecord(commit, id, moved)
        .set(this.#key("lock", id), lock, {
          expireIn: lease * leaseKeepFactor,
        });
    };
    const version = await settle(this.#clock, limit, build, async () => {
      const found = await this.load(hold.id, limit);
      if (isEndedBy(found, hold.owner)) {
        const there = await this.load(id, limit);
        if (isHeldBy(there, hold.owner)) return { version: there.lockVersion! };
      }
      return isStill(found, hold) ? "open" : "refused";
    });
    if (version === null) return null;
    this.watchers.tell(hold.id);
    // One commit gives all that it writes the same version.
    const versions = { lockVersion: version, recordVersion: version };
    return { hold: { id, owner: hold.owner, ...versions }, record: moved };
  }

  /** Stores the record of a new session; `null` if the id is taken. */
  async insert(
    id: string,
    record: StoredRecord,
    limit: Limit,
  ): Promise<StoredRecord | null> {
    const marked = this.#marked(record);
    const key = this.#key("data", id);
    const build = () =>
      // Its lock is marked when a session ends, so that this commit brings no
      // session back if it arrives a second time.
      this.#setRecord(
        this.#kv.atomic()
          .check({ key, versionstamp: null })
          .check({ key: this.#key("lock", id), versionstamp: null }),
        id,
        marked,
      );
    const version = await settle(this.#clock, limit, build, async () => {
      const { record: found, recordVersion } = await this.read(id, limit);
      if (found === null) return "open";
      return wasApplied(found.marks, marked.marks)
        ? { version: recordVersion! }
        : "refused";
    });
    return version === null ? null : marked;
  }

  /** Extends a record's life if it is unchanged and unlocked; one try, because another use will do as well. */
  async touch(
    id: string,
    version: string,
    record: StoredRecord,
    limit: Limit,
  ): Promise<boolean> {
    const commit = this.#kv.atomic()
      .check({ key: this.#key("data", id), versionstamp: version })
      .check({ key: this.#key("lock", id), versionstamp: null });
    try {
      return (await limit.race(this.#setRecord(commit, id, record).commit()))
        .ok;
    } catch {
      return false;
    }
  }

  /** Gives up a lock that may have been granted when nobody waits for it any more. */
  async #giveBack(id: string, owner: string): Promise<void> {
    const key = this.#key("lock", id);
    try {
      const { value, versionstamp } = await this.#kv.get(key);
      const lock = decode(decodeLock, value);
      if (lock?.kind !== "held" || lock.owner !== owner) return;
      await this.#kv.atomic().check({ key, versionstamp }).delete(key).commit();
    } catch {
      // Then it ends with its lease.
    }
  }

  #key(kind: "data" | "lock", id: string): KvKey {
    return [...this.#prefix, kind, id];
  }

  #marked(record: StoredRecord, writer = this.#writer): StoredRecord {
    const mark: Mark = { writer, serial: ++this.#serial };
    return { ...record, marks: withMark(record.marks, mark) };
  }

  #mine(hold: Hold): KvAtomic {
    const key = this.#key("lock", hold.id);
    return this.#kv.atomic().check({ key, versionstamp: hold.lockVersion });
  }

  /** Ours, and not removed behind the lock's back either. */
  #unchanged(hold: Hold): KvAtomic {
    const key = this.#key("data", hold.id);
    return this.#mine(hold).check({ key, versionstamp: hold.recordVersion });
  }

  #setRecord(commit: KvAtomic, id: string, record: StoredRecord): KvAtomic {
    const expireIn = keepFor(record, this.#clock.now());
    return commit.set(this.#key("data", id), encodeRecord(record), {
      expireIn,
    });
  }

  #end(
    commit: KvAtomic,
    { id, owner }: Hold,
    header: Header,
    { moved, limit }: { moved: boolean; limit: Limit },
  ): KvAtomic {
    const ended = encodeLock({ kind: "ended", owner, moved, header });
    return commit.delete(this.#key("data", id))
      .set(this.#key("lock", id), ended, {
        // A lost answer is looked up here, too.
        expireIn: Math.max(endedKeepFor, 2 * limit.ms),
      });
  }
}

function randomName(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0]!;
}

function stored(
  entry: { value: unknown; versionstamp: string | null },
): Stored {
  return {
    record: decode(decodeRecord, entry.value),
    recordVersion: entry.versionstamp,
  };
}

function decode<T>(decoder: (value: unknown) => T, value: unknown): T | null {
  if (value === null || value === undefined) return null;
  try {
    return decoder(value);
  } catch (cause) {
    throw new SessionError(
      "ERR_CORRUPT",
      "Cannot read the session: what is stored was not written by this library, or by a " +
        `newer version of it (${
          cause instanceof Error ? cause.message : cause
        })`,
      { cause },
    );
  }
}

/** Whether what was found shows the mark of a record, so that its commit was applied. */
function seen(
  found: Snapshot,
  { marks }: StoredRecord,
  stillOurs: boolean,
): Verdict {
  const header = found.record ??
    (found.lock?.kind === "ended" ? found.lock.header : null);
  const applied = header === null ? undefined : wasApplied(header.marks, marks);
  if (applied) return { version: found.recordVersion ?? found.lockVersion! };
  // Under a lock that is still ours nobody else can have pushed the mark out.
  if (applied === false || stillOurs) return "refused";
  throw outcomeUnknown();
}

function isHeldBy({ lock }: Snapshot, owner: string): boolean {
  return lock?.kind === "held" && lock.owner === owner;
}

function isEndedBy({ lock }: Snapshot, owner: string): boolean {
  return lock?.kind === "ended" && lock.owner === owner;
}

function isStill(found: Snapshot, hold: Hold): boolean {
  return found.lockVersion === hold.lockVersion &&
    found.recordVersion === hold.recordVersion;
}

function sameVersions(a: Snapshot, b: Snapshot): boolean {
  return a.lockVersion === b.lockVersion && a.recordVersion === b.recordVersion;
}
