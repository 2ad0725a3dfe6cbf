import type { SessionListener } from "./events.ts";
import type { KvStore } from "./kv.ts";

/** How sessions are stored, kept, locked and named. Every member has a default. */
export interface SessionOptions {
  /**
   * The Deno KV database, or a promise of one. Anything with the same `get`,
   * `getMany` and `atomic` will do, such as `@deno/kv` on Node.
   *
   * @default {Deno.openKv()} opened at the first use, shared by all sessions
   */
  kv?: KvStore | Promise<KvStore>;
  /**
   * The first parts of every key: `[...prefix, "data", id]` and
   * `[...prefix, "lock", id]`. Sessions of two applications on one database
   * need two prefixes.
   *
   * @default {["session"]}
   */
  prefix?: readonly string[];
  /**
   * The time to live in seconds, counted from the last use: an integer from 0,
   * or `-1` for a cookie that ends with the browser and a session that is kept
   * for `maxLife` on the server. `setTTL()` overrides it for one session.
   *
   * @default {-1}
   */
  ttl?: number;
  /**
   * How long a session with `ttl: -1` is kept on the server after its last
   * use, in seconds; an integer from 1 (idle timeout, ASVS 7.3.1).
   *
   * @default {3600}
   */
  maxLife?: number;
  /**
   * How long a session may live in all, in seconds; an integer from 1. Nothing
   * extends it, not even `regenerate()` (absolute timeout, ASVS 7.3.2).
   *
   * @default {2592000} 30 days
   */
  absoluteTtl?: number;
  /** The cookie's name and attributes. */
  cookie?: CookieOptions;
  /** How long to wait for the lock, and how long it may be held. */
  lock?: LockOptions;
  /**
   * Is told what happens to sessions, at once and in the request that it
   * happens in. What it throws is logged; what it returns is not awaited.
   *
   * @default {undefined} nobody is told
   */
  onEvent?: SessionListener;
}

/**
 * The cookie's name and attributes. It is always `HttpOnly`. What a browser
 * would refuse throws a `TypeError` when the options are first used.
 */
export interface CookieOptions {
  /**
   * The cookie's name. On plain http to a loopback host a `__Host-` or
   * `__Secure-` prefix is left out, because browsers require `Secure` with it.
   *
   * @default {"__Host-session"} or `"__Secure-session"` where `domain` or
   * `path` rule `__Host-` out, or `"session"` with `secure: false`
   */
  name?: string;
  /**
   * The path that the cookie is sent to; begins with `/`.
   *
   * @default {"/"}
   */
  path?: string;
  /**
   * The domain whose subdomains get the cookie, too.
   *
   * @default {undefined} only the host that set it
   */
  domain?: string;
  /**
   * Which requests from other sites carry the cookie.
   *
   * @default {"Lax"}
   */
  sameSite?: "Strict" | "Lax" | "None";
  /**
   * Whether the cookie is sent over https only. When it is not given, every
   * cookie is `Secure` except on plain http to `localhost`, `*.localhost`,
   * `127.0.0.0/8` and `[::1]`, so it needs no setting behind a TLS proxy.
   *
   * @default {undefined}
   */
  secure?: boolean;
  /**
   * Whether the cookie is kept apart for each top-level site that embeds this
   * one (CHIPS).
   *
   * @default {false}
   */
  partitioned?: boolean;
}

/** How long to wait for the lock, and how long it may be held. Times are in ms. */
export interface LockOptions {
  /**
   * The longest that any operation takes before it ends in an error, in ms:
   * the wait of `open()` for other requests, and that of every other method
   * for Deno KV. An integer from 1.
   *
   * @default {10000}
   */
  timeout?: number;
  /**
   * How long a lock outlives its holder's last sign of life, in ms; an integer
   * from 100. A holder renews it every third of it.
   *
   * @default {5000}
   */
  lease?: number;
  /**
   * The longest that a lock is renewed, in ms; an integer from `lease`. After
   * that it is given up, `session.signal` aborts, and `save()` is refused.
   *
   * @default {60000}
   */
  maxHold?: number;
  /**
   * The most requests of one process that wait for one session; an integer
   * from 1. The next one gets `ERR_QUEUE_FULL`.
   *
   * @default {100}
   */
  maxWaiting?: number;
}

/** How `changes()` looks for changes. */
export interface ChangesOptions {
  /**
   * How long after one look the next one follows, in ms, for what other
   * processes commit; an integer from 1. Each look reads the session once.
   * What this process commits is seen at once.
   *
   * @default {1000}
   */
  interval?: number;
  /** Ends the iteration: what waits for the next change rejects with its reason. */
  signal?: AbortSignal;
}

/** How `open()` waits. */
export interface OpenOptions {
  /**
   * The longest wait for the lock, in ms; an integer from 1.
   *
   * @default {LockOptions.timeout}
   */
  timeout?: number;
  /** Ends the wait with `ERR_LOCK_CANCELLED`, whose `cause` is its reason. */
  signal?: AbortSignal;
}
