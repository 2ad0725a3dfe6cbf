import type { Limit } from "./clock.ts";
import { ask } from "./commit.ts";
import type { Config } from "./config.ts";
import type { KvStore } from "./kv.ts";
import { Locks } from "./lock.ts";
import { Store } from "./store.ts";

/** What the requests of one process share. */
export interface Backend {
  readonly store: Store;
  readonly locks: Locks;
}

/** By database and prefix, so that requests with options of their own share it, too. */
const backends = new WeakMap<KvStore, Map<string, Backend>>();
const ready = new WeakMap<Config, Backend>();

/** The backend of a configuration; `undefined` while its database is still to be opened. */
export function readyBackend(config: Config): Backend | undefined {
  return ready.get(config);
}

/** Opens the database of a configuration, and answers its backend. */
export async function openBackend(
  config: Config,
  limit: Limit,
): Promise<Backend> {
  const kv = await ask(limit, config.kv);
  const { prefix, clock } = config;
  let all = backends.get(kv);
  if (all === undefined) backends.set(kv, all = new Map());
  const name = JSON.stringify(prefix);
  let backend = all.get(name);
  if (backend === undefined) {
    const store = new Store(kv, prefix, clock);
    backend = { store, locks: new Locks(store, clock) };
    all.set(name, backend);
  }
  ready.set(config, backend);
  return backend;
}
