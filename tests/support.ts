import { type Clock, systemClock } from "../src/clock.ts";
import { configOf } from "../src/config.ts";
import type { KvAtomic, KvEntry, KvKey, KvStore } from "../src/kv.ts";
import {
  Session,
  SessionError,
  type SessionErrorCode,
  type SessionOptions,
  withSession,
} from "@aerys/session";
import { assertEquals, assertInstanceOf } from "@std/assert";

/** What a call to the database is about to do. */
export interface Call {
  readonly op: "get" | "getMany" | "commit";
  /** The keys read, checked or written, as `"data"` or `"lock"`, in order. */
  readonly keys: readonly string[];
  /** The kinds of keys that a commit sets. */
  readonly sets: readonly string[];
}

/**
 * A real database that counts its calls. `intercept` stands between the caller
 * and the database: it may fail, wait, or answer otherwise than it should.
 */
export class TestKv implements KvStore {
  readonly kv: Deno.Kv;
  readonly calls: Call[] = [];
  /** How many calls have no answer yet. */
  unanswered = 0;
  intercept: (call: Call, run: () => Promise<unknown>) => Promise<unknown> = (
    _call,
    run,
  ) => run();

  constructor(kv: Deno.Kv) {
    this.kv = kv;
  }

  /** How many calls there were since the last reset. */
  get counts(): { reads: number; commits: number } {
    const commits = this.calls.filter(({ op }) => op === "commit").length;
    return { reads: this.calls.length - commits, commits };
  }

  reset(): void {
    this.calls.length = 0;
    this.intercept = (_call, run) => run();
  }

  get(key: KvKey): Promise<KvEntry> {
    return this.#call(
      { op: "get", keys: [kind(key)], sets: [] },
      () => this.kv.get(key),
    );
  }

  getMany(keys: readonly KvKey[]): Promise<KvEntry[]> {
    return this.#call(
      { op: "getMany", keys: keys.map(kind), sets: [] },
      () => this.kv.getMany([...keys]),
    );
  }

  atomic(): KvAtomic {
    const atomic = this.kv.atomic();
    const keys: string[] = [];
    const sets: string[] = [];
    const wrapped: KvAtomic = {
      check: (check) => {
        keys.push(kind(check.key));
        atomic.check(check);
        return wrapped;
      },
      set: (key, value, options) => {
        keys.push(kind(key));
        sets.push(kind(key));
        atomic.set(key, value, options);
        return wrapped;
      },
      delete: (key) => {
        keys.push(kind(key));
        atomic.delete(key);
        return wrapped;
      },
      commit: () =>
        this.#call({ op: "commit", keys, sets }, () => atomic.commit()),
    };
    return wrapped;
  }

  #call<T>(call: Call, run: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    const answer = this.intercept(call, run) as Promise<T>;
    this.unanswered++;
    const answered = () => void this.unanswered--;
    answer.then(answered, answered);
    return answer;
  }

  [Symbol.dispose](): void {
    this.kv.close();
  }
}

function kind(key: KvKey): string {
  return String(key.at(-2));
}

/** A database in memory that counts its calls. */
export async function testKv(): Promise<TestKv> {
  return new TestKv(await Deno.openKv(":memory:"));
}

/** A clock that stands still until the test moves it. Jitter is 0. */
export class ManualClock implements Clock {
  #now = 1_750_000_000_000;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  random(): number {
    return 0;
  }

  timer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers are set. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Moves on, firing what is due, in order. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= until)
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      this.#now = Math.max(this.#now, due.at);
      due.callback();
    }
    this.#now = until;
  }
}

/** The clock of the machine, which tells how many timers are set: a request that waits has one. */
export class CountingClock implements Clock {
  /** How many timers are set. */
  waiting = 0;

  now(): number {
    return systemClock.now();
  }

  elapsed(): number {
    return systemClock.elapsed();
  }

  random(): number {
    return systemClock.random();
  }

  timer(ms: number, callback: () => void): () => void {
    let set = true;
    const unset = () => {
      if (set) this.waiting--;
      set = false;
    };
    this.waiting++;
    const cancel = systemClock.timer(ms, () => {
      unset();
      callback();
    });
    return () => {
      unset();
      cancel();
    };
  }
}

/** Options with a clock of the test's own. */
export function withClock(
  options: SessionOptions,
  clock: Clock = systemClock,
): SessionOptions {
  configOf(options, clock);
  return options;
}

