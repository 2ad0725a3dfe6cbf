import { random } from "../../tests/random.ts";

/** The 99th percentile of the normal distribution. */
const z99 = 2.3263;

/** How long calls to the database take: log-normal. */
export interface Latency {
  /** Half of the calls take less, in ms. */
  readonly median: number;
  /** The 99th percentile, as a multiple of the median; 1 for calls that all take as long. */
  readonly tail: number;
}

/** What a run leaves to chance; all of it follows from the seed. */
export class Chance {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  /** A number in `[0, 1)`. */
  readonly uniform = (): number => this.#next();

  /** A time with this mean, as between arrivals that know nothing of one another. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.#next());
  }

  /** How long one call takes, in ms. */
  latency({ median, tail }: Latency): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#next()));
    const normal = radius * Math.cos(2 * Math.PI * this.#next());
    return median * Math.exp(normal * Math.log(tail) / z99);
  }
}

/** How long a call takes on average, in ms. */
export function meanLatency({ median, tail }: Latency): number {
  return median * Math.exp((Math.log(tail) / z99) ** 2 / 2);
}
