import { child } from "./child.ts";

/** Bytes of memory. */
export interface Bytes {
  /** What the objects of the program take. */
  readonly heap: number;
  /** What the process takes. */
  readonly rss: number;
}

/** What a waiting request takes. */
export interface Memory {
  readonly waiting: number;
  /** A request that waits in `open()`. */
  readonly own: Bytes;
  /** A request that waits for a promise, and has no session. */
  readonly bare: Bytes;
}

/** Measures the memory of requests that wait for one session, in processes of their own. */
export async function measureMemory(waiting: number): Promise<Memory> {
  const own = await child<Bytes>("memory_child.ts", [waiting]);
  const bare = await child<Bytes>("memory_child.ts", [waiting, "bare"]);
  return { waiting, own, bare };
}
