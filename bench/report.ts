import type { Growth } from "./growth.ts";
import type { HandOver } from "./hand_over.ts";
import type { Machine } from "./machine.ts";
import type { Table } from "./measure.ts";
import type { Memory } from "./memory.ts";

/** All that a run has measured. */
export interface Report {
  readonly machine: Machine;
  readonly tables: Table[];
  memory?: Memory;
  growth?: Growth[];
  handOver?: HandOver;
}
