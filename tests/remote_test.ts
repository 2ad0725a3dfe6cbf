import { assert, assertEquals } from "@std/assert";
import { whyNoEngine } from "./remote/engine.ts";
import { KvConnect } from "./remote/kv_connect.ts";
import { Ledger } from "./remote/ledger.ts";
import { createSessions, increment, readSessions } from "./remote/processes.ts";

const reason = await whyNoEngine();
if (reason !== null) console.log(`Ignored, for lack of @deno/kv: ${reason}`);

/** How many writes fail, and what the processes do meanwhile. */
const runs = [
  { percent: 0, increments: 150, timeout: 10_000, lease: 5000 },
  { percent: 10, increments: 60, timeout: 10_000, lease: 300 },
  { percent: 30, increments: 40, timeout: 10_000, lease: 300 },
  // A lease that nobody can wait for: no lock may be left behind.
  { percent: 30, increments: 40, timeout: 30_000, lease: 60_000 },
];

for (const { percent, ...run } of runs) {
  const { lease, timeout } = run;
  Deno.test({
    name:
      `Session tells three processes the truth on a remote database where ${percent} % of the writes fail, with a lease of ${lease} ms`,
    ignore: reason !== null,
    async fn() {
      const directory = await Deno.makeTempDir();
      try {
        await using server = await KvConnect.start(`${directory}/kv.db`);
        const cookies = await createSessions(server);
        if (percent > 0) {
          server.fail({ rate: percent / 100, seed: percent, restartAt: 150 });
        }
        const task = { cookies, ...run, time: 30_000 };
        const reports = await increment(server, task);
        await server.recover();
        const ledger = new Ledger(reports, await readSessions(server, cookies));
        console.log(`${ledger}\n  faults: ${JSON.stringify(server.injected)}`);
        ledger.check(timeout);
        const kinds = Object.values(server.injected);
        if (percent > 0) assert(kinds.every((times) => times > 0));
        const locks = Object.keys(ledger.errors)
          .filter((error) => error.startsWith("ERR_LOCK"));
        if (lease > 300) assertEquals(locks, []);
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    },
  });
}
