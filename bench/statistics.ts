// deno-lint-ignore-file no-import-prefix
import { quantile } from "npm:simple-statistics@^7.8.8";

/** Where the middle half of some numbers lies. */
export interface Spread {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** The median and the quartiles. */
export function spread(numbers: readonly number[]): Spread {
  const [low, median, high] = quantile([...numbers], [0.25, 0.5, 0.75]) as [
    number,
    number,
    number,
  ];
  return { low, median, high };
}

/** The quotients of each pair. */
export function ratios(
  numbers: readonly number[],
  bases: readonly number[],
): number[] {
  return numbers.map((number, i) => number / bases[i]!);
}
