import { Chance } from "./chance.ts";
import type { Kind, Scenario } from "./scenario.ts";
import { Zipf } from "./zipf.ts";

/** A request as it arrives. */
export interface Arrival {
  /** The session's rank: 1 is for the one that most requests are for. */
  readonly session: number;
  /** Which process gets it. */
  readonly process: number;
  readonly kind: Kind;
  /** How long its handler works with the session, in ms. */
  readonly hold: number;
}

/** The requests of a scenario: the same for the same seed, whatever becomes of them. */
export class Traffic {
  readonly #scenario: Scenario;
  readonly #chance: Chance;
  readonly #zipf: Zipf;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#chance = new Chance(scenario.seed);
    this.#zipf = new Zipf(scenario.sessions, scenario.exponent);
  }

  /** The time to the next arrival, in ms. */
  gap(): number {
    return this.#chance.exponential(1000 / this.#scenario.rate);
  }

  /** The next request; of the given process, where a client is bound to one. */
  next(process?: number): Arrival {
    const { processes, routing, hold } = this.#scenario;
    const session = this.#zipf.draw(this.#chance.uniform);
    const anywhere = Math.floor(this.#chance.uniform() * processes);
    const kind = this.#kind();
    return {
      session,
      process: process ??
        (routing === "sticky" ? homeOf(session, processes) : anywhere),
      kind,
      hold: kind === "open" ? this.#chance.exponential(hold) : 0,
    };
  }

  /**
   * How probable it is that a read finds a session of this rank due to be
   * extended. The first use after a tenth of its life extends it: one of all
   * the uses of such a round.
   */
  due(session: number): number {
    const { rate, mix, life } = this.#scenario;
    const uses = rate * (1 - mix.ignore) * this.#zipf.probability(session);
    return 1 / (1 + life / 10 * uses);
  }

  #kind(): Kind {
    let left = this.#chance.uniform();
    for (const [kind, share] of Object.entries(this.#scenario.mix)) {
      left -= share;
      if (left < 0) return kind as Kind;
    }
    return "ignore";
  }
}

/** The process of a session, where requests stick to one. */
function homeOf(session: number, processes: number): number {
  return (Math.imul(session, 0x9e3779b1) >>> 0) % processes;
}
