import { counted } from "./calls.ts";
import type { Contender, Ground } from "./contender.ts";
import { type DatabaseKey, openDatabase } from "./databases.ts";
import { field } from "./field.ts";
import { interleave } from "./rounds.ts";
import { type Kept, type Runner, runnersOf } from "./runner.ts";
import type { Shape } from "./shapes.ts";
import { ratios, type Spread, spread } from "./statistics.ts";
import { sizes } from "./values.ts";

/** What was measured of one contender in one shape. */
export interface Row {
  readonly name: string;
  /** What was kept in the timed rounds; `null` if nothing is to change. */
  readonly kept: Kept | null;
  /** The time beside the floor of the same round. */
  readonly ratio: Spread;
  /** The time of a request, in µs. */
  readonly micros: number;
  /** Calls to KV per request. */
  readonly reads: number;
  readonly commits: number;
}

/** What was measured of one shape. */
export interface Table {
  readonly shape: string;
  readonly db: DatabaseKey;
  readonly size: string;
  readonly rounds: number;
  /** The requests of each contender's batch. */
  readonly requests: number;
  readonly rows: readonly Row[];
  /** The contenders that cannot do it. */
  readonly unable: readonly string[];
}

/** How much is measured. */
export interface Effort {
  /** Rounds before, for the compiler. */
  readonly warming: number;
  /** Rounds of a shape whose requests come one after another. */
  readonly rounds: number;
  /** Rounds of a shape whose requests come at once. */
  readonly bursts: number;
  /** Requests of a batch, where they come one after another. */
  readonly requests: number;
  /** Whether contenders are also called over sockets. */
  readonly loopback: boolean;
}

type CallsOf = ReadonlyMap<string, { reads: number; commits: number }>;

/** Measures one shape on one database with values of one size. */
export async function measure(
  shape: Shape,
  db: DatabaseKey,
  size: string,
  effort: Effort,
): Promise<Table> {
  const rounds = shape.atOnce === undefined ? effort.rounds : effort.bursts;
  await using database = await openDatabase(db);
  const ground = { kv: database.kv, values: sizes[size]! };
  const calls = await countCalls(shape, ground, effort);
  return await withField(ground, effort, async (contenders) => {
    const runners = await runnersOf(shape, contenders, effort.requests);
    for (const runner of runners) await runner.prove();
    await interleave(runners, effort.warming);
    for (const runner of runners) await runner.restart();
    const times = await interleave(runners, rounds);
    const floorOf = ({ contender }: Runner) =>
      runners.find((other) => other.contender.name === contender.floor)!;
    const rows = runners.map((runner) => ({
      name: runner.name,
      kept: runner.kept,
      ratio: spread(ratios(times.get(runner)!, times.get(floorOf(runner))!)),
      micros: spread(times.get(runner)!).median * 1000 / runner.requests,
      ...calls.get(runner.name)!,
    }));
    const able = new Set(runners.map(({ contender }) => contender));
    const unable = contenders.filter((contender) => !able.has(contender))
      .map(({ name }) => name);
    const { requests } = runners[0]!;
    return { shape: shape.key, db, size, rounds, requests, rows, unable };
  });
}

/** Counts the calls to KV, apart from what is timed. */
async function countCalls(
  shape: Shape,
  ground: Ground,
  effort: Effort,
): Promise<CallsOf> {
  const { kv, count } = counted(ground.kv);
  return await withField({ ...ground, kv }, effort, async (contenders) => {
    const calls = new Map<string, { reads: number; commits: number }>();
    for (const runner of await runnersOf(shape, contenders, 4)) {
      Object.assign(count, { reads: 0, commits: 0 });
      await runner.batch();
      calls.set(runner.name, {
        reads: count.reads / runner.requests,
        commits: count.commits / runner.requests,
      });
    }
    return calls;
  });
}

async function withField<T>(
  ground: Ground,
  effort: Effort,
  use: (contenders: Contender[]) => Promise<T>,
): Promise<T> {
  const contenders = await field(ground, effort);
  try {
    return await use(contenders);
  } finally {
    await Promise.all(contenders.map((contender) => contender.close?.()));
  }
}
