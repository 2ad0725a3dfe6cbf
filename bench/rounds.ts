/** Something that is timed. */
export interface Timed {
  /** Does the work. */
  batch(): Promise<void>;
  /** Looks at what was done; not timed. */
  check?(): Promise<void>;
}

/**
 * Times all in turn, round after round and each round in another order, so that
 * whatever else the machine does hits all alike, and nobody always comes after
 * the same other.
 *
 * @returns The ms that each took, by round.
 */
export async function interleave<T extends Timed>(
  all: readonly T[],
  rounds: number,
): Promise<Map<T, number[]>> {
  const times = new Map<T, number[]>(all.map((one) => [one, []]));
  for (let round = 0; round < rounds; round++) {
    for (const one of shuffled(all)) {
      const before = performance.now();
      await one.batch();
      times.get(one)!.push(performance.now() - before);
      await one.check?.();
    }
  }
  return times;
}

function shuffled<T>(all: readonly T[]): T[] {
  return all.map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
