/** The longest that the runtime's timer is set for, in ms; it is set again for what is left. */
const longest = 1000;

/** A callback that waits for its time. */
interface Alarm {
  /** On the monotonic clock. */
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Any number of timers on one of the runtime's. Every operation on a session
 * needs one that almost never fires, and to set and clear them all would take
 * a good part of the time of a request. No timer of the runtime is left when
 * none of these is.
 */
export class Timers {
  readonly #alarms = new Set<Alarm>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #firesAt = Infinity;

  /** Calls `callback` once after `ms`, unless the returned function is called first. */
  set(ms: number, callback: () => void): () => void {
    const now = performance.now();
    const alarm = { at: now + ms, callback };
    this.#alarms.add(alarm);
    this.#arm(alarm.at, now);
    return () => {
      this.#alarms.delete(alarm);
      if (this.#alarms.size === 0) this.#disarm();
    };
  }

  #arm(at: number, now: number): void {
    const firesAt = Math.min(at, now + longest);
    if (firesAt >= this.#firesAt) return;
    this.#disarm();
    this.#firesAt = firesAt;
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, firesAt - now));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#firesAt = Infinity;
  }

  #fire(): void {
    this.#firesAt = Infinity;
    const now = performance.now();
    const due: Alarm[] = [];
    let next = Infinity;
    for (const alarm of this.#alarms) {
      if (alarm.at <= now) due.push(alarm);
      else next = Math.min(next, alarm.at);
    }
    if (next < Infinity) this.#arm(next, now);
    due.sort((a, b) => a.at - b.at);
    for (const alarm of due) {
      // An earlier one may have cancelled it.
      if (this.#alarms.delete(alarm)) alarm.callback();
    }
  }
}
