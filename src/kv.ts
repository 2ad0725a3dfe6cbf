/** A key of the database, as far as sessions need one. */
export type KvKey =
  readonly (string | number | bigint | boolean | Uint8Array)[];

/** What is stored under a key; `versionstamp` is `null` when nothing is. */
export interface KvEntry {
  /** The stored value. */
  readonly value: unknown;
  /** The entry's version, which every write changes. */
  readonly versionstamp: string | null;
}

/** A commit that is applied whole, or not at all. */
export interface KvAtomic {
  /** Applies the commit only if the key's version is still this one. */
  check(check: { key: KvKey; versionstamp: string | null }): KvAtomic;
  /** Stores a value, for `expireIn` ms or for good. */
  set(key: KvKey, value: unknown, options?: { expireIn?: number }): KvAtomic;
  /** Removes a value. */
  delete(key: KvKey): KvAtomic;
  /** Applies the commit; `ok` is `false` when a check failed. */
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>;
}

/**
 * The part of Deno KV that sessions use. `Deno.Kv` fits, and so do `@deno/kv`
 * on Node and anything that wraps them.
 */
export interface KvStore {
  /** Reads one entry. */
  get(key: KvKey): Promise<KvEntry>;
  /** Reads several entries as they were at one instant. */
  getMany(keys: readonly KvKey[]): Promise<KvEntry[]>;
  /** Begins a commit. */
  atomic(): KvAtomic;
}

const noKv =
  "Cannot open Deno KV: Deno.openKv is missing. Run with the flag --unstable-kv, " +
  'add "unstable": ["kv"] to deno.json, or pass the option kv';
const noDeno =
  "Cannot open Deno KV: this runtime has none of its own. Pass the option kv, such as " +
  "what openKv() of @deno/kv resolves to";

let shared: Promise<KvStore> | undefined;

/** Opens the default database of Deno at the first call; once for the process. */
export function openDefaultKv(): Promise<KvStore> {
  shared ??= open().catch((error) => {
    // The next request tries again.
    shared = undefined;
    throw error;
  });
  return shared;
}

async function open(): Promise<KvStore> {
  const { Deno } = globalThis as {
    Deno?: { openKv?: () => Promise<KvStore> };
  };
  if (Deno === undefined) throw new TypeError(noDeno);
  if (typeof Deno.openKv !== "function") throw new TypeError(noKv);
  return await Deno.openKv();
}
