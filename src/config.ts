import { type Clock, systemClock } from "./clock.ts";
import { type KvKey, type KvStore, openDefaultKv } from "./kv.ts";
import { guarded, type SessionListener } from "./events.ts";
import type { CookieOptions, LockOptions, SessionOptions } from "./options.ts";

/** How the cookie is named and written, once on `Secure` ground and once not. */
export interface CookieConfig {
  /** The name where the cookie is `Secure`. */
  readonly secureName: string;
  /** The name where it is not. */
  readonly plainName: string;
  readonly path: string;
  readonly domain: string | undefined;
  readonly sameSite: "Strict" | "Lax" | "None";
  readonly secure: boolean | undefined;
  readonly partitioned: boolean;
}

/** Options with every default filled in, validated. Made once, used by every request. */
export class Config {
  readonly kv: () => Promise<KvStore>;
  readonly prefix: KvKey;
  readonly ttl: number;
  readonly maxLife: number;
  readonly absoluteTtl: number;
  readonly cookie: CookieConfig;
  readonly lock: Readonly<Required<LockOptions>>;
  readonly clock: Clock;
  /** Tells the listener, where there is one. */
  readonly tell: SessionListener | undefined;
  /** Tells two kinds of sessions of one request apart. */
  readonly kind: string;
  /** Whether the warning about plain http was given. */
  warned = false;

  constructor(options: SessionOptions, clock: Clock = systemClock) {
    const { kv, prefix = ["session"], ttl = -1, maxLife = 3600 } = options;
    const { absoluteTtl = 30 * 24 * 3600, cookie = {}, lock = {} } = options;
    const given = Promise.resolve(validKv(kv));
    given.catch(() => {}); // It is told to whoever uses the session first.
    this.kv = kv === undefined
      ? openDefaultKv
      : () => given as Promise<KvStore>;
    this.prefix = validPrefix(prefix);
    this.ttl = integer("ttl", ttl, -1);
    this.maxLife = integer("maxLife", maxLife, 1);
    this.absoluteTtl = integer("absoluteTtl", absoluteTtl, 1);
    this.cookie = cookieConfig(cookie);
    this.lock = lockConfig(lock);
    this.clock = clock;
    this.tell = listener(options.onEvent);
    this.kind = JSON.stringify([this.cookie.secureName, prefix]);
  }
}

const configs = new WeakMap<SessionOptions, Config>();

/** The configuration that the options stand for: the same object has the same one. */
export function configOf(options: SessionOptions, clock?: Clock): Config {
  let config = configs.get(options);
  if (config === undefined) {
    config = new Config(options, clock);
    configs.set(options, config);
  }
  return config;
}

/** Throws unless `value` is an integer from `min`. */
export function integer(name: string, value: number, min: number): number {
  // 2^31 - 1 ms is the longest that a timer of any runtime waits; as seconds it is 68 years.
  if (Number.isInteger(value) && value >= min && value < 2 ** 31) return value;
  throw new RangeError(
    `Invalid session option ${name}: expected an integer from ${min} to ${
      2 ** 31 - 1
    }, ` +
      `received ${String(value)}`,
  );
}

/** Throws unless it is a promise, a database, or left out. */
function validKv(kv: SessionOptions["kv"]): SessionOptions["kv"] {
  const given = (kv ?? {}) as unknown as Record<string, unknown>;
  const can = (method: string) => typeof given[method] === "function";
  const isStore = ["get", "getMany", "atomic"].every(can);
  if (kv === undefined || isStore || can("then")) return kv;
  throw new TypeError(
    "Invalid session option kv: expected a Deno KV database, or a promise of one",
  );
}

function listener(onEvent: SessionListener | undefined) {
  if (onEvent === undefined) return undefined;
  if (typeof onEvent === "function") return guarded(onEvent);
  throw new TypeError(
    "Invalid session option onEvent: expected a function",
  );
}

