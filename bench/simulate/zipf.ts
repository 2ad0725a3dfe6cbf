/** The sum of the weights of the ranks up to here is taken term by term. */
const exactTerms = 10_000;

/**
 * Ranks from 1 to `count`, where rank `k` has the weight `k ** -exponent`.
 *
 * Drawn by rejection-inversion (W. Hörmann and G. Derflinger, "Rejection-
 * inversion to generate variates from monotone discrete distributions", 1996):
 * no table, and about one try a draw, whatever the count is.
 */
export class Zipf {
  readonly count: number;
  readonly exponent: number;
  /** The sum of all weights. */
  readonly total: number;
  /** The area under the hat, from left of rank 1 to right of the last. */
  readonly #low: number;
  readonly #high: number;
  /** So close below a rank every point is under its bar. */
  readonly #sure: number;

  constructor(count: number, exponent: number) {
    this.count = count;
    this.exponent = exponent;
    this.#low = this.#integral(1.5) - 1;
    this.#high = this.#integral(count + 0.5);
    this.#sure = 2 - this.#inverse(this.#integral(2.5) - 2 ** -exponent);
    const terms = Math.min(count, exactTerms);
    let total = this.#high - this.#integral(terms + 0.5);
    for (let rank = terms; rank >= 1; rank--) total += rank ** -exponent;
    this.total = total;
  }

  /** How probable a rank is. */
  probability(rank: number): number {
    return rank ** -this.exponent / this.total;
  }

  /** Draws a rank with numbers in `[0, 1)`. */
  draw(random: () => number): number {
    for (;;) {
      // One number of 32 bits is too coarse for a hundred million ranks.
      const fine = random() + random() * 2 ** -32;
      const area = this.#high + fine * (this.#low - this.#high);
      const x = this.#inverse(area);
      const rank = Math.min(this.count, Math.max(1, Math.round(x)));
      if (
        rank - x <= this.#sure ||
        area >= this.#integral(rank + 0.5) - rank ** -this.exponent
      ) return rank;
    }
  }

  /** The integral of `x ** -exponent` from 1. */
  #integral(x: number): number {
    const power = 1 - this.exponent;
    return power === 0 ? Math.log(x) : Math.expm1(power * Math.log(x)) / power;
  }

  /** The `x` of an integral. */
  #inverse(area: number): number {
    const power = 1 - this.exponent;
    return Math.exp(power === 0 ? area : Math.log1p(power * area) / power);
  }
}
