/** The longest that the runtime's timer is set for, in ms; it is set again for what is left. */
const longest = 1000;

/** A callback that waits for its time. */
interface Alarm {
  /** On the monotonic clock. */
  readonly at: number;
  readonly callback: () => void;
}

/** Calls `callback` once after `ms`, or before, unless the returned function is called first. */
export type SetTimer = (ms: number, callback: () => void) => () => void;

/**
 * Any number of timers on one of the runtime's. Every operation on a session
 * needs one that almost never fires, and to set and clear them all would take
 * a good part of the time of a request. When none of these is left, nothing
 * waits for the runtime's.
 */
export class Timers {
  readonly #set: SetTimer;
  readonly #alarms = new Set<Alarm>();
  #cancel = () => {};
  #firesAt = Infinity;

  /** @param set Sets the runtime's timer. */
  constructor(set: SetTimer) {
    this.#set = set;
  }

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
    this.#cancel = this.#set(Math.max(0, firesAt - now), this.#fire);
  }

  #disarm(): void {
    this.#cancel();
    this.#firesAt = Infinity;
  }

  #fire = (): void => {
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
  };
}

/** Sets a timer that is cleared when it is cancelled. */
export const onTimeouts: SetTimer = (ms, callback) => {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
};

/**
 * Sets timers by listening to a signal, which is left for the next one to
 * listen to. In Deno a timeout that is set and cleared takes a tenth of the
 * time of a `read()`, and one that is left is a leak of the test that left it.
 * A signal counts, and keeps the process alive, only while somebody listens; in
 * other runtimes it does not even then.
 */
export function onSignals(): SetTimer {
  let signal: AbortSignal | undefined;
  let firesAt = 0;
  return (ms, callback) => {
    const at = performance.now() + ms;
    if (signal === undefined || signal.aborted || at < firesAt) {
      signal = AbortSignal.timeout(Math.ceil(ms));
      firesAt = at;
    }
    const listened = signal;
    listened.addEventListener("abort", callback, { once: true });
    return () => listened.removeEventListener("abort", callback);
  };
}
