import { type DatabaseKey, databases } from "./databases.ts";
import type { Row, Table } from "./measure.ts";
import type { Report } from "./report.ts";
import { shapes } from "./shapes.ts";
import type { Spread } from "./statistics.ts";
import { outcome, targets } from "./targets.ts";
import { essentialName, noiseName, ownOfAllName } from "./field.ts";
import { sizes } from "./values.ts";

const keys = Object.keys(databases) as DatabaseKey[];

/** A table of Markdown; the first row is its head. */
function grid([head, ...rows]: readonly (readonly string[])[]): string {
  const rule = head!.map((_, i) => i === 0 ? "---" : "---:");
  return [head!, rule, ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

/** Three digits of a number. */
export function short(number: number): string {
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

/** A time in µs, with its unit. */
export function time(micros: number): string {
  return micros < 1000 ? `${short(micros)} µs` : `${short(micros / 1000)} ms`;
}

function ratio({ low, median, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

/** How many updates were kept, on all databases. */
function keptOf(rows: readonly Row[]): string {
  const all = rows.flatMap(({ kept }) => kept === null ? [] : [kept]);
  if (all.length === 0) return "";
  const [of, ...others] = new Set(all.map(({ of }) => of));
  if (others.length > 0) {
    // Batches of several sizes, which tell nothing apart from their sum.
    const sum = all.reduce((sum, kept) => sum + kept.sum, 0);
    const made = all.reduce((sum, kept) => sum + kept.made, 0);
    return `${sum} of ${made}`;
  }
  const least = Math.min(...all.map(({ least }) => least));
  const most = Math.max(...all.map(({ most }) => most));
  return least === most ? `${least} of ${of}` : `${least}–${most} of ${of}`;
}

/** The table of one shape, of some databases. */
export function tableOf(tables: readonly Table[]): string {
  const [first] = tables;
  const names = first!.rows.map(({ name }) => name);
  const named = (table: Table, name: string) =>
    table.rows.find((row) => row.name === name)!;
  const rows = names.map((name) => {
    const rows = tables.map((table) => named(table, name));
    const { reads, commits } = rows[0]!;
    return [
      name,
      keptOf(rows),
      ...rows.map((row) => `${ratio(row.ratio)}, ${time(row.micros)}`),
      `${+reads.toFixed(2)} / ${+commits.toFixed(2)}`,
    ];
  });
  // Who cannot do it; the floor, and variants, need not do everything.
  const partial = [essentialName, ownOfAllName];
  const unable = first!.unable.filter((name) => !partial.includes(name))
    .map((name) => [name, "none", ...tables.map(() => ""), ""]);
  const head = [
    "",
    "kept",
    ...tables.map(({ db }) => databases[db]),
    "reads / commits",
  ];
  return grid([head, ...rows, ...unable]);
}

/** The tables of all shapes with values of one size. */
export function tablesOf({ tables }: Report, size: string): string {
  return shapes.map((shape) => {
    const own = tables.filter((table) =>
      table.shape === shape.key && table.size === size
    );
    return `### ${shape.title}\n\n${tableOf(own)}`;
  }).join("\n\n");
}

/** Which targets were met. */
export function targetsOf({ tables }: Report): string {
  const rows = Object.keys(sizes).flatMap((size) =>
    targets.map((target) => [
      target.what,
      size,
      `≤ ${target.most ?? 1}`,
      ...keys.map((db) => {
        const found = outcome(target, tables, { db, size });
        if (found === null) return "";
        const { ratio, met, essential } = found;
        const least = essential === null ? "" : ` (${essential.toFixed(2)})`;
        return `${ratio.toFixed(2)}${least}, ${met ? "met" : "not met"}`;
      }),
    ])
  );
  const head = ["", "values", "target", ...keys.map((key) => databases[key])];
  return grid([head, ...rows]);
}

/** How far the bare calls were from themselves, and in how many rounds. */
export function noiseOf({ tables }: Report): string {
  const groups = keys.flatMap((db) =>
    [false, true].map((atOnce) => ({
      db,
      atOnce,
      own: tables.filter((table) =>
        table.db === db &&
        atOnce ===
          shapes.some(({ key, atOnce }) =>
            key === table.shape && atOnce !== undefined
          )
      ),
    }))
  );
  const rows = groups.map(({ db, atOnce, own }) => {
    const medians = own.flatMap(({ rows }) => rows)
      .filter(({ name }) => name.startsWith(noiseName))
      .map(({ ratio }) => ratio.median);
    return [
      `${databases[db]}, ${atOnce ? "at once" : "one after another"}`,
      String(Math.min(...own.map(({ rounds }) => rounds))),
      Math.min(...medians).toFixed(2),
      Math.max(...medians).toFixed(2),
    ];
  });
  return grid([["", "rounds", "lowest median", "highest median"], ...rows]);
}

export function machineOf({ machine }: Report): string {
  const { cpus, model, memory, os, deno, date, load } = machine;
  return `${date}, Deno ${deno}, ${cpus} × ${model}, ${memory} GiB, ${os}; load ` +
    `before the run: ${load.toFixed(1)}`;
}

export function memoryOf({ memory }: Report): string {
  const { waiting, own, bare } = memory!;
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  return grid([
    [`${waiting.toLocaleString("en")} requests`, "heap each", "process each"],
    ["that wait in `open()`", kib(own.heap), kib(own.rss)],
    [
      "that wait for a promise, without a session",
      kib(bare.heap),
      kib(bare.rss),
    ],
  ]);
}

export function growthOf({ growth }: Report): string {
  const deeds = ["read", "open", "update"] as const;
  return grid([
    ["stored sessions", "`read()`", "`open()`, `save()`", "`update()`"],
    ...growth!.map(({ sessions, ratios, micros }) => [
      sessions.toLocaleString("en"),
      ...deeds.map((deed) => `${ratio(ratios[deed])}, ${time(micros[deed])}`),
    ]),
  ]);
}

export function handOverOf({ handOver }: Report): string {
  const { loops, perSecond, times, median, longest, made, kept } = handOver!;
  return grid([
    ["", ""],
    [`answered per second, of ${loops} loops`, perSecond.toFixed(0)],
    ["times that the other process opened the session", String(times)],
    ["its median wait", time(median * 1000)],
    ["its longest wait", time(longest * 1000)],
    ["updates of both kept", `${kept} of ${made}`],
  ]);
}
