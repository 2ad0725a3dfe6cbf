import type { KvAtomic, KvEntry, KvKey, KvStore } from "../../src/kv.ts";

/** What a commit wants done. */
export interface Commit {
  readonly checks: readonly { key: string; versionstamp: string | null }[];
  /** The value to set, or `undefined` to delete. */
  readonly writes: readonly { key: string; value: unknown }[];
}

/**
 * Deno KV as a plain map: one instant after another, no waiting, no expiry.
 * `tests/model_kv_test.ts` holds it against the real one.
 */
export class ModelKv implements KvStore {
  readonly entries = new Map<
    string,
    { value: unknown; versionstamp: string }
  >();
  /** Is told of every commit before it is applied; it may throw. */
  onApply: (commit: Commit) => void = () => {};
  #version = 0;

  get(key: KvKey): Promise<KvEntry> {
    return Promise.resolve(this.read(key));
  }

  getMany(keys: readonly KvKey[]): Promise<KvEntry[]> {
    return Promise.resolve(keys.map((key) => this.read(key)));
  }

  atomic(): KvAtomic {
    return record((commit) => Promise.resolve(this.apply(commit)));
  }

  /** Reads an entry now. */
  read(key: KvKey): KvEntry {
    const entry = this.entries.get(JSON.stringify(key));
    return entry ?? { value: null, versionstamp: null };
  }

  /** Applies a commit now, or refuses it. */
  apply(
    commit: Commit,
  ): { ok: true; versionstamp: string } | { ok: false } {
    const stale = commit.checks.some(({ key, versionstamp }) =>
      (this.entries.get(key)?.versionstamp ?? null) !== versionstamp
    );
    if (stale) return { ok: false };
    this.onApply(commit);
    const versionstamp = String(++this.#version).padStart(20, "0");
    for (const { key, value } of commit.writes) {
      if (value === undefined) this.entries.delete(key);
      else this.entries.set(key, { value, versionstamp });
    }
    return { ok: true, versionstamp };
  }
}

/** An atomic operation that only remembers, until `commit` hands it over. */
export function record(
  commit: (commit: Commit) => ReturnType<KvAtomic["commit"]>,
): KvAtomic {
  const checks: Commit["checks"][number][] = [];
  const writes: Commit["writes"][number][] = [];
  const atomic: KvAtomic = {
    check({ key, versionstamp }) {
      checks.push({ key: JSON.stringify(key), versionstamp });
      return atomic;
    },
    set(key, value) {
      writes.push({ key: JSON.stringify(key), value });
      return atomic;
    },
    delete(key) {
      writes.push({ key: JSON.stringify(key), value: undefined });
      return atomic;
    },
    commit: () => commit({ checks, writes }),
  };
  return atomic;
}
