import { compareExactly } from "./comparison.ts";
import { sameRuns } from "./comparison_table.ts";
import { runModel } from "./model.ts";
import { oneSession, type Scenario, usual } from "./scenario.ts";
import { only } from "./studies.ts";

/** Small, and each with something that may go wrong. */
const scenarios: Readonly<Record<string, Scenario>> = {
  "many sessions": { ...usual, seconds: 3 },
  "more than one session takes": { ...oneSession, processes: 8, clients: 120 },
  "a far database, many processes": {
    ...oneSession,
    processes: 40,
    latency: { median: 30, tail: 5 },
  },
  "long handlers, renewed locks": {
    ...oneSession,
    processes: 3,
    clients: 2,
    seconds: 120,
    hold: 3000,
    mix: only("open"),
  },
  "crashes": { ...usual, seconds: 8, hold: 200, crashAt: 1, crashing: 15 },
};

/**
 * Looks whether the model keeps its promises: one holder at a time, first come
 * first served within a process, every change kept or refused with an error,
 * the same run for the same seed, the same calls as the library.
 *
 * @returns What is wrong.
 */
export async function quickCheck(seed: number): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, scenario] of Object.entries(scenarios)) {
    const { violations, tally, events } = runModel({ ...scenario, seed });
    console.log(`${name}: ${tally.requests} requests, ${events} events`);
    wrong.push(...violations.map((violation) => `${name}: ${violation}`));
    const again = runModel({ ...scenario, seed });
    if (again.events !== events || again.tally.reads !== tally.reads) {
      wrong.push(`${name}: another run of the same seed came out otherwise`);
    }
  }
  const pairs = await compareExactly(4);
  const same = sameRuns(pairs);
  console.log(`${same} of ${pairs.length} runs as the library's, call by call`);
  // Runs with many time-outs may differ by what falls into one millisecond.
  if (same < pairs.length - 2) {
    wrong.push("the model does other calls than the library");
  }
  return wrong;
}
