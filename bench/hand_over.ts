import { child } from "./child.ts";
import { openFile } from "./databases.ts";
import { own } from "./peers/own.ts";
import { spread } from "./statistics.ts";
import { Visitor } from "./visitor.ts";

const loops = 100;

/** How another process gets on with a session that this one hardly lets go. */
export interface HandOver {
  /** How many requests of this process open the session all the time. */
  readonly loops: number;
  /** How many of them were answered in a second. */
  readonly perSecond: number;
  /** How often the other process opened it. */
  readonly times: number;
  /** How long it waited, in ms. */
  readonly median: number;
  readonly longest: number;
  /** How many updates of both were made, and are in the session. */
  readonly made: number;
  readonly kept: number;
}

/** Measures how long another process waits for a session under load, for so many ms. */
export async function measureHandOver(ms: number): Promise<HandOver> {
  await using database = await openFile();
  const contender = own("", { kv: database.kv, values: {} });
  const visitor = new Visitor(contender);
  await visitor.ask("begin");
  let over = false;
  let made = 0;
  const before = performance.now();
  const load = Array.from({ length: loops }, async () => {
    while (!over) {
      await visitor.ask("open");
      made++;
    }
  });
  let waits: number[];
  try {
    waits = await child("hand_over_child.ts", [
      database.path,
      visitor.cookie,
      ms,
    ]);
  } finally {
    over = true;
    await Promise.all(load);
  }
  const seconds = (performance.now() - before) / 1000;
  return {
    loops,
    perSecond: made / seconds,
    times: waits.length,
    median: spread(waits).median,
    longest: Math.max(...waits),
    made: made + waits.length,
    kept: await visitor.count(),
  };
}
