import { Limit, within } from "./clock.ts";
import { type Config, configOf, integer } from "./config.ts";
import type { Contents } from "./data.ts";
import { LockError, SessionError, type SessionErrorCode } from "./errors.ts";
import type { SessionMethod } from "./events.ts";
import { Flash } from "./flash.ts";
import { type Lease, lockLost } from "./lease.ts";
import { explain } from "./lock.ts";
import type { ChangesOptions, OpenOptions, SessionOptions } from "./options.ts";
import { withTraces } from "./response.ts";
import { Values } from "./values.ts";
import { isEmpty, Visit } from "./visit.ts";

/**
 * What a session may be asked to do: `"unlocked"`: read; `"locked"`: read and
 * change; `"pending"`: nothing, because a method has not resolved yet.
 */
export type SessionState = "unlocked" | "locked" | "pending";

/** `"updating"` is locked for what `update()` calls, and pending for all else. */
type State = SessionState | "updating";

/** The keys of a session: those of its type, or any, where it has none. */
export type SessionKey<Data> = string extends keyof Data ? string | number
  : keyof Data & (string | number);

/** The type of a key's value. */
export type SessionValue<Data, Key> = Key extends keyof Data ? Data[Key]
  : unknown;

/**
 * Where a request keeps its sessions, of which there is almost always one. A
 * `WeakMap` would cost a request that ignores its session a tenth more.
 */
const sessions = Symbol("sessions");

interface Keeper {
  // deno-lint-ignore no-explicit-any -- the type of its data is known only to the handler
  [sessions]?: Session<any>[];
}

/** How often `update()` tries without the lock before it takes it. */
const optimisticTries = 3;

const never = new AbortController().signal;

/** Why an iterator that is left waits no longer. */
const stopped = Symbol("stopped");

/** The values of a session that was not read; never changed. */
const nothing = new Values();

/**
 * The session of one request.
 *
 * Reading takes no lock and never waits: `await session.read()`, then `get()`.
 * To change it, `await session.open()` waits until no other request holds the
 * session, `set()` and `delete()` change it in memory, and
 * `await session.save()` stores it and gives the lock up, in one commit.
 *
 * Each method says in which {@linkcode SessionState} it may be called; in any
 * other it fails with a {@linkcode LockError}: `ERR_NOT_LOCKED`,
 * `ERR_ALREADY_LOCKED` or `ERR_PENDING`. Methods that return a promise reject,
 * they never throw.
 *
 * @typeParam Data The values by key, as in `Session<{ user: string }>`.
 *
 * @example Counting visits
 * ```ts
 * import { Session } from "@aerys/session";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 *
 * async function handler(request: Request): Promise<Response> {
 *   const session = new Session<{ visits: number }>(request, { kv });
 *   await session.open();
 *   session.set("visits", (session.get("visits") ?? 0) + 1);
 *   await session.save();
 *   return session.respond(new Response(`Visit ${session.get("visits")}`));
 * }
 *
 * const first = await handler(new Request("http://localhost/"));
 * const [cookie] = first.headers.getSetCookie()[0]!.split(";");
 * const second = await handler(
 *   new Request("http://localhost/", { headers: { cookie: cookie! } }),
 * );
 * assertEquals(await second.text(), "Visit 2");
 * ```
 */
export class Session<Data extends object = Record<string, unknown>> {
  readonly #request!: Request;
  readonly #config!: Config;
  /** Made when somebody first asks for the session, which many requests never do. */
  #made: Visit | undefined;
  /** Whether the response has been made, so that no cookie can be sent. */
  #answered = false;
  #state: State = "unlocked";
  #values = nothing;
  readonly #flash = new Flash();
  /** Who waits for the method under way; `null` if nobody does. */
  #waiting: (() => void)[] | null = null;
  /** Ends the wait of `open()`, while there is one. */
  #opening: Limit | null = null;
  /** Counts the reads and everything that outdates them. */
  #epoch = 0;
  /** The read that the values come from, or what has outdated it. */
  #latest = 0;