/** A promise and the function that resolves it. */
export function gate<T = void>(): {
  promise: Promise<T>;
  open: (value: T) => void;
} {
  let open!: (value: T) => void;
  const promise = new Promise<T>((resolve) => open = resolve);
  return { promise, open };
}

/** Lets everything go on that waits for nothing from outside. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Lets everything go on that only waits for KV, until the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  const started = performance.now();
  while (!condition()) {
    if (performance.now() - started > 10_000) {
      throw new Error("the condition never held");
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

type Handle<Data extends object> = (
  session: Session<Data>,
  request: Request,
) => unknown;

/**
 * A browser with a cookie jar. `visit` makes a request whose handler is the
 * given function; what it returns becomes the result.
 */
// deno-lint-ignore no-explicit-any -- tests store whatever they like
export class Browser<Data extends object = any> {
  readonly options: SessionOptions;
  readonly url: string;
  readonly cookies = new Map<string, string>();

  constructor(options: SessionOptions, url = "http://localhost/") {
    this.options = options;
    this.url = url;
  }

  /** The `Cookie` header that the next request sends. */
  get cookie(): string {
    return [...this.cookies].map((pair) => pair.join("=")).join("; ");
  }

  /** The id and secret of the session, as the jar holds them. */
  get token(): string | undefined {
    return [...this.cookies.values()][0];
  }

  /** Another browser with the same cookies now; other options make another process. */
  clone(options: SessionOptions = this.options): Browser<Data> {
    const clone = new Browser<Data>(options, this.url);
    for (const [name, value] of this.cookies) clone.cookies.set(name, value);
    return clone;
  }

  /** Makes a request, and keeps the cookies of the response. */
  async visit<T>(
    handle: (session: Session<Data>, request: Request) => T | Promise<T>,
  ): Promise<T> {
    return (await this.exchange(handle)).result;
  }

  /** The same, with the response. */
  async exchange<T>(
    handle: (session: Session<Data>, request: Request) => T | Promise<T>,
    response: () => Response = () => new Response("ok"),
  ): Promise<{ result: T; response: Response }> {
    const headers = new Headers();
    if (this.cookies.size > 0) headers.set("cookie", this.cookie);
    let result!: T;
    const handler = withSession<Data>(async (request, session) => {
      result = await handle(session, request);
      return response();
    }, this.options);
    const answer = await handler(new Request(this.url, { headers }));
    for (const header of answer.headers.getSetCookie()) this.#keep(header);
    return { result, response: answer };
  }

  #keep(header: string): void {
    const [pair = "", ...attributes] = header.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    if (attributes.includes("Max-Age=0")) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** Increments `count` under the lock. */
export const increment: Handle<{ count: number }> = async (session) => {
  await session.open();
  session.set("count", (session.get("count") ?? 0) + 1);
  await session.save();
  return session.get("count");
};

/** Reads `count` without the lock. */
export const count: Handle<{ count: number }> = async (session) => {
  await session.read();
  return session.get("count");
};

/** A browser whose session holds these values. */
export async function browserWith(
  options: SessionOptions,
  values: Record<string, unknown>,
  url?: string,
): Promise<Browser> {
  const browser = new Browser(options, url);
  await browser.visit(async (session) => {
    await session.open();
    for (const [key, value] of Object.entries(values)) session.set(key, value);
    await session.save();
  });
  return browser;
}

/** A request with the cookies that the browser has now. */
export function requestOf(browser: Browser, init?: RequestInit): Request {
  const headers = new Headers(init?.headers);
  if (browser.cookies.size > 0) headers.set("cookie", browser.cookie);
  return new Request(browser.url, { ...init, headers });
}

/** The session of a new request of the browser, without a wrapper. */
export function sessionOf(browser: Browser): Session {
  return new Session(requestOf(browser), browser.options);
}

/** Asserts that nobody holds the browser's session, and that it holds these values, if given. */
export async function assertFree(
  kv: TestKv,
  browser: Browser,
  values?: [string, unknown][],
): Promise<void> {
  kv.reset();
  await using session = await sessionOf(browser).open();
  assertEquals(kv.counts, { reads: 1, commits: 1 });
  if (values !== undefined) assertEquals([...session.entries()], values);
}

/** Asserts that the call throws or rejects with this code, and resolves to the error. */
export async function assertCode(
  call: () => unknown,
  code: SessionErrorCode,
): Promise<SessionError> {
  let thrown: unknown;
  try {
    await call();
  } catch (error) {
    thrown = error;
  }
  assertInstanceOf(thrown, SessionError, `expected ${code}, got ${thrown}`);
  assertEquals(thrown.code, code);
  return thrown;
}