function validPrefix(prefix: readonly string[]): KvKey {
  if (
    Array.isArray(prefix) && prefix.length > 0 &&
    prefix.every((part) =>
      typeof part === "string" && part !== "" && part.isWellFormed()
    ) && new TextEncoder().encode(prefix.join("")).length <= 1024
  ) return [...prefix];
  throw new TypeError(
    "Invalid session option prefix: expected an array of non-empty, well-formed strings " +
      "of at most 1024 bytes in all",
  );
}

function lockConfig(options: LockOptions): Required<LockOptions> {
  const { timeout = 10_000, lease = 5000, maxHold, maxWaiting = 100 } = options;
  integer("lock.lease", lease, 100);
  return {
    timeout: integer("lock.timeout", timeout, 1),
    lease,
    maxHold: integer("lock.maxHold", maxHold ?? Math.max(60_000, lease), lease),
    maxWaiting: integer("lock.maxWaiting", maxWaiting, 1),
  };
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // RFC 9110 §5.6.2
const prefixes = /^(?:__Host-Http-|__Http-|__Host-|__Secure-)/;

/** Throws on every cookie that a browser would refuse (RFC 6265bis §5.7). */
function cookieConfig(options: CookieOptions): CookieConfig {
  const { path = "/", domain, sameSite = "Lax", secure, partitioned = false } =
    options;
  const hostOnly = domain === undefined && path === "/";
  const name = options.name ??
    (secure === false
      ? "session"
      : hostOnly
      ? "__Host-session"
      : "__Secure-session");
  const refuse = (option: string, why: string): never => {
    throw new TypeError(`Invalid session option cookie.${option}: ${why}`);
  };
  if (typeof name !== "string" || !token.test(name)) {
    refuse("name", "expected a token of RFC 9110, such as __Host-session");
  }
  const prefix = prefixes.exec(name)?.[0] ?? "";
  // Browsers match prefixes in any case, so __host- would bind to the rules unseen.
  if (prefix === "" && /^__(?:host|secure|http)-/i.test(name)) {
    refuse("name", `write the prefix of ${name} as __Host- or __Secure-`);
  }
  if (typeof path !== "string" || !/^\/[\x20-\x3a\x3c-\x7e]*$/.test(path)) {
    refuse("path", "expected / and then printable ASCII without a semicolon");
  }
  if (domain !== undefined && !isDomain(domain)) {
    refuse("domain", "expected a host name, such as example.com");
  }
  if (!["Strict", "Lax", "None"].includes(sameSite)) {
    refuse("sameSite", 'expected "Strict", "Lax" or "None"');
  }
  if (secure !== undefined && typeof secure !== "boolean") {
    refuse("secure", "expected true, false or undefined");
  }
  if (typeof partitioned !== "boolean") {
    refuse("partitioned", "expected true, false or undefined");
  }
  if (prefix.startsWith("__Host-") && !hostOnly) {
    refuse("name", `${name} needs the path / and no domain`);
  }
  if (secure === false) {
    if (prefix !== "") {
      refuse("secure", `browsers refuse ${name} without Secure`);
    }
    if (sameSite === "None") {
      refuse("secure", "browsers refuse SameSite=None without Secure");
    }
    if (partitioned) {
      refuse("secure", "browsers refuse Partitioned without Secure");
    }
  }
  // 26 + 1 + 43 characters of value; RFC 6265bis §5.6 drops a pair over 4096 octets.
  if (name.length + 1 + 70 > 4096) {
    refuse("name", "name and value exceed 4096 bytes");
  }
  if (path.length > 1024) {
    refuse("path", "browsers ignore a path over 1024 bytes");
  }
  const plainName = name.slice(prefix.length);
  if (plainName === "") refuse("name", "expected more than a prefix");
  return {
    secureName: name,
    plainName,
    path,
    domain,
    sameSite,
    secure,
    partitioned,
  };
}

function isDomain(domain: string): boolean {
  return typeof domain === "string" && domain.length <= 253 &&
    /^\.?(?!-)[A-Za-z0-9-]+(?<!-)(?:\.(?!-)[A-Za-z0-9-]+(?<!-))*$/.test(domain);
}
