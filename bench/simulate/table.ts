import type { Samples } from "./tally.ts";

/** A table in Markdown. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

/** A number with three figures, and its thousands set apart. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** A share in per cent. */
export function percent(share: number): string {
  if (share !== 0 && Math.abs(share) < 0.0001) return "< 0.01 %";
  return `${figure(share * 100)} %`;
}

/** The 50th, the 99th and the 99.9th percentile. */
export function percentiles(samples: Samples): string {
  return [0.5, 0.99, 0.999]
    .map((share) => figure(samples.quantile(share))).join(" / ");
}
