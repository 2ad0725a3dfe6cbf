import { noiseName, ownName } from "./field.ts";
import type { Row } from "./measure.ts";
import type { Report } from "./report.ts";

/** The calls to KV of one request of this library, by shape. */
const calls: Readonly<Record<string, { reads: number; commits: number }>> = {
  ignored: { reads: 0, commits: 0 },
  read: { reads: 1, commits: 0 },
  open: { reads: 1, commits: 2 },
  update: { reads: 1, commits: 1 },
};

/** The most calls of one of 100 increments at once. */
const atOnce = { reads: 0.5, commits: 1.25 };

/**
 * What is wrong with a run, apart from times: updates that this library lost,
 * and calls to KV that it should not make. The bare calls must not lose theirs
 * either, because all is compared with them.
 */
export function faults({ tables, handOver }: Report): string[] {
  const found = tables.flatMap(({ rows, shape, db, size }) =>
    rows.flatMap((row) =>
      faultsOf(row, shape).map((fault) =>
        `${row.name} (${shape}, ${db}, ${size}) ${fault}`
      )
    )
  );
  if (handOver !== undefined && handOver.kept !== handOver.made) {
    const { kept, made } = handOver;
    found.push(`two processes kept ${kept} of ${made}`);
  }
  return found;
}

function faultsOf(row: Row, shape: string): string[] {
  const { name, kept, reads, commits } = row;
  const isOwn = name.startsWith(ownName);
  if (!isOwn && !name.startsWith(noiseName)) return [];
  const found = [];
  if (kept !== null && (kept.least !== kept.of || kept.most !== kept.of)) {
    found.push(`kept ${kept.least} to ${kept.most} of ${kept.of}`);
  }
  if (!isOwn) return found;
  const made = `${reads} reads and ${commits} commits per request`;
  const expected = calls[shape];
  if (expected !== undefined) {
    if (reads !== expected.reads || commits !== expected.commits) {
      const { reads, commits } = expected;
      found.push(`made ${made} instead of ${reads} and ${commits}`);
    }
  } else if (shape === "one" && !name.includes(" over ")) {
    // Over sockets it is up to chance how many are there at once.
    if (reads > atOnce.reads || commits > atOnce.commits) {
      const { reads, commits } = atOnce;
      found.push(`made ${made} instead of at most ${reads} and ${commits}`);
    }
  }
  return found;
}
