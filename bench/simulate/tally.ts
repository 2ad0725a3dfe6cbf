/** How a request may end, besides with the process it was in. */
export type End =
  | "done"
  | "ERR_LOCK_TIMEOUT"
  | "ERR_QUEUE_FULL"
  | "ERR_LOCK_LOST"
  | "ERR_STORE";

/** Numbers of which quantiles are asked. */
export class Samples {
  #values = new Float64Array(1024);
  #count = 0;
  #sorted = false;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const values = new Float64Array(this.#count * 2);
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.#count++] = value;
    this.#sorted = false;
  }

  /** The value that a share of the samples does not exceed; `NaN` when there are none. */
  quantile(share: number): number {
    if (this.#count === 0) return NaN;
    if (!this.#sorted) this.#values.subarray(0, this.#count).sort();
    this.#sorted = true;
    const at = Math.ceil(share * this.#count) - 1;
    return this.#values[Math.min(this.#count - 1, Math.max(0, at))]!;
  }

  get max(): number {
    return this.quantile(1);
  }
}

/** What is counted in a run, of the model and of the library alike. */
export class Tally {
  /** Requests that arrived, whatever they did. */
  requests = 0;
  /** Requests that died with their process. */
  vanished = 0;
  readonly ends: Record<End, number> = {
    done: 0,
    ERR_LOCK_TIMEOUT: 0,
    ERR_QUEUE_FULL: 0,
    ERR_LOCK_LOST: 0,
    ERR_STORE: 0,
  };
  /** Calls to the database. */
  reads = 0;
  commits = 0;
  /** How long `open()` took where it resolved, in ms. */
  readonly opens = new Samples();
  /** How long `update()` took where it resolved, in ms. */
  readonly updates = new Samples();
  /** Changes of the session that most requests are for. */
  hotSaves = 0;
  /** Requests to change that session that ended in an error. */
  hotErrors = 0;
  readonly hotTimes = new Samples();
  /** The time in which requests arrived, in ms. */
  duration = 0;

  /** Requests to change a session that ended. */
  get changes(): number {
    return Object.values(this.ends).reduce((sum, count) => sum + count, 0);
  }

  /** Those of them that ended in an error. */
  get errors(): number {
    return this.changes - this.ends.done;
  }

  /** The share of the requests to change a session that ended so. */
  share(end: End): number {
    return this.ends[end] / Math.max(1, this.changes);
  }

  /** So many in a second. */
  rate(count: number): number {
    return count / this.duration * 1000;
  }
}
