import type { Pair } from "./comparison.ts";
import { figure, percent, table } from "./table.ts";
import type { Tally } from "./tally.ts";

type Measure = (tally: Tally) => number;

/** What a request to change a session took, whichever way it did. */
const timesOf = ({ opens, updates }: Tally) =>
  opens.count > updates.count ? opens : updates;

const measures: Readonly<Record<string, Measure>> = {
  "changes/s": (tally) => tally.rate(tally.ends.done),
  "reads per change": (tally) => tally.reads / tally.ends.done,
  "commits per change": (tally) => tally.commits / tally.ends.done,
  "p50, ms": (tally) => timesOf(tally).quantile(0.5),
  "p99, ms": (tally) => timesOf(tally).quantile(0.99),
  "errors": (tally) => tally.errors,
};

/** What the model says and what the library does, side by side: `model / library`. */
export function comparisonTable(pairs: readonly Pair[]): string {
  const rows = pairs.map(({ name, model, library }) => [
    name,
    ...Object.values(measures).map((measure) =>
      `${figure(measure(model))} / ${figure(measure(library))}`
    ),
  ]);
  return table(["model / library", ...Object.keys(measures)], rows);
}

/** How far the model is from the library, and from itself with another seed. */
export function differences(pairs: readonly Pair[]): string {
  const rows = Object.entries(measures)
    .filter(([name]) => name !== "errors")
    .map(([name, measure]) => [
      name,
      apart(pairs.map(({ model, library }) => [model, library]), measure),
      apart(pairs.map(({ model, again }) => [again, model]), measure),
    ]);
  return table(
    ["typical / largest difference", "model, library", "model, another seed"],
    rows,
  );
}

function apart(
  pairs: readonly (readonly [Tally, Tally])[],
  measure: Measure,
): string {
  const shares = pairs.map(([one, other]) => {
    const [a, b] = [measure(one), measure(other)];
    return a === b ? 0 : Math.abs(a / b - 1);
  }).filter(Number.isFinite).sort((a, b) => a - b);
  const middle = shares[Math.floor(shares.length / 2)] ?? NaN;
  return `${percent(middle)} / ${percent(shares.at(-1) ?? NaN)}`;
}

/** How many runs made the very same calls, with the same answers. */
export function sameRuns(pairs: readonly Pair[]): number {
  return pairs.filter(({ model, library }) =>
    JSON.stringify([model.ends, model.reads, model.commits]) ===
      JSON.stringify([library.ends, library.reads, library.commits])
  ).length;
}
