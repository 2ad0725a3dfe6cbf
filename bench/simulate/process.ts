import type { Chance } from "./chance.ts";
import type { Database, Owner, Snapshot } from "./database.ts";
import { type Baton, type Grip, Line, Place, type Request } from "./line.ts";
import type { End } from "./tally.ts";
import type { Timeline } from "./timeline.ts";

// The library's constants, in ms.
const shortestPoll = 2;
const longestPoll = 40;
const longestRun = 200;
const lease = 5000;
const leaseMargin = 1.2;
const timeout = 10_000;
const maxWaiting = 100;
const longestPause = 20;
const maxMarks = 16;

/** What the processes of a run share. */
export interface World {
  readonly timeline: Timeline;
  readonly database: Database;
  readonly chance: Chance;
  /** Is told what must never happen. */
  readonly violation: (what: string) => void;
  /** The requests between `open()` and `save()`, by session. */
  readonly holders: Map<number, Place>;
  /** Polls that found the lock still held. */
  polls: number;
}

/** A process that changes sessions as the library does, call by call. */
export class Process {
  crashedAt = Infinity;
  readonly #world: World;
  readonly #lines = new Map<number, Line>();
  readonly #sightings = new Map<number, { version: number; since: number }>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Ends with all that it does; answers how many requests that were. */
  crash(): number {
    this.crashedAt = this.#world.timeline.now;
    let vanished = 0;
    for (const { places } of this.#lines.values()) {
      for (const place of places) {
        place.over = true;
        this.#unhold(place);
        vanished++;
      }
    }
    this.#lines.clear();
    return vanished;
  }

