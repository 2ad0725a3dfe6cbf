import type { Contender, Deed, Handler } from "./contender.ts";
import { rowsOf, type Shape } from "./shapes.ts";
import { type Visitor, visitors } from "./visitor.ts";

/** How many updates of those that were made are in the sessions afterwards. */
export interface Kept {
  /** The fewest of a round. */
  readonly least: number;
  /** The most of a round. */
  readonly most: number;
  /** How many were made in a round. */
  readonly of: number;
  /** How many were kept of all rounds, and made. */
  readonly sum: number;
  readonly made: number;
}

/** What one contender does in one shape, batch by batch. */
export class Runner {
  readonly name: string;
  readonly contender: Contender;
  /** How many requests a batch is. */
  readonly requests: number;
  readonly #shape: Shape;
  readonly #deed: Deed;
  readonly #handler: Handler;
  readonly #visitors: readonly Visitor[];
  /** How often each visitor makes its request in a batch. */
  readonly #times: number;
  #kept: number[] = [];
  #count = 0;

  constructor(
    row: { name: string; deed: Deed },
    contender: Contender,
    shape: Shape,
    visitors: readonly Visitor[],
    times: number,
  ) {
    this.name = row.name;
    this.contender = contender;
    this.#shape = shape;
    this.#deed = row.deed;
    this.#handler = contender.handlers[row.deed]!;
    this.#visitors = visitors;
    this.#times = times;
    this.requests = visitors.length * times;
  }

  /** Whether its requests are to change their sessions. */
  get changes(): boolean {
    return this.#deed !== "ignore" && this.#deed !== "read";
  }

  /** What was kept so far; `null` if nothing changes. */
  get kept(): Kept | null {
    if (!this.changes) return null;
    return {
      least: Math.min(...this.#kept),
      most: Math.max(...this.#kept),
      of: this.requests,
      sum: this.#kept.reduce((sum, n) => sum + n, 0),
      made: this.#kept.length * this.requests,
    };
  }

  /** Makes all requests of a batch: what is timed. */
  async batch(): Promise<void> {
    const deed = this.#deed;
    const handler = this.#handler;
    if (this.#shape.atOnce === undefined) {
      for (let time = 0; time < this.#times; time++) {
        for (const visitor of this.#visitors) {
          await visitor.visit(deed, handler);
        }
      }
    } else {
      const under = [];
      for (const visitor of this.#visitors) {
        for (let time = 0; time < this.#times; time++) {
          under.push(visitor.visit(deed, handler));
        }
      }
      await Promise.all(under);
    }
  }

  /** Looks what became of the batch before, if that was to change anything. */
  async check(): Promise<void> {
    if (!this.changes) return;
    const counts = await Promise.all(
      this.#visitors.map((visitor) => visitor.count()),
    );
    const count = counts.reduce((sum, n) => sum + n, 0);
    if (Number.isNaN(count)) throw new Error(`${this.name} lost a session`);
    this.#kept.push(count - this.#count);
    this.#count = count;
  }

  /** Starts anew: what was kept is what is kept from now on. */
  async restart(): Promise<void> {
    await this.check();
    this.#kept = [];
  }

  /** Makes one request of some visitors and looks at the answer; throws if it is wrong. */
  async prove(): Promise<void> {
    const [first] = this.#visitors;
    const { cookie } = first!;
    for (const visitor of this.#visitors.slice(0, 4)) {
      const before = await visitor.count();
      const answer = await visitor.ask(this.#deed);
      const after = await visitor.count();
      const expected = this.changes ? before + 1 : before;
      const right = this.#deed === "ignore" ? "ok" : String(expected);
      if (after === expected && answer === right) continue;
      throw new Error(
        `${this.name} does not do its job (${this.#deed}): the count was ${before}, ` +
          `the answer was ${answer}, and then the count was ${after}`,
      );
    }
    if (this.#deed !== "login") return;
    const old = await first!.readAs(cookie).catch(() => "");
    if (/^\d+$/.test(old)) {
      throw new Error(`${this.name} lets in whoever has the id from before`);
    }
  }
}

/** The runners of a shape, one for each row of each contender. */
export async function runnersOf(
  shape: Shape,
  contenders: readonly Contender[],
  requests: number,
): Promise<Runner[]> {
  const all: Runner[] = [];
  for (const contender of contenders) {
    for (const row of rowsOf(shape, contender)) {
      const { sessions, requests: made } = shape.atOnce ??
        { sessions: requests, requests };
      const users = await visitors(contender, sessions);
      // What takes next to nothing is done more often, so that it can be timed.
      const times = shape.key === "ignored" ? 5 : made / sessions;
      all.push(new Runner(row, contender, shape, users, times));
    }
  }
  return all;
}
