import type { DatabaseKey } from "./databases.ts";
import { essentialName, ownName } from "./field.ts";
import type { Table } from "./measure.ts";

/** What a request of this library may take. */
export interface Target {
  readonly what: string;
  readonly shape: string;
  /** The most that it may take beside the bare calls; `null`: no more than any peer takes. */
  readonly most: number | null;
}

export const targets: readonly Target[] = [
  {
    what: "A request that ignores its session, beside one without sessions",
    shape: "ignored",
    most: 1.2,
  },
  {
    what: "`read()`, beside a bare `kv.get()`",
    shape: "read",
    most: 1.1,
  },
  {
    what: "`open()` and `save()`, beside the bare three calls",
    shape: "open",
    most: 1.15,
  },
  {
    what: "`update()`, beside the bare two calls",
    shape: "update",
    most: 1.1,
  },
  {
    what: "`update()`, beside the fastest peer that keeps its sessions in KV",
    shape: "update",
    most: null,
  },
];

/** Those in process that read and write KV. */
const peers = ["hono-sessions", "@remix-run/session"];

/** How a target was met. */
export interface Outcome {
  readonly ratio: number;
  readonly met: boolean;
  /** What the work takes that no session can do without; `null` where there is none. */
  readonly essential: number | null;
}

/** How a target was met, on one database with values of one size. */
export function outcome(
  { shape, most }: Target,
  tables: readonly Table[],
  { db, size }: { db: DatabaseKey; size: string },
): Outcome | null {
  const table = tables.find((table) =>
    table.shape === shape && table.db === db && table.size === size
  );
  if (table === undefined) return null;
  const find = (name: string) => table.rows.find((row) => row.name === name);
  const ratioOf = (name: string) => find(name)!.ratio.median;
  const beside = most === null ? Math.min(...peers.map(ratioOf)) : 1;
  const ratio = ratioOf(ownName) / beside;
  const essential = find(essentialName);
  return {
    ratio,
    met: ratio <= (most ?? 1),
    essential: essential === undefined ? null : essential.ratio.median / beside,
  };
}