  /** Begins a request that changes its session, or its next try. */
  enter(request: Request): void {
    const { session } = request;
    let line = this.#lines.get(session);
    const opens = line === undefined;
    if (line === undefined) this.#lines.set(session, line = new Line());
    // The library's arithmetic: a sum a hair too large costs a whole ms.
    const deadline = this.#now + Math.ceil(this.#now + timeout - this.#now);
    const place = new Place(line, request, { number: line.joined++, deadline });
    line.places.push(place);
    if (opens) {
      place.called = true;
      this.#load(place, (snapshot) => {
        line.told = true;
        const others = line.places.slice(1);
        this.#turn(place, { snapshot, grip: null });
        for (const other of others) this.#admit(other);
      });
    } else if (line.told) this.#admit(place);
  }

  get #now(): number {
    return this.#world.timeline.now;
  }

  /** Lets a place wait for its turn, unless too many do. */
  #admit(place: Place): void {
    if (place.over) return;
    place.proven = true;
    if (place.line.places.indexOf(place) > maxWaiting) {
      return this.#fail(place, "ERR_QUEUE_FULL");
    }
    place.waited = true;
    this.#wait(place);
    if (place.called) this.#takeTurn(place);
  }

  /** Everybody before has left. */
  #takeTurn(place: Place): void {
    const { baton } = place;
    place.baton = null;
    if (baton !== null) return this.#turn(place, baton);
    const rest = place.line.restUntil - this.#now;
    this.#after(Math.max(0, rest), place, () => {
      this.#load(
        place,
        (snapshot) => this.#turn(place, { snapshot, grip: null }),
      );
    });
  }

  #turn(place: Place, { snapshot, grip }: Baton): void {
    place.proven = true;
    if (place.number <= place.line.served) {
      this.#world.violation("a later request of a process went first");
    }
    place.line.served = place.number;
    const { request } = place;
    const free = grip === null && snapshot.owner === null;
    if (request.kind === "update" && request.tries > 0 && free) {
      place.timed = false;
      this.#after(request.hold, place, () => this.#replace(place, snapshot, 1));
    } else {
      place.waited = false;
      this.#lock(place, snapshot, grip, 0);
    }
  }

  #lock(
    place: Place,
    snapshot: Snapshot,
    grip: Grip | null,
    round: number,
  ): void {
    if (grip !== null) return this.#locked(place, snapshot, grip);
    const remaining = this.#remaining(place.request.session, snapshot);
    if (remaining === 0) return this.#acquire(place, snapshot, round, 1);
    this.#world.polls++;
    if (snapshot.owner!.process.crashedAt < Infinity) {
      place.request.metDead = true;
    }
    place.waited = true;
    this.#wait(place);
    this.#after(Math.min(remaining, this.#jitter(round)), place, () => {
      this.#load(place, (found) => this.#lock(place, found, null, round + 1));
    });
  }

  #acquire(
    place: Place,
    snapshot: Snapshot,
    round: number,
    pause: number,
  ): void {
    const { database, chance } = this.#world;
    const { session } = place.request;
    const sentAt = this.#now;
    const owner: Owner = { process: this, waited: place.waited };
    const { dataVersion, lockVersion } = snapshot;
    const commit = { dataVersion, lockVersion, owner };
    database.commit(session, commit, (version) => {
      if (this.crashedAt < Infinity) return;
      if (place.over) return this.#giveBack(session, owner);
      if (version !== 0) {
        this.#sightings.delete(session);
        const taken = { provenAt: sentAt, takenAt: sentAt };
        const grip = { owner, lockVersion: version, ...taken };
        return this.#locked(place, snapshot, grip);
      }
      place.unclear = owner;
      this.#wait(place);
      this.#load(place, (found) => {
        place.unclear = null;
        if (!isSame(found, snapshot)) {
          return this.#lock(place, found, null, round + 1);
        }
        this.#after(chance.uniform() * pause, place, () => {
          const longer = Math.min(longestPause, pause * 2);
          this.#acquire(place, snapshot, round, longer);
        });
      });
    });
  }

  /** Gives up a lock that was granted to a request whose time was up. */
  #giveBack(session: number, owner: Owner): void {
    const { database } = this.#world;
    database.load(session, (found) => {
      if (found.owner !== owner || this.crashedAt < Infinity) return;
      const { lockVersion } = found;
      database.commit(session, { lockVersion, owner: null }, () => {});
    });
  }

  /** The request has the session: its handler runs, and then saves. */
  #locked(place: Place, snapshot: Snapshot, grip: Grip): void {
    const { request } = place;
    const { holders, violation } = this.#world;
    if (holders.has(request.session)) {
      violation("two requests hold one session");
    }
    holders.set(request.session, place);
    place.timed = false;
    request.onOpen();
    const endsAt = this.#now + request.hold;
    this.#renew(place, grip, endsAt, () => {
      this.#unhold(place);
      this.#save(place, snapshot, grip);
    });
  }

  /** Renews the lock every third of its lease until the handler is done. */
  #renew(place: Place, grip: Grip, endsAt: number, done: () => void): void {
    const renewAt = Math.max(this.#now, grip.provenAt + lease / 3);
    if (endsAt <= renewAt) return this.#after(endsAt - this.#now, place, done);
    this.#after(renewAt - this.#now, place, () => {
      const { owner, lockVersion } = grip;
      const sentAt = this.#now;
      const { session } = place.request;
      this.#world.database.commit(
        session,
        { lockVersion, owner },
        (version) => {
          if (place.over) return;
          if (version === 0) return this.#loseLock(place);
          grip.lockVersion = version;
          grip.provenAt = sentAt;
          this.#renew(place, grip, Math.max(endsAt, this.#now), done);
        },
      );
    });
  }

  #save(place: Place, snapshot: Snapshot, grip: Grip): void {
    const { line, request } = place;
    const { database } = this.#world;
    const handsOver = () =>
      line.isFollowed(place) && this.#now - grip.takenAt < longestRun;
    const keep = handsOver();
    const record = this.#changed(snapshot);
    const { dataVersion } = snapshot;
    const { lockVersion, owner } = grip;
    const checks = { dataVersion, lockVersion };
    const commit = keep
      ? { ...checks, record }
      : { ...checks, record, owner: null };
    database.commit(request.session, commit, (version) => {
      if (place.over) return;
      if (version === 0) return this.#loseLock(place);
      if (keep) {
        const next = { dataVersion: version, lockVersion, owner, ...record };
        if (!this.#leave(place, { snapshot: next, grip })) {
          const release = { lockVersion, owner: null };
          database.commit(request.session, release, () => {});
        }
      } else {
        if (line.isFollowed(place) && !handsOver()) {
          line.restUntil = this.#now + longestPoll;
        }
        this.#leave(place, null);
      }
      request.onEnd("done");
    });
  }

  /** Stores without a lock; tries again at the end of the line when others did meanwhile. */
  #replace(place: Place, snapshot: Snapshot, pause: number): void {
    const { database, chance } = this.#world;
    const { request } = place;
    const { dataVersion, lockVersion } = snapshot;
    const record = this.#changed(snapshot);
    const commit = { dataVersion, lockVersion, record };
    database.commit(request.session, commit, (version) => {
      if (place.over) return;
      if (version !== 0) {
        const next = { ...snapshot, dataVersion: version, ...record };
        this.#leave(place, { snapshot: next, grip: null });
        return request.onEnd("done");
      }
      this.#load(place, (found) => {
        if (isSame(found, snapshot)) {
          return this.#after(chance.uniform() * pause, place, () => {
            this.#replace(place, snapshot, Math.min(longestPause, pause * 2));
          });
        }
        if (!this.#isRefused(found, record)) {
          return this.#fail(place, "ERR_STORE");
        }
        this.#leave(place, null);
        request.tries--;
        this.enter(request);
      });
    });
  }

  /** Whether the marks tell that a commit of this process was not applied. */
  #isRefused({ marks }: Snapshot, commit: Pick<Snapshot, "marks">): boolean {
    return marks.length < maxMarks ||
      marks.some(({ process }) => process === this) ||
      commit.marks.slice(1).some((mark) => marks.includes(mark));
  }

  /** The record after one more change. */
  #changed({ count, marks }: Snapshot): Pick<Snapshot, "count" | "marks"> {
    const others = marks.filter(({ process }) => process !== this);
    const all = [{ process: this }, ...others].slice(0, maxMarks);
    return { count: count + 1, marks: all };
  }

  #loseLock(place: Place): void {
    this.#unhold(place);
    this.#load(place, () => this.#fail(place, "ERR_LOCK_LOST"));
  }

  #unhold(place: Place): void {
    const { holders } = this.#world;
    const { session } = place.request;
    if (holders.get(session) === place) holders.delete(session);
  }

  #fail(place: Place, end: End): void {
    const { baton } = place;
    place.baton = null;
    const taken = this.#leave(place, baton);
    if (!taken && baton?.grip) {
      const { lockVersion } = baton.grip;
      const release = { lockVersion, owner: null };
      this.#world.database.commit(place.request.session, release, () => {});
    }
    place.request.onEnd(end);
  }

  /** Lets a place go; answers whether somebody took the baton. */
  #leave(place: Place, baton: Baton | null): boolean {
    place.over = true;
    const { line } = place;
    const at = line.places.indexOf(place);
    line.places.splice(at, 1);
    if (line.places.length === 0) this.#lines.delete(place.request.session);
    const next = at === 0 ? line.places[0] : undefined;
    if (next === undefined) return false;
    next.called = true;
    next.baton = baton;
    if (next.proven) {
      this.#world.timeline.after(0, () => {
        if (!next.over) this.#takeTurn(next);
      });
    }
    return true;
  }

  /** Ends the wait of a place when its time is up. */
  #wait(place: Place): void {
    if (place.timed) return;
    place.timed = true;
    const left = Math.max(0, place.deadline - this.#now);
    this.#after(left, place, () => this.#giveUp(place));
  }

  #giveUp(place: Place): void {
    if (!place.timed) return;
    const { unclear, request } = place;
    if (unclear !== null) this.#giveBack(request.session, unclear);
    this.#fail(place, place.waited ? "ERR_LOCK_TIMEOUT" : "ERR_STORE");
  }

  #load(place: Place, answer: (snapshot: Snapshot) => void): void {
    this.#world.database.load(place.request.session, (snapshot) => {
      if (!place.over) answer(snapshot);
    });
  }

  #after(ms: number, place: Place, run: () => void): void {
    this.#world.timeline.after(ms, () => {
      if (!place.over) run();
    });
  }

  /** How long until the lock may be taken over, in ms; 0 when it is free. */
  #remaining(session: number, { owner, lockVersion }: Snapshot): number {
    if (owner === null) return 0;
    const sighting = this.#sightings.get(session);
    if (sighting?.version !== lockVersion) {
      this.#sightings.set(session, { version: lockVersion, since: this.#now });
      return lease * leaseMargin;
    }
    return Math.max(0, lease * leaseMargin - (this.#now - sighting.since));
  }

  #jitter(round: number): number {
    const longest = Math.min(
      longestPoll,
      shortestPoll * 2 ** Math.min(round, 10),
    );
    return shortestPoll +
      this.#world.chance.uniform() * (longest - shortestPoll);
  }
}

function isSame(a: Snapshot, b: Snapshot): boolean {
  return a.dataVersion === b.dataVersion && a.lockVersion === b.lockVersion;
}
