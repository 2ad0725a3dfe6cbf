import { ownName } from "./field.ts";
import type { Table } from "./measure.ts";
import type { Spread } from "./statistics.ts";

/** A contender, and how much of what it should have kept it kept. */
export interface Bar {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly of: number;
  readonly mark: string;
}

/** The contenders that are drawn: the row, the name on the chart, and the mark. */
export const contenders: readonly {
  row: string;
  name: string;
  mark: string;
}[] = [
  { row: ownName, name: ownName, mark: "own" },
  { row: "hono-sessions", name: "hono-sessions", mark: "hono" },
  { row: "@remix-run/session", name: "@remix-run/session", mark: "remix" },
  { row: "iron-session", name: "iron-session", mark: "iron" },
  {
    row: "express-session over node:http",
    name: "express-session",
    mark: "express",
  },
];

/** What each contender kept of 100 increments at once. */
export function keptBars(tables: readonly Table[]): Bar[] {
  const table = tables.find(({ shape }) => shape === "one")!;
  return contenders.map(({ row, name, mark }) => {
    // Both ways of this library: the worse of them.
    const all = table.rows
      .filter((other) => other.name === row || other.name.startsWith(`${row},`))
      .map(({ kept }) => kept!);
    const least = Math.min(...all.map(({ least }) => least));
    const most = Math.max(...all.map(({ most }) => most));
    return { name, least, most, of: all[0]!.of, mark };
  });
}

/** What one shape took each contender. */
export interface DotRow {
  readonly label: string;
  readonly dots: readonly {
    readonly name: string;
    readonly mark: string;
    readonly ratio: Spread;
  }[];
}

const labels: Readonly<Record<string, string>> = {
  ignored: "session ignored",
  read: "read only",
  open: "open() and save()",
  update: "update()",
  login: "login with a new id",
};

/** The times of the shapes whose requests come one after another. */
export function dotRows(tables: readonly Table[]): DotRow[] {
  return Object.entries(labels).map(([shape, label]) => {
    const table = tables.find((table) => table.shape === shape)!;
    const dots = contenders.flatMap(({ row, name, mark }) => {
      const found = table.rows.find((other) => other.name === row);
      return found === undefined ? [] : [{ name, mark, ratio: found.ratio }];
    });
    return { label, dots };
  });
}
