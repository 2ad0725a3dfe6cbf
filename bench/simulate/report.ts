import { chart, type Panel } from "./chart.ts";
import { meanLatency } from "./chance.ts";
import { compareExactly, compareInRealTime, type Pair } from "./comparison.ts";
import { comparisonTable, differences, sameRuns } from "./comparison_table.ts";
import { usual } from "./scenario.ts";
import * as studies from "./studies.ts";
import type { Result } from "./studies.ts";
import * as tables from "./study_tables.ts";
import { figure } from "./table.ts";

/** What the template's `{{names}}` stand for, and the chart. */
export interface Report {
  readonly values: Readonly<Record<string, string>>;
  readonly chart: string;
}

/** Runs every study; takes some minutes. */
export async function report(seed: number): Promise<Report> {
  const loads = studies.loads(seed);
  const hot = studies.hotSessions(seed);
  const exact = await compareExactly();
  const real = await compareInRealTime();
  return {
    chart: chart(
      "Changes of one session per second, and the wait to open a session",
      [hotPanel(hot), waitPanel(loads)],
    ),
    values: {
      ...checked(exact, real),
      busiest: tables.busiest(usual),
      waits: tables.waitTable(loads),
      calls: tables.callTable(loads),
      sessions: tables.countTable(studies.counts(seed)),
      popularity: tables.popularityTable(studies.popularities(seed)),
      hot: tables.hotTable(hot),
      crash: tables.crashTable(studies.crashes(seed)),
      limit: tables.limitTable(studies.limits(seed)),
      ...Object.fromEntries(studies.latencies.map((latency, i) => [
        `ceiling${i}`,
        figure(1000 / meanLatency(latency)),
      ])),
    },
  };
}

/** The tables of the comparison with the library. */
export function checked(exact: readonly Pair[], real: readonly Pair[]) {
  return {
    exactRuns: String(exact.length),
    sameRuns: String(sameRuns(exact)),
    exact: comparisonTable(exact),
    real: comparisonTable(real),
    differences: differences(real),
  };
}

function hotPanel(results: readonly Result[]): Panel {
  return {
    title: "Changes of one session, per second",
    xTitle: "processes that want to change it",
    xTicks: [1, 2, 5, 10, 20, 50, 100, 200],
    yTicks: [10, 100, 1000, 10_000],
    solid: "update()",
    dashed: "open(), save()",
    series: studies.changes.flatMap((kind) =>
      studies.latencies.map((latency, i) => ({
        label: kind === "update" ? `${latency.median} ms` : "",
        colour: i as 0 | 1 | 2,
        dashed: kind === "open",
        points: results
          .filter(({ scenario }) =>
            scenario.mix[kind] === 1 && scenario.latency === latency
          )
          .map(({ scenario, outcome: { tally } }) =>
            [scenario.processes, tally.rate(tally.hotSaves)] as const
          ),
      }))
    ),
  };
}

function waitPanel(results: readonly Result[]): Panel {
  return {
    title: "99th percentile of the wait to open, ms",
    xTitle: "requests per second, over 50 processes",
    xTicks: [1000, 10_000, 100_000],
    yTicks: [1, 10, 100, 1000, 10_000],
    solid: "any process",
    dashed: "sticky",
    series: studies.routings.flatMap((routing) =>
      studies.latencies.map((latency, i) => ({
        label: routing === "sticky" ? `${latency.median} ms` : "",
        colour: i as 0 | 1 | 2,
        dashed: routing === "sticky",
        points: results
          .filter(({ scenario }) =>
            scenario.routing === routing && scenario.latency === latency
          )
          .map(({ scenario, outcome: { tally } }) =>
            [scenario.rate, tally.opens.quantile(0.99)] as const
          ),
      }))
    ),
  };
}
