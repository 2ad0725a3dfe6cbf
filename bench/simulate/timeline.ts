// deno-lint-ignore no-import-prefix -- only the simulator needs it
import TinyQueue from "npm:tinyqueue@^3.0.0";

interface Event {
  readonly at: number;
  /** Tells events of one instant apart: first set is first run. */
  readonly order: number;
  readonly run: () => void;
}

/** Simulated time in ms, and what is still to happen. */
export class Timeline {
  /** The instant that the simulation has reached. */
  now = 0;
  /** How many events have happened. */
  events = 0;
  #order = 0;
  readonly #queue = new TinyQueue<Event>(
    [],
    (a, b) => a.at - b.at || a.order - b.order,
  );

  /** Lets something happen `ms` from now; at once, but not before what is due already, for 0. */
  after(ms: number, run: () => void): void {
    this.#queue.push({ at: this.now + ms, order: this.#order++, run });
  }

  /** Runs the next event; `false` when there is none before `until`. */
  step(until = Infinity): boolean {
    const next = this.#queue.peek();
    if (next === undefined || next.at > until) return false;
    this.#queue.pop();
    this.now = next.at;
    this.events++;
    next.run();
    return true;
  }

  /** Runs everything that happens until then. */
  run(until = Infinity): void {
    while (this.step(until));
  }
}
