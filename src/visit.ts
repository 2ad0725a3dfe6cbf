import { AsyncResource } from "node:async_hooks";
import { Limit, within } from "./clock.ts";
import { type Backend, openBackend, readyBackend } from "./backend.ts";
import { ask } from "./commit.ts";
import type { Config } from "./config.ts";
import { cookieName, isSecure, readToken, writeCookie } from "./cookie.ts";
import type { Contents } from "./data.ts";
import { LockError } from "./errors.ts";
import { type Lease, lockLost } from "./lease.ts";
import type { Absent, Locked, Turn } from "./lock.ts";
import { decoded, encoded } from "./payload.ts";
import * as records from "./record.ts";
import type { StoredRecord } from "./record.ts";
import type { Traces } from "./response.ts";
import type { Snapshot, Store } from "./store.ts";
import { createToken, formatToken, type Token } from "./token.ts";
import { Values } from "./values.ts";

/** The cookie that the response owes the browser. */
type CookieDue = "none" | "set" | "extend" | "delete";

/**
 * One request's dealings with the stored session: which one its cookie names,
 * what was last seen of it, the lock on it, and the cookie to send. It knows
 * nothing of states: {@linkcode Session} calls it only when it may.
 */
export class Visit {
  readonly #request: Request;
  readonly #config: Config;
  /** The session's token; `undefined` until the cookie was read. */
  #token: Token | null | undefined;
  /** The stored record as last seen; `null` when there is none. */
  #stored: StoredRecord | null = null;
  #lease: Lease | null = null;
  /** This one's turn in its process, while it goes without a lock. */
  #turn: Turn | null = null;
  #cancelTurn = () => {};
  /** Whether this request has seen its session before it was gone. */
  #seen = false;
  #cookieDue: CookieDue = "none";
  /** Whether another request destroyed or moved the session that this one came with. */
  #fate: "none" | "ended" | "moved" = "none";
  #isNew = true;
  /** Whether the answer depends on the session. */
  used = false;
  /** Whether the response has been made, so that no cookie can be sent. */
  answered = false;
  /** Whether the cookie is `Secure`; known once the cookie was read. */
  #secure = true;
  /** What `setTTL()` asked for since the last save. */
  ttl: number | undefined;
  /** How long the last `enter` had to wait for other requests, in ms. */
  waited = 0;

  constructor(request: Request, config: Config) {
    this.#request = request;
    this.#config = config;
  }

  get id(): string | null {
    return this.#stored === null ? null : this.#token?.id ?? null;
  }

  /** The id in the request's cookie, or that of a session begun since. */
  get claimedId(): string | null {
    return this.#token?.id ?? null;
  }

  get isNew(): boolean {
    return this.#isNew;
  }

  /** How much the stored values take, in bytes. */
  get size(): number {
    return this.#stored?.payload.length ?? 0;
  }

  get lease(): Lease | null {
    return this.#lease;
  }

