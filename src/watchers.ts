/** Those in this process who want to know when a session changes. */
export class Watchers {
  readonly #callbacks = new Map<string, Set<() => void>>();

  /** Calls `callback` whenever the session changes, until the returned function is called. */
  watch(id: string, callback: () => void): () => void {
    let callbacks = this.#callbacks.get(id);
    if (callbacks === undefined) {
      this.#callbacks.set(id, callbacks = new Set());
    }
    callbacks.add(callback);
    return () => {
      callbacks.delete(callback);
      if (callbacks.size === 0) this.#callbacks.delete(id);
    };
  }

  /** Says that a commit of this process has changed the session. */
  tell(id: string): void {
    for (const callback of this.#callbacks.get(id) ?? []) callback();
  }
}
