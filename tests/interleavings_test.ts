import { assert } from "@std/assert";
import { randomOf, seed } from "./proof/random.ts";
import { type Act, play, type Scenario } from "./proof/scenarios.ts";
import { everySchedule, replay, someSchedules } from "./proof/scheduler.ts";

/** How many orders of three requests in three processes; `all` runs each. */
const triplesAsked = Deno.env.get("SCHEDULES") ?? "600";
/** The choices of a schedule that failed, with `--filter` for its scenario. */
const choices = Deno.env.get("REPLAY")?.split(",").map(Number);

const acts: Act[] = [
  "save",
  "unlock",
  "read",
  "update",
  "rotate",
  "destroy",
  "frozen",
];
const pairs = acts.flatMap((a, i) => acts.slice(i).map((b): Act[] => [a, b]));
const triples: Act[][] = [
  ["save", "save", "save"],
  ["save", "save", "destroy"],
  ["save", "rotate", "destroy"],
  ["save", "frozen", "destroy"],
  ["save", "frozen", "rotate"],
  ["update", "rotate", "read"],
  ["update", "update", "save"],
  ["update", "frozen", "destroy"],
  ["save", "unlock", "destroy"],
  ["frozen", "frozen", "save"],
  ["rotate", "rotate", "save"],
  ["destroy", "destroy", "save"],
];

let total = 0;

function test(name: string, scenarios: Scenario[], most?: number): void {
  Deno.test(name, async () => {
    const before = total;
    for (const scenario of scenarios) {
      const run = (choose: (count: number) => number) => play(scenario, choose);
      if (choices !== undefined) {
        await replay(run, choices);
      } else if (most === undefined) {
        const { schedules, complete } = await everySchedule(run);
        assert(complete);
        total += schedules;
      } else {
        await someSchedules(run, most, randomOf(seed));
        total += most;
      }
    }
    console.log(`${total - before} schedules, ${total} so far`);
  });
}

for (const acts of pairs) {
  const [a, b] = acts;
  test(
    `every order of ${a} and ${b} keeps all promises`,
    [[false, false], [false, true], [true, false], [true, true]].map(
      ([together, due]) => ({ acts, together: together!, due: due! }),
    ),
  );
}

for (const acts of triples) {
  const names = acts.join(", ");
  const scenario = { acts, due: false };
  test(`every order of ${names} in one process keeps all promises`, [
    { ...scenario, together: true },
  ]);
  if (triplesAsked === "all") {
    test(`every order of ${names} in three processes keeps all promises`, [
      { ...scenario, together: false },
    ]);
  } else {
    test(
      `${triplesAsked} orders of ${names} in three processes, seed ${seed}, keep all promises`,
      [{ ...scenario, together: false }],
      Number(triplesAsked),
    );
  }
}
