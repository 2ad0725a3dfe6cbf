import { cpus } from "node:os";

/** Where and when the figures are from. */
export interface Machine {
  readonly cpus: number;
  readonly model: string;
  /** Memory in GiB. */
  readonly memory: number;
  readonly os: string;
  readonly deno: string;
  /** The day, in UTC. */
  readonly date: string;
  /** How many processes wanted to run in the minute before. */
  readonly load: number;
}

/** Describes this machine. */
export function thisMachine(): Machine {
  return {
    cpus: navigator.hardwareConcurrency,
    model: cpus()[0]?.model.replace(/\s+/g, " ").trim() ?? "unknown",
    memory: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    os: `${Deno.build.os} ${Deno.osRelease()} (${Deno.build.arch})`,
    deno: Deno.version.deno,
    date: new Date().toISOString().slice(0, 10),
    load: Deno.loadavg()[0]!,
  };
}