  /**
   * Finds the session of a request, or begins one.
   *
   * Under `withSession` and the other wrappers, `new Session(request)` is that
   * request's session itself: one state, one lock, one set of data. Without a
   * wrapper, pass the options, `{}` for the defaults, and answer with
   * {@linkcode Session.respond}. Options with another cookie name or prefix
   * make another session of the same request.
   *
   * @param request The request whose cookie names the session.
   * @param options How sessions are stored, kept, locked and named.
   * @throws {TypeError} If the request has no session yet and no options are given.
   * @throws {TypeError | RangeError} If an option is invalid; the message names it.
   */
  constructor(request: Request, options?: SessionOptions) {
    const keeper = request as Keeper;
    const all = keeper[sessions];
    const config = options === undefined ? undefined : configOf(options);
    const existing = config === undefined
      ? all?.[0]
      : all?.find((session) => session.#config.kind === config.kind);
    if (existing !== undefined) return existing;
    if (config === undefined) {
      throw new TypeError(
        "Cannot find the session of this request: no wrapper made one. Wrap the handler in " +
          "withSession(), or pass options: new Session(request, {})",
      );
    }
    this.#request = request;
    this.#config = config;
    if (all === undefined) keeper[sessions] = [this];
    else all.push(this);
  }

  /** The state; never throws. */
  get state(): SessionState {
    return this.#state === "updating" ? "locked" : this.#state;
  }

  /**
   * The public id, a ULID, safe to log; `null` until a stored session was read
   * or one was saved. It is not the secret part of the cookie. Never throws.
   */
  get id(): string | null {
    return this.#visit.id;
  }

  /**
   * Whether the request came without a session, as far as is known: `true`
   * until `open()` or `read()` finds one, and still in the request that first
   * saves it. Never throws.
   */
  get isNew(): boolean {
    return this.#visit.isNew;
  }

  /**
   * Aborts when the lock is lost: its lease ran out, or it was held longer than
   * `lock.maxHold`. Take it after `open()`; there is another for each lock.
   * Never throws.
   */
  get signal(): AbortSignal {
    return this.#visit.lease?.signal ?? never;
  }

  /** The number of keys. State: unlocked or locked. */
  get size(): number {
    return this.#readable("size").size;
  }

  /** Whether the key exists; `1` and `"1"` are one key. State: unlocked or locked. */
  has(key: SessionKey<Data>): boolean {
    const values = this.#readable("has()");
    return this.#flash.has(name(key)) || values.has(name(key));
  }

  /**
   * The key's value, or `null` when there is none. It is the value itself, not
   * a copy: what is changed inside it under the lock is saved. State: unlocked
   * or locked; before `open()` or `read()` there are no values.
   *
   * @typeParam Value The value's type, for a session without a type of its own.
   * @throws {SessionError} `ERR_CORRUPT` if somebody else has written the value,
   * and it cannot be read.
   */
  get<Value = never, Key extends SessionKey<Data> = SessionKey<Data>>(
    key: Key,
  ):
    | ([Value] extends [never] ? SessionValue<Data, Key> : NoInfer<Value>)
    | null {
    const values = this.#readable("get()");
    type Found = [Value] extends [never] ? SessionValue<Data, Key> : Value;
    const at = name(key);
    const from = this.#flash.has(at) ? this.#flash : values;
    return from.has(at) ? from.get(at) as Found : null;
  }

  /** The keys, in the order in which they were first set. State: unlocked or locked. */
  keys(): IterableIterator<string> {
    return this.#readable("keys()").keys();
  }

  /**
   * The keys with their values. State: unlocked or locked.
   *
   * @throws {SessionError} `ERR_CORRUPT` as `get()` does.
   */
  entries(): IterableIterator<[string, unknown]> {
    return this.#readable("entries()").entries();
  }

  /**
   * Sets a value: anything made of plain objects, arrays, `Map`, `Set`, `Date`,
   * `RegExp`, `URL`, `ArrayBuffer` and its views, and primitives but symbols.
   * `save()` refuses the rest. State: locked.
   */
  set<Key extends SessionKey<Data>>(
    key: Key,
    value: SessionValue<Data, Key>,
  ): this {
    this.#writable("set()").set(name(key), value);
    this.#flash.delete(name(key));
    return this;
  }

  /**
   * Leaves a value for the next request that opens or reads the session: its
   * `get()` and `has()` find it, and after that request it is gone. `read()`
   * takes it out of the session with a commit of its own, `open()` with the
   * `save()` that follows; of several requests at once, one gets it. A value
   * that was `set()` under the same key is out of sight meanwhile. `keys()`,
   * `entries()` and `size` leave it out. State: locked; stored by `save()`.
   */
  flash<Key extends SessionKey<Data>>(
    key: Key,
    value: SessionValue<Data, Key>,
  ): this {
    this.#writable("flash()");
    this.#flash.leave(name(key), value);
    return this;
  }

  /** Removes a key; `false` when there was none. State: locked. */
  delete(key: SessionKey<Data>): boolean {
    const deleted = this.#writable("delete()").delete(name(key));
    return this.#flash.delete(name(key)) || deleted;
  }

  /**
   * Removes every key, and what `flash()` has left; `save()` then removes the
   * session. State: locked.
   */
  clear(): void {
    this.#writable("clear()").clear();
    this.#flash.clear();
  }

  /**
   * Overrides the configured time to live for this session, from the next
   * `save()` or `regenerate()` on. State: unlocked or locked.
   *
   * @param seconds An integer from 0, counted from the last use; or `-1`, the
   * default: until the browser closes, kept at most `maxLife` on the server.
   * @throws {RangeError} If it is anything else.
   */
  setTTL(seconds = -1): void {
    this.#readable("setTTL()");
    this.#visit.ttl = integer("ttl", seconds, -1);
  }

  /**
   * Locks the session and reads it; waits while another request holds it.
   * First come is first served within a process. A request without a valid
   * session gets an empty one and waits for nothing. State: unlocked; pending
   * meanwhile, when only `unlock()` may be called, which cancels the wait.
   *
   * @throws {LockError} `ERR_LOCK_TIMEOUT`, `ERR_LOCK_CANCELLED` or `ERR_QUEUE_FULL`.
   * @throws {SessionError} `ERR_STORE` or `ERR_CORRUPT`. The old data stays.
   */
  open(options: OpenOptions = {}): Promise<this> {
    return answeredFor(this.#open(options));
  }

  async #open(options: OpenOptions): Promise<this> {
    this.#expect("unlocked", "open()");
    await this.#enter("locked", options);
    return this;
  }

  /**
   * Reads the session without a lock, and never waits for one. Until it
   * resolves, `has()` and `get()` answer from the old data. State: unlocked.
   *
   * @throws {SessionError} `ERR_STORE` or `ERR_CORRUPT`. The old data stays.
   */
  async read(): Promise<this> {
    this.#expect("unlocked", "read()");
    const epoch = ++this.#epoch;
    const limit = this.#limit();
    let id: string | null;
    try {
      const { contents, accept, ...found } = await this.#visit.look(
        limit,
        (key) => this.#flash.isForThis(key),
      );
      id = found.id;
      this.#flash.take(contents.flash);
      // A later read or an open() knows better.
      if (this.#isLatest(epoch)) {
        accept();
        this.#hold(contents);
      }
    } catch (error) {
      throw this.#failed("read", error, limit);
    } finally {
      limit.end();
    }
    this.#config.tell?.({ type: "read", id, took: limit.spent });
    return this;
  }

