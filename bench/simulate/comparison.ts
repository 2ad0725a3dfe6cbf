import { Chance } from "./chance.ts";
import { runLibrary } from "./library.ts";
import { runModel } from "./model.ts";
import { oneSession, type Scenario, usual } from "./scenario.ts";
import { only } from "./studies.ts";
import type { Tally } from "./tally.ts";

/** One scenario, run by the model and by the library. */
export interface Pair {
  readonly name: string;
  readonly model: Tally;
  /** The model with another seed, which shows what chance alone does. */
  readonly again: Tally;
  readonly library: Tally;
}

/** Few sessions, all of them new, so that none is due to be extended. */
const small: Scenario = { ...usual, exponent: 1, life: Infinity };

const sizes = [1, 4, 8];

const shared: readonly [name: string, Scenario][] = [
  ...sizes.flatMap((processes): [string, Scenario][] => [
    [`update(), one session, processes: ${processes}`, {
      ...oneSession,
      processes,
    }],
    [`open(), one session, processes: ${processes}`, {
      ...oneSession,
      processes,
      mix: only("open"),
    }],
    [`200 sessions, 300 requests/s, processes: ${processes}`, {
      ...small,
      sessions: 200,
      rate: 300,
      processes,
    }],
  ]),
];

const more: readonly [name: string, Scenario][] = [
  ["200 sessions, sticky, processes: 8", {
    ...small,
    sessions: 200,
    rate: 300,
    processes: 8,
    routing: "sticky",
  }],
  ["one session, handlers of 500 ms, processes: 4", {
    ...oneSession,
    clients: 3,
    processes: 4,
    mix: only("open"),
    hold: 500,
    seconds: 60,
  }],
  ["one session, 3 of 4 processes crash", {
    ...oneSession,
    clients: 3,
    processes: 4,
    mix: only("open"),
    hold: 50,
    crashAt: 5,
    crashing: 3,
  }],
  ["update(), one session, processes: 32", { ...oneSession, processes: 32 }],
];

/**
 * Both in simulated time: the library's code runs between two instants, and
 * every call takes exactly as long as the model's.
 */
export async function compareExactly(seconds?: number): Promise<Pair[]> {
  const pairs = [];
  for (const [name, given] of [...shared, ...more]) {
    const scenario = { ...given, seconds: seconds ?? given.seconds };
    const model = runModel(scenario).tally;
    const { tally } = await runLibrary(scenario, { inRealTime: false });
    pairs.push({ name, model, again: model, library: tally });
  }
  return pairs;
}

/**
 * The library by the clock of the machine, and then the model, whose calls
 * take as long as the library's did.
 */
export async function compareInRealTime(): Promise<Pair[]> {
  const pairs = [];
  for (const [name, given] of shared) {
    const scenario = { ...given, seconds: 10 };
    const { tally, times } = await runLibrary(scenario, { inRealTime: true });
    const { seed } = scenario;
    const [model, again] = [seed, seed + 100].map((seed) =>
      runModel({ ...scenario, seed }, drawnFrom(times, seed)).tally
    );
    pairs.push({ name, model: model!, again: again!, library: tally });
  }
  return pairs;
}

/** Draws one of the times that were measured. */
function drawnFrom(times: readonly number[], seed: number): () => number {
  const chance = new Chance(seed + 1);
  return () => times[Math.floor(chance.uniform() * times.length)]!;
}
