import { assert } from "@std/assert";
import fc from "fast-check";
import { live } from "./proof/history.ts";
import { randomOf, seed } from "./proof/random.ts";

const runs = Number(Deno.env.get("HISTORIES") ?? 3000);
const hour = 3600_000;

const request = fc.record({
  act: fc.constantFrom("save", "unlock", "read", "update", "rotate", "destroy"),
  machine: fc.integer({ min: 0, max: 2 }),
});
const skew = fc.integer({ min: -hour / 2, max: hour / 2 });
const history = fc.record({
  plan: fc.array(request, { minLength: 3, maxLength: 6 }),
  skews: fc.tuple(skew, skew, skew),
  faulty: fc.constantFrom(0, 5, 15, 30),
  seed: fc.integer(),
});

Deno.test("no history of requests over a faulty database breaks a promise", async () => {
  const codes = new Map<string, number>();
  let faults = 0;
  await fc.assert(
    fc.asyncProperty(history, async ({ plan, skews, faulty, seed }) => {
      const told = await live(plan, {
        skews,
        faulty,
        random: randomOf(seed),
      });
      faults += told.faults;
      for (const code of told.codes) {
        codes.set(code || "done", (codes.get(code || "done") ?? 0) + 1);
      }
    }),
    { numRuns: runs, seed },
  );
  const outcomes = [...codes].map(([code, count]) => `${code} ${count}`);
  console.log(
    `${runs} histories, seed ${seed}, ${faults} faults; requests: ${
      outcomes.join(", ")
    }`,
  );
  assert(faults > 0 && (codes.get("done") ?? 0) > runs);
});