  /**
   * The session again and again, each time that another request, in this
   * process or any other, has committed a change since this one read it. Each
   * time it is read anew, so that `get()` answers from what is stored; changes
   * in quick succession may be told as one. It ends when the session is
   * destroyed, expires or gets a new id: the browser was logged out elsewhere.
   *
   * No lock is held, nobody waits, and the session's life is not extended: it
   * fits responses that stream for hours. Hand the iterator itself to
   * `ReadableStream.from()`, so that it ends when the reader leaves: a generator
   * around it would learn of that at the next change only. While this request
   * has the session locked, the iterator waits. State: unlocked.
   *
   * @param options How often to look for what other processes commit.
   * @returns An iterator that yields this session. It rejects with
   * `ERR_STORE` or `ERR_CORRUPT` if it cannot be read.
   * @throws {RangeError} If the interval is not an integer from 1.
   *
   * @example Telling a page what changes
   * ```ts
   * import { withSession } from "@aerys/session";
   *
   * using kv = await Deno.openKv(":memory:");
   *
   * const handler = withSession<{ visits: number }>(async (_request, session) => {
   *   await session.read();
   *   const events = new TransformStream<typeof session, string>({
   *     transform: (session, stream) =>
   *       stream.enqueue(`data: ${session.get("visits")}\n\n`),
   *     flush: (stream) =>
   *       stream.enqueue("event: end\ndata: you were logged out elsewhere\n\n"),
   *   });
   *   const body = ReadableStream.from(session.changes())
   *     .pipeThrough(events)
   *     .pipeThrough(new TextEncoderStream());
   *   return new Response(body, {
   *     headers: { "content-type": "text/event-stream" },
   *   });
   * }, { kv });
   *
   * const response = await handler(new Request("http://localhost/"));
   * if (!(await response.text()).includes("logged out")) throw new Error("no end");
   * ```
   */
  changes(
    { interval = 1000, signal }: ChangesOptions = {},
  ): AsyncIterableIterator<this> {
    integer("interval", interval, 1);
    this.#visit.used = true; // Even if a stream first asks after the response is made.
    const scope = new Limit(this.#config.clock, Infinity, signal);
    const steps = this.#changes(scope, interval);
    return {
      next: () => steps.next(),
      return: () => {
        scope.abort(stopped);
        scope.end();
        return steps.return(undefined);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  async *#changes(
    scope: Limit,
    interval: number,
  ): AsyncGenerator<this, undefined> {
    try {
      this.#expect("unlocked", "changes()");
      for (;;) {
        while (this.#state !== "unlocked") {
          // This request changes it itself, and is to see no other's values.
          await (this.#state === "pending"
            ? scope.race(this.#idle())
            : scope.sleep(interval));
        }
        const epoch = ++this.#epoch;
        const change = await this.#visit.change(scope, interval);
        if (!this.#isLatest(epoch)) continue;
        change.accept();
        const { contents } = change;
        this.#hold(contents ?? { values: new Values(), flash: new Map() });
        if (contents === null) return;
        yield this;
      }
    } catch (error) {
      if (scope.reason !== stopped) throw error;
    } finally {
      scope.end();
    }
  }

  /**
   * Stores the data and unlocks. Without any data it removes the session. When
   * it fails, the old data is read again and the lock is given up all the
   * same. State: locked; pending meanwhile.
   *
   * @throws {LockError} `ERR_LOCK_LOST` if another request took the lock or
   * ended the session, so that nothing was written.
   * @throws {SessionError} `ERR_STORE`, `ERR_TOO_LARGE`, or
   * `ERR_NOT_STORABLE` naming the key; `ERR_CORRUPT` as `get()` does, where a
   * value that nobody asked for has to be written in another way.
   */
  async save(): Promise<void> {
    this.#expect("locked", "save()");
    await this.#commit("save", (limit) => this.#save(limit));
  }

  /**
   * Discards what was set, unlocks, and reads the old data again; or cancels
   * an `open()` that waits. State: locked, or pending in `open()`.
   *
   * @throws {SessionError} `ERR_STORE`; the lock then ends with its lease.
   */
  async unlock(): Promise<void> {
    if (this.#opening !== null) {
      this.#opening.abort(
        new DOMException("unlock() was called", "AbortError"),
      );
      await this.#idle();
      return;
    }
    this.#expect("locked", "unlock()");
    await this.#commit("unlock", async (limit) => {
      const { lease } = this.#visit;
      this.#hold(await this.#visit.leave(limit));
      this.#tellUnlocked(lease);
      return "unlocked";
    });
  }

  /**
   * Gives the session a new id and secret with the current data and removes
   * the old ones, in one commit; the lock is then held on the new id. Call it
   * at every change of privilege, such as a login (ASVS 7.2.4). The old cookie
   * never leads to the new session. A session that is not stored yet gets its
   * id at `save()`. When it fails, all is as after a failed `save()`.
   * State: locked; pending meanwhile.
   *
   * @throws {LockError} `ERR_LOCK_LOST`.
   * @throws {SessionError} `ERR_STORE`, `ERR_TOO_LARGE`, `ERR_NOT_STORABLE` or
   * `ERR_CORRUPT`, as `save()`.
   */
  async regenerate(): Promise<void> {
    this.#expect("locked", "regenerate()");
    await this.#commit("regenerate", async (limit) => {
      const previousId = this.id;
      await this.#visit.move(this.#toStore, limit);
      this.#flash.stored();
      if (previousId !== null) {
        const took = limit.spent;
        this.#config.tell?.(
          { type: "regenerated", id: this.id!, previousId, took },
        );
      }
      return "locked";
    });
  }

  /**
   * Removes the session for good, as at a logout, and unlocks. When it fails,
   * all is as after a failed `save()`. State: locked; pending meanwhile.
   *
   * @throws {LockError} `ERR_LOCK_LOST`: the session may still be there, under
   * another id if another request has just regenerated it.
   * @throws {SessionError} `ERR_STORE`.
   */
  async destroy(): Promise<void> {
    this.#expect("locked", "destroy()");
    await this.#commit("destroy", async (limit) => {
      const { id } = this;
      const { lease } = this.#visit;
      await this.#visit.end(limit);
      this.#values = new Values();
      this.#flash.end();
      this.#tellDestroyed(id, lease, limit);
      return "unlocked";
    });
  }

  /**
   * Runs `fn` with the session locked, and saves. When `fn` throws, nothing is
   * saved and the error goes on. `fn` may run more than once, so it must have
   * no effect outside the session. State: unlocked.
   *
   * @returns What `fn` returns.
   * @throws What `fn`, `open()` and `save()` throw.
   */
  update<Result>(
    fn: (session: this) => Result | Promise<Result>,
  ): Promise<Result> {
    return answeredFor(this.#update(fn));
  }

  async #update<Result>(
    fn: (session: this) => Result | Promise<Result>,
  ): Promise<Result> {
    this.#expect("unlocked", "update()");
    for (let tries = optimisticTries;; tries--) {
      await this.#enter("updating", {}, tries > 0);
      let result: Result;
      try {
        result = await fn(this);
      } catch (error) {
        await this.#giveUp();
        throw error;
      }
      this.#mustBeUpdating();
      const after = await this.#commit("update", (limit) => this.#save(limit));
      if (after === "unlocked") return result;
      if (isEmpty(this.#toStore)) tries = 1; // Removing takes the lock.
      else this.#config.tell?.({ type: "conflicted", id: this.id! });
      this.#mustBeUpdating();
    }
  }

  #mustBeUpdating(): void {
    if (this.#state === "updating") return;
    throw lockLost("the request ended before its update()");
  }

  /**
   * Ends the request: puts the session's cookie and cache headers on the
   * response. Wrappers call it; without one, return what it resolves to. What
   * changes the session and is still under way is waited for, an `open()` is
   * cancelled.
   *
   * @returns The response, with the headers; a copy of it where it gets a
   * cookie or its headers cannot be changed.
   * @throws {LockError} `ERR_STILL_LOCKED` if neither `save()` nor `unlock()`
   * followed `open()`; the lock is released, and what was set is lost.
   */
  async respond(response: Response): Promise<Response> {
    this.#answered = true;
    if (this.#made === undefined) return response;
    this.#visit.answered = true;
    if (this.#state !== "unlocked") await this.#mustBeUnlocked();
    if (this.#visit.extendsCookie) await this.#visit.confirm();
    return withTraces(response, this.#visit.traces);
  }

  /** Waits for what is under way, and gives up a lock that the handler has left. */
  async #mustBeUnlocked(): Promise<void> {
    const opening = this.#opening !== null;
    if (!opening) await this.#idle();
    const forgotten = opening || this.#state === "locked" ||
      this.#state === "updating";
    await this[Symbol.asyncDispose]();
    if (!forgotten) return;
    throw new LockError(
      "ERR_STILL_LOCKED",
      "Cannot answer the request: its session is still locked, and what was set would be " +
        "lost. Await save() or unlock() before the handler returns",
    );
  }

  /** Unlocks if still locked, discarding what was set; never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#opening !== null) await this.unlock();
    await this.#idle();
    await this.#giveUp();
  }

  /** Unlocks if locked, as far as it goes: else the lock ends with its lease. */
  async #giveUp(): Promise<void> {
    if (this.#state !== "locked" && this.#state !== "updating") return;
    this.#begin();
    try {
      const { lease } = this.#visit;
      await this.#rollBack();
      this.#tellUnlocked(lease);
    } finally {
      this.#end();
    }
  }

  /** Reads the old data again, and gives the lock up; never throws. */
  async #rollBack(limit: Limit = this.#limit()): Promise<void> {
    this.#hold(await within(limit, (limit) => this.#visit.rollBack(limit)));
  }

  /** Takes over what was read. */
  #hold({ values, flash }: Contents): void {
    this.#values = values;
    this.#flash.hold(flash);
  }

  /** Whether nothing has outdated a read meanwhile, which then outdates those before it. */
  #isLatest(epoch: number): boolean {
    if (epoch < this.#latest) return false;
    this.#latest = epoch;
    return true;
  }

  get #toStore(): Contents {
    return { values: this.#values, flash: this.#flash.leaving };
  }

  /** Waits for the session, and reads it. */
  async #enter(
    next: "locked" | "updating",
    { timeout = this.#config.lock.timeout, signal }: OpenOptions,
    optimistic = false,
  ): Promise<void> {
    integer("timeout", timeout, 1);
    const limit = new Limit(this.#config.clock, timeout, signal);
    this.#opening = limit;
    this.#begin();
    try {
      limit.check();
      const contents = await this.#visit.enter(limit, optimistic);
      if (limit.aborted) {
        // Too late to be cancelled on the way: give it back.
        await this.#rollBack();
        throw limit.reason;
      }
      this.#hold(contents);
      this.#state = next;
    } catch (error) {
      const method = next === "locked" ? "open" : "update";
      throw this.#failed(method, explain(error, limit), limit);
    } finally {
      limit.end();
      this.#opening = null;
      this.#end();
    }
    this.#config.tell?.({
      type: "opened",
      id: this.id,
      took: limit.spent,
      waited: this.#visit.waited,
      locked: this.#visit.lease !== null,
    });
  }

  /** Stores the values; the state goes on where somebody else has written meanwhile. */
  async #save(limit: Limit): Promise<State> {
    const { id } = this;
    const { lease } = this.#visit;
    if (!await this.#visit.save(this.#toStore, limit)) return "updating";
    this.#flash.stored();
    if (this.id === null) this.#tellDestroyed(id, lease, limit);
    else {
      this.#config.tell?.({
        type: "saved",
        id: this.id,
        took: limit.spent,
        held: lease?.held ?? null,
        bytes: this.#visit.size,
      });
    }
    return "unlocked";
  }

  #tellDestroyed(id: string | null, lease: Lease | null, limit: Limit): void {
    if (id === null || lease === null) return; // There was none.
    const took = limit.spent;
    this.#config.tell?.({ type: "destroyed", id, took, held: lease.held });
  }

  #tellUnlocked(lease: Lease | null): void {
    if (lease === null || lease.lost) return;
    const { id } = lease.hold;
    this.#config.tell?.({ type: "unlocked", id, held: lease.held });
  }

  /** Tells how a lock ended with a commit that failed. */
  #tellEnd(lease: Lease | null, error: unknown): void {
    if (!(error instanceof LockError)) return this.#tellUnlocked(lease);
    // A lease that lost its lock by itself has told so.
    if (lease !== null && !lease.lost) this.#visit.tellLost(lease, error);
  }

  /** Tells of an error, and answers it. */
  #failed(method: SessionMethod, error: unknown, limit: Limit): unknown {
    const { tell } = this.#config;
    if (tell !== undefined && error instanceof SessionError) {
      const id = this.#visit.claimedId;
      tell({ type: "failed", id, method, code: error.code, took: limit.spent });
    }
    return error;
  }

  /**
   * Runs a commit, which answers the state that follows; when it fails, reads
   * the old data again and gives the lock up.
   */
  async #commit(
    method: SessionMethod,
    work: (limit: Limit) => Promise<State>,
  ): Promise<State> {
    this.#begin();
    const { lease } = this.#visit;
    const limit = this.#limit();
    try {
      return this.#state = await work(limit);
    } catch (error) {
      this.#failed(method, error, limit);
      await this.#rollBack(limit);
      this.#tellEnd(lease, error);
      throw error;
    } finally {
      limit.end();
      this.#end();
    }
  }

  /** A method is under way from now on. */
  #begin(): void {
    this.#state = "pending";
    this.#latest = ++this.#epoch;
  }

  /** The method is done; the session is unlocked, unless it has set a state itself. */
  #end(): void {
    if (this.#state === "pending") this.#state = "unlocked";
    this.#waiting?.forEach((resolve) => resolve());
    this.#waiting = null;
  }

  /** Waits for the method under way, if there is one. */
  async #idle(): Promise<void> {
    if (this.#state !== "pending") return;
    const waiting = this.#waiting ??= [];
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  get #visit(): Visit {
    if (this.#made === undefined) {
      this.#made = new Visit(this.#request, this.#config);
      this.#made.answered = this.#answered;
    }
    return this.#made;
  }

  #limit(): Limit {
    return new Limit(this.#config.clock, this.#config.lock.timeout);
  }

  #readable(method: string): Values {
    if (this.#state === "pending") throw wrongState("ERR_PENDING", method);
    return this.#values;
  }

  #writable(method: string): Values {
    if (this.#state !== "updating") this.#expect("locked", method);
    return this.#values;
  }

  #expect(state: SessionState, method: string): void {
    if (this.#state === state) return;
    if (this.#state === "pending" || this.#state === "updating") {
      throw wrongState("ERR_PENDING", method);
    }
    throw wrongState(
      state === "locked" ? "ERR_NOT_LOCKED" : "ERR_ALREADY_LOCKED",
      method,
    );
  }
}

const reasons: Partial<Record<SessionErrorCode, string>> = {
  ERR_NOT_LOCKED: "the session is not locked. Await open() first",
  ERR_ALREADY_LOCKED:
    "the session is locked already. Await save() or unlock() first",
  ERR_PENDING: "another method of the session is under way. Await it first",
};

function wrongState(code: SessionErrorCode, method: string): LockError {
  return new LockError(code, `Cannot call ${method}: ${reasons[code]}`);
}

/** Lets respond() fail, instead of the process, when nobody awaits the promise. */
function answeredFor<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

function name(key: string | number): string {
  if (typeof key === "string" || typeof key === "number") return String(key);
  throw new TypeError(
    `Invalid session key: expected a string or a number, received ${typeof key}`,
  );
}
