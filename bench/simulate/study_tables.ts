import type { Scenario } from "./scenario.ts";
import type { Result } from "./studies.ts";
import { figure, percent, percentiles, table } from "./table.ts";
import { Zipf } from "./zipf.ts";

/** How long requests waited, and how they ended. */
export function waitTable(loads: readonly Result[]): string {
  const rows = loads
    .filter(({ scenario }) => [1000, 10_000, 100_000].includes(scenario.rate))
    .map(({ scenario: { rate, latency, routing }, outcome: { tally } }) => [
      figure(rate),
      `${latency.median} ms`,
      routing,
      percentiles(tally.opens),
      percentiles(tally.updates),
      percent(tally.share("ERR_LOCK_TIMEOUT")),
      percent(tally.share("ERR_QUEUE_FULL")),
      percent(tally.share("ERR_STORE")),
    ]);
  return table([
    "requests/s",
    "KV",
    "routing",
    "open(), ms",
    "update(), ms",
    "time-outs",
    "queue full",
    "`ERR_STORE`",
  ], rows);
}

/** What the database had to do. */
export function callTable(loads: readonly Result[]): string {
  const rows = loads
    .filter(({ scenario: { rate, latency } }) =>
      latency.median === 5 && [1000, 10_000, 100_000].includes(rate)
    )
    .map(({ scenario, outcome: { perSecond, database } }) => [
      figure(scenario.rate),
      scenario.routing,
      figure(perSecond.reads),
      figure(perSecond.polls),
      figure(perSecond.commits),
      figure(perSecond.extensions),
      figure(perSecond.refused),
      figure(perSecond.mostCommits),
      figure(perSecond.handOvers),
      percentiles(database.handOvers),
    ]);
  return table([
    "requests/s",
    "routing",
    "KV reads/s",
    "of these looks at a held lock",
    "KV commits/s",
    "of these extensions by `read()`",
    "of these refused",
    "commits/s on the busiest session",
    "hand-overs between processes/s",
    "each, ms",
  ], rows);
}

/** Few and many sessions. */
export function countTable(results: readonly Result[]): string {
  const rows = results.map(({ scenario, outcome: { tally, perSecond } }) => [
    `${figure(scenario.sessions / 1e6)} million`,
    busiest(scenario),
    percentiles(tally.opens),
    percent(tally.errors / tally.changes),
    figure(perSecond.reads),
    figure(perSecond.commits),
    figure(perSecond.extensions),
  ]);
  return table([
    "sessions",
    "the busiest gets",
    "open(), ms",
    "errors",
    "KV reads/s",
    "KV commits/s",
    "of these extensions by `read()`",
  ], rows);
}

/** The share of the requests that are for the busiest session. */
export function busiest({ sessions, exponent }: Scenario): string {
  return percent(new Zipf(sessions, exponent).probability(1));
}

/** Even and uneven popularity. */
export function popularityTable(results: readonly Result[]): string {
  const rows = results.map(({ scenario, outcome: { tally } }) => [
    String(scenario.exponent),
    busiest(scenario),
    figure(tally.rate(tally.hotSaves + tally.hotErrors)),
    percentiles(tally.opens),
    percent(tally.share("ERR_LOCK_TIMEOUT")),
    percent(tally.share("ERR_QUEUE_FULL")),
    percent(tally.share("ERR_STORE")),
  ]);
  return table([
    "exponent",
    "the busiest gets",
    "changes/s of the busiest session",
    "open(), ms",
    "time-outs",
    "queue full",
    "`ERR_STORE`",
  ], rows);
}

/** Everybody changes one session. */
export function hotTable(results: readonly Result[]): string {
  const rows = results
    .filter(({ scenario: { latency, processes } }) =>
      latency.median === 5 && [1, 4, 16, 64, 200].includes(processes)
    )
    .map(({ scenario: { processes, mix }, outcome: { tally, database } }) => [
      mix.open === 1 ? "open(), save()" : "update()",
      String(processes),
      figure(tally.rate(tally.hotSaves)),
      percentiles(mix.open === 1 ? tally.opens : tally.updates),
      percent(tally.share("ERR_LOCK_TIMEOUT")),
      percent(tally.share("ERR_STORE")),
      figure(tally.reads / tally.ends.done),
      figure(tally.commits / tally.ends.done),
      figure(database.handOvers.quantile(0.5)),
    ]);
  return table([
    "",
    "processes",
    "changes/s",
    "took, ms",
    "time-outs",
    "`ERR_STORE`",
    "reads per change",
    "commits per change",
    "hand-over, ms",
  ], rows);
}

/** What a crash costs. */
export function crashTable(results: readonly Result[]): string {
  const rows = results.map(({ scenario, outcome }) => {
    const { crashAt, crashing, processes, sessions } = scenario;
    const { tally, database: { takeOvers }, deadWaits } = outcome;
    return [
      sessions === 1 ? "one session" : "many sessions",
      crashAt === Infinity ? "none" : `${crashing} of ${processes}`,
      figure(tally.vanished),
      figure(takeOvers.count),
      figure(takeOvers.quantile(0)),
      figure(deadWaits.count),
      figure(deadWaits.max),
      figure(tally.ends.ERR_LOCK_TIMEOUT),
      percentiles(tally.opens),
    ];
  });
  return table([
    "",
    "crashed",
    "requests lost",
    "locks taken over",
    "the first after, ms",
    "requests that met them",
    "the longest, ms",
    "time-outs",
    "open(), ms",
  ], rows);
}

/** A database near its limit. */
export function limitTable(results: readonly Result[]): string {
  const rows = results.map(({ scenario, outcome: { tally, perSecond } }) => {
    const { commits } = perSecond;
    return [
      figure(scenario.rate),
      figure(commits),
      percent(commits / scenario.commitLimit),
      percentiles(tally.opens),
      percentiles(tally.updates),
    ];
  });
  return table([
    "requests/s",
    "KV commits/s",
    "of what it takes",
    "open(), ms",
    "update(), ms",
  ], rows);
}
