/**
 * Compares sessions with the bare KV calls that they cannot do without, and
 * with other libraries. A whole run writes `docs/performance.md` and its chart.
 *
 * ```sh
 * deno task bench                        # everything; about twenty minutes
 * deno task bench --million              # and a database of a million sessions
 * deno task bench --quick                # a moment of everything, as a test
 * deno task bench --db=memory --only=read,update --size="350 B" --rounds=200 --in-process
 * deno task bench --from=run.json        # the page of a run kept with --save=run.json
 * ```
 *
 * @module
 */
import { parseArgs } from "node:util";
import { type DatabaseKey, databases } from "./databases.ts";
import { faults } from "./exact.ts";
import { measureGrowth } from "./growth.ts";
import { measureHandOver } from "./hand_over.ts";
import { thisMachine } from "./machine.ts";
import * as markdown from "./markdown.ts";
import { type Effort, measure } from "./measure.ts";
import { measureMemory } from "./memory.ts";
import { writePage } from "./page.ts";
import type { Report } from "./report.ts";
import { type Shape, shapes } from "./shapes.ts";
import { sizes } from "./values.ts";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    million: { type: "boolean", default: false },
    "in-process": { type: "boolean", default: false },
    only: { type: "string" },
    db: { type: "string" },
    size: { type: "string" },
    rounds: { type: "string" },
    save: { type: "string" },
    from: { type: "string" },
  },
});

/** The names of a flag, or all there are; throws on a name that is none of them. */
function chosen(flag: string | undefined, all: readonly string[]): string[] {
  const names = flag?.split(",") ?? [...all];
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length === 0) return names;
  throw new TypeError(
    `Unknown: ${unknown.join(", ")}. Choose from ${all.join(", ")}`,
  );
}

const others = ["growth", "memory", "handover"];
const parts = chosen(flags.only, [...shapes.map(({ key }) => key), ...others]);
const dbs = chosen(flags.db, Object.keys(databases)) as DatabaseKey[];
const sizeNames = chosen(flags.size, Object.keys(sizes));
const { quick, million } = flags;
if (flags.rounds !== undefined && !/^[1-9]\d*$/.test(flags.rounds)) {
  throw new TypeError(`Not a number of rounds: ${flags.rounds}`);
}

/** What is enough to tell something; a distant database takes longest, and varies least. */
function effortOf(db: DatabaseKey, { key }: Shape): Effort {
  const loopback = !flags["in-process"];
  if (quick) {
    return { warming: 0, rounds: 1, bursts: 1, requests: 2, loopback };
  }
  const isFar = db === "remote";
  // Where nothing is asked for, only what is warm tells anything.
  const isSlow = isFar && key !== "ignored";
  const rounds = Number(flags.rounds ?? (isSlow ? 12 : 50));
  return {
    warming: isSlow ? 3 : 30,
    rounds,
    bursts: Math.ceil(rounds / (isFar ? 2 : 3)),
    requests: isFar ? 8 : 32,
    loopback,
  };
}

async function run(): Promise<Report> {
  const report: Report = { machine: thisMachine(), tables: [] };
  for (const size of quick ? sizeNames.slice(0, 1) : sizeNames) {
    for (const db of dbs) {
      for (const shape of shapes) {
        if (!parts.includes(shape.key)) continue;
        // A hundred in a row, and far away, take longer than a moment.
        if (quick && db === "remote" && shape.key === "one") continue;
        const table = await measure(shape, db, size, effortOf(db, shape));
        report.tables.push(table);
        const title = `${shape.title}, ${databases[db]}, values of ${size}`;
        tell(title, () => markdown.tableOf([table]));
      }
    }
  }
  if (parts.includes("growth")) {
    const counts = [1000, ...quick ? [] : [100_000]];
    if (million) counts.push(1_000_000);
    report.growth = await measureGrowth(counts, quick ? 1 : 100);
    tell("Many stored sessions", () => markdown.growthOf(report));
  }
  if (parts.includes("memory")) {
    report.memory = await measureMemory(quick ? 1000 : 10_000);
    tell("Many waiting requests", () => markdown.memoryOf(report));
  }
  if (parts.includes("handover")) {
    report.handOver = await measureHandOver(quick ? 1000 : 10_000);
    tell("A session that is never free", () => markdown.handOverOf(report));
  }
  return report;
}

/** Shows what was measured; a moment's figures mean nothing. */
function tell(title: string, table: () => string): void {
  console.log(quick ? title : `\n${title}\n\n${table()}`);
}

const { from, save, only, db, size } = flags;
const report: Report = from === undefined
  ? await run()
  : JSON.parse(await Deno.readTextFile(from));
if (save !== undefined) {
  await Deno.writeTextFile(save, JSON.stringify(report));
}
const whole = !quick && !flags["in-process"] &&
  [only, db, size].every((flag) => flag === undefined);
if (whole) await writePage(report);

const wrong = faults(report);
for (const fault of wrong) console.error(fault);
if (wrong.length > 0) Deno.exit(1);
if (quick) console.log("Every update was kept, by the KV calls expected");