  /**
   * Waits for the session and reads it, and locks it unless `optimistic` is
   * asked for and nobody holds it. A request without a session locks nothing.
   */
  async enter(limit: Limit, optimistic: boolean): Promise<Contents> {
    this.waited = 0;
    const token = this.#identify();
    if (token === null) return empty();
    const { locks } = this.#ready ?? await this.#open(limit);
    const { lock: options, clock } = this.#config;
    const waiting = { token, options, limit, seen: this.#hasSeen };
    const turn = await locks.enter(waiting);
    if (turn.kind !== "turn") return this.#absent(turn, token);
    const { snapshot, grip } = turn;
    let { waitedFrom } = turn;
    let contents: Contents | null = null;
    if (optimistic && grip === null && snapshot.lock?.kind !== "held") {
      this.#turn = turn;
      // Those behind wait no longer for this one than they would for a lock.
      this.#cancelTurn = clock.timer(options.maxHold, () => this.#endTurn());
      this.#found(snapshot.record);
    } else {
      const locking = locks.lock(turn, waiting);
      // While KV is at work; the lock then proves that it is what was read.
      const early = attempt(() => decoded(snapshot.record));
      const outcome = await locking;
      if (outcome.kind !== "locked") return this.#absent(outcome, token);
      if (outcome.record === snapshot.record) contents = early;
      this.#lease = outcome.lease;
      waitedFrom = outcome.waitedFrom;
      this.#found(outcome.record);
      this.#tellOfLock(outcome);
    }
    this.#setWaited(waitedFrom);
    try {
      return contents ?? this.#contents();
    } catch (error) {
      await this.rollBack(limit);
      throw error;
    }
  }

  /**
   * Reads the session without its lock, and takes the flash values out of it
   * that `takes` tells, for this request alone. Nothing changes here until
   * `accept` is called.
   */
  async look(
    limit: Limit,
    takes: (key: string) => boolean,
  ): Promise<{ id: string | null; contents: Contents; accept: () => void }> {
    const token = this.#identify();
    if (token === null) return { id: null, contents: empty(), accept() {} };
    const { store } = this.#ready ?? await this.#open(limit);
    const reading = store.read(token.id, limit);
    void token.digest; // Takes its time while KV is at work.
    const { record, recordVersion } = await reading;
    const now = this.#config.clock.now();
    if (record === null) {
      this.#tellOfAbsence(this.#hasSeen ? "ended" : "unknown", token);
      const accept = () => this.#missing();
      return { id: null, contents: empty(), accept };
    }
    const standing = records.standing(record, token.digest, now);
    if (standing !== "live") {
      this.#tellOfAbsence(standing, token);
      const accept = () => this.#forget(standing);
      return { id: null, contents: empty(), accept };
    }
    const contents = decoded(record);
    const due = records.isDue(record, now, this.#config);
    let current = record;
    let extended = false;
    const flashed = [...contents.flash];
    if (flashed.some(([key]) => takes(key))) {
      const rest = new Map(flashed.filter(([key]) => !takes(key)));
      const payload = encoded({ ...contents, flash: rest });
      const extend = due ? records.renewed : records.prolonged;
      const taken = { ...extend(record, now, this.#config), payload };
      // Where another request is faster, it is that one's to show.
      const stored = await store.take(
        token.id,
        { record, recordVersion },
        taken,
        limit,
      ).catch(() => null);
      if (stored === null) contents.flash.clear();
      else current = stored;
      extended = due && stored !== null;
    } else if (due) {
      const renewed = records.renewed(record, now, this.#config);
      extended = await store.touch(token.id, recordVersion!, renewed, limit);
      if (extended) current = renewed;
    }
    return {
      id: token.id,
      contents,
      accept: () => {
        this.#found(current);
        if (extended) this.#extendCookie();
      },
    };
  }

  /**
   * Waits until somebody has changed the session since this request saw it,
   * and reads it; the contents are `null` when there is no such session any
   * more. That does not extend its life, and takes no flash values. Nothing
   * changes here until `accept` is called.
   */
  async change(
    scope: Limit,
    interval: number,
  ): Promise<{ contents: Contents | null; accept: () => void }> {
    const token = this.#identify();
    if (token === null) return { contents: null, accept: () => {} };
    const { clock, lock } = this.#config;
    const { store } = this.#ready ?? await this.#open(scope);
    for (;;) {
      let wake = () => {};
      const woken = new Promise<void>((resolve) => wake = resolve);
      const unwatch = store.watchers.watch(token.id, wake);
      let cancel = () => {};
      try {
        const { record } = await scope.race(within(
          new Limit(clock, lock.timeout),
          (limit) => store.read(token.id, limit),
        ));
        if (record === null) {
          return { contents: null, accept: () => this.#missing() };
        }
        const standing = records.standing(record, token.digest, clock.now());
        if (standing !== "live") {
          return { contents: null, accept: () => this.#forget(standing) };
        }
        if (
          this.#stored === null || !records.sameCommit(record, this.#stored)
        ) {
          const contents = { ...decoded(record), flash: new Map() };
          return { contents, accept: () => this.#found(record) };
        }
        // Never in step with others.
        cancel = clock.timer(interval * (0.9 + clock.random() / 5), wake);
        await scope.race(woken);
      } finally {
        cancel();
        unwatch();
      }
    }
  }

  /**
   * Stores the contents and gives the lock up; none at all remove the
   * session. Answers `false` when there was no lock and somebody else has
   * written meanwhile, or when it takes a lock: enter again.
   */
  async save(contents: Contents, limit: Limit): Promise<boolean> {
    const lease = this.#lease;
    const free = this.#stored !== null && lease === null;
    if (isEmpty(contents)) {
      if (free) this.#endTurn();
      else await this.#remove(limit);
      return !free;
    }
    const payload = encoded(contents);
    if (free) return await this.#replace(payload, limit);
    if (lease === null) {
      await this.#create(payload, limit);
      return true;
    }
    if (!lease.settled) await this.#settle(lease, limit);
    const { record, due, changed } = this.#next(payload);
    const { hold, handsOver } = lease;
    const saving = this.#store.save(hold, record, handsOver, limit);
    lease.stop(); // While KV is at work.
    const saved = await saving;
    if (saved === null) throw lockLost("another request took it");
    if (saved.kept) await lease.pass(saved.snapshot, limit);
    this.#done(saved.snapshot.record);
    if (due) this.#extendCookie(changed);
    return true;
  }

  /** Moves the session with these contents to a new id and secret, and keeps the lock. */
  async move(contents: Contents, limit: Limit): Promise<void> {
    this.#mustSendCookie();
    // What is not stored yet has no id that anybody could know. And a login may
    // begin a new session even where another request has just ended the old one.
    this.#fate = "none";
    const lease = this.#lease;
    if (lease === null) return;
    const payload = encoded(contents);
    await this.#settle(lease, limit);
    const stored = this.#stored!;
    const now = this.#mustBeLive(stored);
    const token = createToken(now);
    const { digest } = token;
    const header = { ...stored, digest, ttl: this.ttl ?? stored.ttl };
    const record = { ...records.renewed(header, now, this.#config), payload };
    const sentAt = this.#config.clock.elapsed();
    const next = { id: token.id, record, lease: this.#config.lock.lease };
    const moved = await this.#store.rotate(lease.hold, stored, next, limit);
    if (moved === null) throw lockLost("another request took it");
    lease.continue(moved.hold, sentAt);
    this.#token = token;
    this.#stored = moved.record;
    this.ttl = undefined;
    this.#cookieDue = "set";
  }

  /** Removes the session and gives the lock up. */
  async end(limit: Limit): Promise<void> {
    // It lives on, and whoever is logged in there would stay so.
    if (this.#fate === "moved") throw tooLate("destroy");
    await this.#remove(limit);
  }

  /** Gives the lock up and reads the old contents again. */
  async leave(limit: Limit): Promise<Contents> {
    const lease = this.#lease;
    if (lease === null) {
      this.#endTurn();
      return this.#contents();
    }
    try {
      await this.#settle(lease, limit);
      const now = this.#config.clock.now();
      const stored = this.#stored!;
      const due = records.isLive(stored, now) &&
        records.isDue(stored, now, this.#config);
      const touched = due ? records.renewed(stored, now, this.#config) : null;
      const unchanged = await this.#store.release(lease.hold, touched, limit);
      this.#done(unchanged && touched !== null ? touched : stored);
      if (unchanged && touched !== null) this.#extendCookie();
      if (unchanged) return this.#contents();
    } catch (error) {
      this.#done(this.#stored);
      if (!lease.lost) throw error;
    }
    // Somebody else had the lock meanwhile.
    const { contents, accept } = await this.look(limit, () => false);
    accept();
    return { ...contents, flash: new Map() }; // It is for whoever takes it.
  }

  /** The same after a failure, as far as it goes; never throws. */
  async rollBack(limit: Limit): Promise<Contents> {
    try {
      if (!limit.over) return await this.leave(limit);
    } catch {
      // The lock ends with its lease, and what was seen last is all there is.
    }
    this.#endTurn();
    this.#done(this.#stored);
    return attempt(() => this.#contents()) ?? empty();
  }

  /** Whether the response would extend the cookie: call {@linkcode Visit.confirm} first. */
  get extendsCookie(): boolean {
    return this.#cookieDue === "extend";
  }

  /** Extends no cookie whose session is gone, so that it overwrites no newer one. */
  async confirm(): Promise<void> {
    if (!await this.#isCurrent()) this.#cookieDue = "none";
  }

  /** What the response must tell, now that the request is done. */
  get traces(): Traces {
    const due = this.#cookieDue;
    return {
      used: this.used,
      setCookie: due === "none"
        ? null
        : (headers) => this.#writeCookie(headers, due),
      essential: due === "set",
      cookieName: cookieName(this.#config, this.#secure),
    };
  }

  /** The token of the request's cookie, which is read when first asked for. */
  #identify(): Token | null {
    this.used = true;
    if (this.#token === undefined) {
      this.#secure = isSecure(this.#request, this.#config);
      this.#token = readToken(
        this.#request,
        this.#config,
        this.#secure,
        () => this.#config.tell?.({ type: "malformed" }),
      );
    }
    return this.#token;
  }

  /** What the requests of this process share, once the database is open. */
  get #ready(): Backend | undefined {
    return readyBackend(this.#config);
  }

  #open(limit: Limit): Promise<Backend> {
    return openBackend(this.#config, limit);
  }

  /** The store from which the session was read. */
  get #store(): Store {
    return this.#ready!.store;
  }

  #setWaited(from: number | null): void {
    this.waited = from === null ? 0 : this.#config.clock.elapsed() - from;
  }

  #found(record: StoredRecord): void {
    this.#stored = record;
    if (this.#cookieDue !== "set") this.#isNew = false;
  }

  /** Whether this request has seen its session, now or before. */
  get #hasSeen(): boolean {
    return this.#seen || this.#stored !== null;
  }

  /** The record is gone; what became of it only the lock key can tell, when it is asked. */
  #missing(): void {
    this.#seen = this.#hasSeen;
    this.#stored = null;
    this.#isNew = true;
    if (this.#cookieDue !== "delete") this.#cookieDue = "none";
  }

  /** There is no such session; ids never come back, so it is not asked for again. */
  #forget(kind: Absent["kind"]): void {
    this.#missing();
    this.#token = null;
    if (this.#fate !== "none") return;
    if (kind === "ended" || kind === "moved") this.#fate = kind;
  }

  #tellOfAbsence(kind: Absent["kind"], { id }: Token): void {
    const { tell } = this.#config;
    if (tell === undefined) return;
    if (kind === "wrongSecret" || kind === "expired") tell({ type: kind, id });
    else tell({ type: "unknown", id, ended: kind !== "unknown" });
  }

  #tellOfLock({ lease, takenOver }: Locked): void {
    const { tell } = this.#config;
    if (tell === undefined) return;
    if (takenOver) tell({ type: "takenOver", id: lease.hold.id });
    // A timer that another request has set may be what finds out.
    lease.onLost = AsyncResource.bind((error: LockError) =>
      this.tellLost(lease, error)
    );
  }

  /** Tells of a lock that is somebody else's by now. */
  tellLost(lease: Lease, { message: reason }: LockError): void {
    const { id } = lease.hold;
    this.#config.tell?.({ type: "lost", id, held: lease.held, reason });
  }

  /** The lock is given up; this is what is stored now. */
  #done(record: StoredRecord | null): void {
    this.#lease?.end();
    this.#lease = null;
    this.#stored = record;
    this.ttl = undefined;
  }

  #contents(): Contents {
    return this.#stored === null ? empty() : decoded(this.#stored);
  }

  /** Throws when the session is over, which nothing brings back; answers the time. */
  #mustBeLive(stored: StoredRecord): number {
    const now = this.#config.clock.now();
    if (records.isLive(stored, now)) return now;
    throw lockLost("the session expired meanwhile");
  }

  async #remove(limit: Limit): Promise<void> {
    const lease = this.#lease;
    if (lease === null) return;
    await this.#settle(lease, limit);
    const stored = this.#stored!;
    this.#mustBeLive(stored);
    if (!await this.#store.remove(lease.hold, stored, limit)) {
      throw lockLost("another request took it");
    }
    this.#done(null);
    this.#forget("unknown");
    this.#cookieDue = "delete";
  }

  /** Waits until a renewal that is under way is over, so that a commit may follow. */
  #settle(lease: Lease, limit: Limit): Promise<void> {
    return ask(limit, () => lease.settle(limit));
  }

  /** The record to store next, and whether the cookie is to be extended with it. */
  #next(payload: Uint8Array) {
    const stored = this.#stored!;
    const now = this.#mustBeLive(stored);
    const changed = this.ttl !== undefined && this.ttl !== stored.ttl;
    const header = { ...stored, ttl: this.ttl ?? stored.ttl };
    const due = changed || records.isDue(header, now, this.#config);
    const extend = due ? records.renewed : records.prolonged;
    const record = { ...extend(header, now, this.#config), payload };
    return { record, due, changed };
  }

  /** Stores without a lock; `false` if somebody else has written meanwhile. */
  async #replace(payload: Uint8Array, limit: Limit): Promise<boolean> {
    const turn = this.#turn;
    if (turn === null) throw lockLost("it was held too long");
    const { record, due, changed } = this.#next(payload);
    const replacing = this.#store.replace(turn.snapshot, record, limit);
    // The next one must not write before it is known what became of this commit.
    this.#cancelTurn();
    const saved = await replacing;
    if (saved === null) {
      this.#endTurn();
      return false;
    }
    this.#endTurn(saved.snapshot);
    this.#done(saved.record);
    if (due) this.#extendCookie(changed);
    return true;
  }

  /** Leaves the line, with what is stored now for the next one. */
  #endTurn(snapshot: Snapshot | null = null): void {
    this.#cancelTurn();
    this.#turn?.place.leave(
      snapshot === null ? null : { snapshot, grip: null },
    );
    this.#turn = null;
  }

  #absent({ kind, waitedFrom }: Absent, token: Token): Contents {
    this.#setWaited(waitedFrom);
    this.#tellOfAbsence(kind, token);
    this.#forget(kind);
    return empty();
  }

  async #create(payload: Uint8Array, limit: Limit): Promise<void> {
    if (this.#fate !== "none") throw tooLate("save");
    this.#mustSendCookie();
    const { store } = this.#ready ?? await this.#open(limit);
    for (;;) {
      const now = this.#config.clock.now();
      const token = createToken(now);
      const header = records.newHeader(
        token.digest,
        this.ttl ?? null,
        now,
        this.#config,
      );
      const saved = await store.insert(token.id, { ...header, payload }, limit);
      if (saved === null) continue; // 80 random bits met: take others.
      this.#token = token;
      this.#done(saved);
      this.#cookieDue = "set";
      this.#config.tell?.({ type: "created", id: token.id });
      return;
    }
  }

  #mustSendCookie(): void {
    if (!this.answered) return;
    throw new TypeError(
      "Cannot create or regenerate a session: the response is made, and its cookie cannot " +
        "be sent any more. Do it before the handler returns",
    );
  }

  /** The cookie lives on with the session, unless it ends with the browser. */
  #extendCookie(always = false): void {
    const persistent = (this.#stored!.ttl ?? this.#config.ttl) !== -1;
    if (this.#cookieDue === "none" && (persistent || always)) {
      this.#cookieDue = "extend";
    }
  }

  /** Whether the session still has this id. */
  async #isCurrent(): Promise<boolean> {
    const { clock, lock } = this.#config;
    return await within(new Limit(clock, lock.timeout), async (limit) => {
      const { record } = await this.#store.read(this.#token!.id, limit);
      return record !== null;
    }).catch(() => false);
  }

  #writeCookie(headers: Headers, due: CookieDue): void {
    let cookie: { value: string; maxAge: number | undefined } = {
      value: "",
      maxAge: 0,
    };
    if (due !== "delete") {
      const now = this.#config.clock.now();
      const maxAge = records.cookieMaxAge(this.#stored!, now, this.#config);
      cookie = { value: formatToken(this.#token!), maxAge };
    }
    writeCookie(headers, this.#request, this.#config, this.#secure, cookie);
    this.#cookieDue = "none";
  }
}

/** What the work answers; `null` if it throws. */
function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
  }
}

/** The contents of a session that is not stored. */
function empty(): Contents {
  return { values: new Values(), flash: new Map() };
}

/** Whether there is nothing to store. */
export function isEmpty({ values, flash }: Contents): boolean {
  return values.size === 0 && flash.size === 0;
}

/** The error of a request whose session was ended while it was under way. */
function tooLate(verb: "save" | "destroy"): LockError {
  return new LockError(
    "ERR_LOCK_LOST",
    `Cannot ${verb} the session: another request has just destroyed it or given it a new ` +
      "id, and the cookie of this one would overwrite the new cookie. Answer 409 or 503, so " +
      "that the browser tries again; or regenerate() first to begin a new session",
  );
}
