import type { Calls } from "./calls.ts";
import { type Ground, ttl } from "./contender.ts";
import type { Values } from "./values.ts";

const expireIn = ttl * 1000;
const owner = new Uint8Array(40);

type Stored = Values & { count: number };

/** Sessions by nothing but the KV calls that they cannot do without. */
export class BareCalls {
  readonly #kv: Calls;
  readonly #values: Values;
  readonly #turns = new Map<string, Promise<number>>();

  constructor({ kv, values }: Ground) {
    this.#kv = kv;
    this.#values = values;
  }

  /** Stores a session; answers its id. */
  async begin(): Promise<string> {
    const id = crypto.randomUUID();
    await this.#kv.set(data(id), { ...this.#values, count: 0 }, { expireIn });
    return id;
  }

  /** Answers the count; `NaN` if there is no such session. */
  async read(id: string): Promise<number> {
    const { value } = await this.#kv.get<Stored>(data(id));
    return value === null ? NaN : value.count;
  }

  /** Reads and locks, then writes and unlocks. */
  async open(id: string): Promise<number> {
    const { stored, lock } = await this.#locked(id);
    const next = { ...stored, count: stored.count + 1 };
    await this.#kv.atomic()
      .check(lock)
      .set(data(id), next, { expireIn })
      .delete(lock.key)
      .commit();
    return next.count;
  }

  /** Reads, then writes unless somebody else has, or has the lock. */
  async update(id: string): Promise<number> {
    const [entry, lock] = await this.#both(id);
    const next = { ...entry.value!, count: entry.value!.count + 1 };
    const { ok } = await this.#kv.atomic()
      .check(entry)
      .check(lock)
      .set(data(id), next, { expireIn })
      .commit();
    return ok ? next.count : NaN;
  }

  /** The same, one after another. */
  queue(id: string): Promise<number> {
    const before = this.#turns.get(id) ?? Promise.resolve(0);
    const turn = before.then(() => this.update(id));
    this.#turns.set(id, turn);
    return turn;
  }

  /** The same, again until it succeeds. */
  async retry(id: string): Promise<number> {
    for (;;) {
      const count = await this.update(id);
      if (!Number.isNaN(count)) return count;
    }
  }

  /** Reads and locks, then writes under another id and unlocks. */
  async login(id: string): Promise<{ id: string; count: number }> {
    const { stored, lock } = await this.#locked(id);
    const next = { ...stored, count: stored.count + 1 };
    const nextId = crypto.randomUUID();
    await this.#kv.atomic()
      .check(lock)
      .set(data(nextId), next, { expireIn })
      .delete(data(id))
      .delete(lock.key)
      .commit();
    return { id: nextId, count: next.count };
  }

  async #locked(id: string) {
    const [entry, lock] = await this.#both(id);
    const locked = await this.#kv.atomic()
      .check(entry)
      .check(lock)
      .set(lock.key, owner, { expireIn })
      .commit();
    if (!locked.ok) throw new Error("Cannot lock: another request came first");
    const { versionstamp } = locked;
    return { stored: entry.value!, lock: { key: lock.key, versionstamp } };
  }

  #both(id: string) {
    return this.#kv.getMany<[Stored, Uint8Array]>([
      data(id),
      ["bare", "lock", id],
    ]);
  }
}

function data(id: string): Deno.KvKey {
  return ["bare", "data", id];
}
