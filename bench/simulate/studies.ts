import type { Latency } from "./chance.ts";
import { type Outcome, runModel } from "./model.ts";
import { type Kind, oneSession, type Scenario, usual } from "./scenario.ts";

/** One line of a chart, or one row of a table: what was asked, and what came out. */
export interface Result {
  readonly scenario: Scenario;
  readonly outcome: Outcome;
}

/** A database in the same machine, in the same region, and far away. */
export const latencies: readonly Latency[] = [0.2, 5, 30]
  .map((median) => ({ median, tail: 5 }));

export const routings = ["random", "sticky"] as const;

/** The changes of a session that are compared. */
export const changes = ["update", "open"] as const;

/** Throws if the model did what must never happen. */
export function run(scenario: Scenario): Result {
  const outcome = runModel(scenario);
  const [violation] = outcome.violations;
  if (violation !== undefined) {
    throw new Error(`${violation}, in ${JSON.stringify(scenario)}`);
  }
  return { scenario, outcome };
}

/** More and more requests, on databases near and far. */
export function loads(seed: number): Result[] {
  const rates = [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000];
  return routings.flatMap((routing) =>
    latencies.flatMap((latency) =>
      rates.map((rate) =>
        run({ ...usual, seed, processes: 50, routing, latency, rate })
      )
    )
  );
}

/** Few and many sessions. */
export function counts(seed: number): Result[] {
  return [1e6, 1e7, 1e8].map((sessions) =>
    run({ ...usual, seed, sessions, rate: 50_000, processes: 100 })
  );
}

/** Even and uneven popularity. */
export function popularities(seed: number): Result[] {
  return [0.6, 0.8, 0.9, 1, 1.1].map((exponent) =>
    run({ ...usual, seed, exponent })
  );
}

/** Everybody changes one session, all the time. */
export function hotSessions(seed: number): Result[] {
  return changes.flatMap((kind) =>
    latencies.flatMap((latency) =>
      [1, 2, 4, 8, 16, 32, 64, 128, 200].map((processes) =>
        run({ ...oneSession, seed, latency, processes, mix: only(kind) })
      )
    )
  );
}

/** Processes die, or none: among many sessions, and at one that is in constant use. */
export function crashes(seed: number): Result[] {
  const many = { ...usual, seconds: 25, exponent: 0.8, hold: 100 };
  const one = {
    ...oneSession,
    seconds: 25,
    processes: 4,
    clients: 0,
    rate: 10,
    hold: 60,
    mix: only("open"),
  };
  return [
    { ...many, crashing: 4 },
    { ...one, crashing: 3 },
  ].flatMap((given) => {
    for (;; seed++) {
      const crashed = run({ ...given, seed, crashAt: 5 });
      // It may be that nobody held a lock.
      if (crashed.outcome.database.takeOvers.count === 0) continue;
      return [run({ ...given, seed }), crashed];
    }
  });
}

/** A database that takes so many commits a second and no more. */
export function limits(seed: number): Result[] {
  const latency = { median: 0.2, tail: 5 };
  return [4000, 6000, 7000, 7500, 8000].map((rate) =>
    run({ ...usual, seed, exponent: 0.6, latency, rate, commitLimit: 6000 })
  );
}

/** Requests of one kind. */
export function only(kind: Kind): Scenario["mix"] {
  return { ignore: 0, read: 0, update: 0, open: 0, [kind]: 1 };
}
