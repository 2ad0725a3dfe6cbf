import { SessionError } from "./errors.ts";
import { isPlain, parse, stringify } from "./json.ts";

/** A value that nobody has asked for since it was read. */
class Unread {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  /** The value; throws `ERR_CORRUPT`, naming the key, if that cannot be. */
  parse(key: string): unknown {
    try {
      return parse(this.json);
    } catch (cause) {
      const what = `the value of ${JSON.stringify(key)}`;
      throw corrupt(what, cause, "Set another one, or delete the record");
    }
  }
}

/**
 * A session's values by key. Those that were read are parsed when somebody asks
 * for them, and stored again as they came if nobody did: a request needs few of
 * the values that a session holds. A key named `__proto__` is inert (ASVS 15.3.6).
 */
export class Values implements Iterable<[string, unknown]> {
  /** The values, or what was read of them. */
  readonly #all: Map<string, unknown>;
  /** The keys as they were read, as long as they are the same. */
  #keys: string | null;

  /** @param all The values, which are taken over. */
  constructor(all = new Map<string, unknown>(), keys: string | null = null) {
    this.#all = all;
    this.#keys = keys;
  }

  /** Reads what {@linkcode Values.stringify} wrote; throws a plain `TypeError` on other text. */
  static parse(text: string): Values {
    const lines = text.split("\n");
    const keys = parse(lines[0]!);
    if (!Array.isArray(keys) || keys.length !== lines.length - 1) {
      throw new TypeError("not one value for each key");
    }
    const all = new Map<string, unknown>();
    for (let i = 0; i < keys.length; i++) {
      all.set(keys[i], new Unread(lines[i + 1]!));
    }
    if (all.size !== keys.length) throw new TypeError("a key is there twice");
    mustBeKeys(all);
    return new Values(all, lines[0]);
  }

  get size(): number {
    return this.#all.size;
  }

  has(key: string): boolean {
    return this.#all.has(key);
  }

  /** The value; throws `ERR_CORRUPT` if it cannot be read. */
  get(key: string): unknown {
    const value = this.#all.get(key);
    if (!(value instanceof Unread)) return value;
    const parsed = value.parse(key);
    this.#all.set(key, parsed);
    return parsed;
  }

  set(key: string, value: unknown): void {
    if (!this.#all.has(key)) this.#keys = null;
    this.#all.set(key, value);
  }

  delete(key: string): boolean {
    this.#keys = null;
    return this.#all.delete(key);
  }

  clear(): void {
    this.#keys = null;
    this.#all.clear();
  }

  keys(): MapIterator<string> {
    return this.#all.keys();
  }

  /** The keys with their values; throws `ERR_CORRUPT` if one cannot be read. */
  entries(): MapIterator<[string, unknown]> {
    for (const key of this.#all.keys()) this.get(key);
    return this.#all.entries();
  }

  [Symbol.iterator](): MapIterator<[string, unknown]> {
    return this.entries();
  }

  /**
   * The keys as a JSON array, and each value as JSON on a line of its own;
   * `null` where JSON would change a value.
   *
   * @param maxDepth How many levels of objects there may be, this one included.
   */
  stringify(maxDepth: number): string | null {
    const seen = new Set<object>();
    // All first, because nothing is written if JSON would change one of them.
    for (const value of this.#all.values()) {
      if (value instanceof Unread) continue;
      if (!isPlain(value, maxDepth - 1, seen)) return null;
    }
    const lines = [this.#keys ?? stringify([...this.#all.keys()])];
    for (const value of this.#all.values()) {
      lines.push(value instanceof Unread ? value.json : stringify(value));
    }
    return lines.includes(null) ? null : lines.join("\n");
  }
}

/** Throws a plain `TypeError` unless each key is a string. */
export function mustBeKeys(values: Map<unknown, unknown>): void {
  for (const key of values.keys()) {
    if (typeof key !== "string") throw new TypeError("a key is not a string");
  }
}

/** The error for what was stored and cannot be decoded, for this reason, and what to do. */
export function corrupt(
  what: string,
  cause: unknown,
  advice: string,
): SessionError {
  return new SessionError(
    "ERR_CORRUPT",
    `Cannot read the session: ${what} cannot be decoded ` +
      `(${cause instanceof Error ? cause.message : cause}). ${advice}`,
    { cause },
  );
}
