import { assert } from "@std/assert";
import { type Act, play, type Scenario } from "./proof/scenarios.ts";
import { everySchedule, withoutThreads } from "./proof/scheduler.ts";

const most = Number(Deno.env.get("SCHEDULES") ?? 20_000);
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

let total = 0;

async function explore(scenario: Scenario): Promise<void> {
  const restore = withoutThreads();
  const t = performance.now();
  try {
    const { schedules, complete } = await everySchedule(
      (choose) => play(scenario, choose),
      most,
    );
    total += schedules;
    console.log(
      `${scenario.acts} ${scenario.together} ${scenario.due}: ${schedules} ${complete} ${
        Math.round(performance.now() - t)
      }ms`,
    );
    assert(complete);
  } finally {
    restore();
  }
}

for (const together of [false, true]) {
  const where = together ? "one process" : "two processes";
  for (const acts of pairs) {
    Deno.test(`every order of ${acts.join(" and ")} in ${where} keeps all promises`, async () => {
      await explore({ acts, together, due: false });
    });
  }
}
const triples: Act[][] = [
  ["save", "save", "save"],
  ["save", "save", "destroy"],
  ["save", "rotate", "destroy"],
  ["save", "frozen", "destroy"],
  ["save", "frozen", "rotate"],
  ["update", "rotate", "read"],
  ["save", "unlock", "destroy"],
  ["frozen", "frozen", "save"],
  ["rotate", "rotate", "save"],
  ["destroy", "destroy", "save"],
];
for (const together of [false, true]) {
  for (const acts of triples) {
    Deno.test(`every order of ${acts.join(", ")} in ${together}`, async () => {
      await explore({ acts, together, due: false });
    });
  }
}
for (const acts of pairs) Deno.test(`${acts} due`, () => explore({acts, together: false, due: true}));

Deno.test("total", () => console.log(total));
