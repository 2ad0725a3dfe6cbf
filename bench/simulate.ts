/**
 * Simulates many processes that share sessions through a database.
 *
 * ```sh
 * deno run -A bench/simulate.ts                       # all studies: writes docs/scale.md and .svg
 * deno run -A bench/simulate.ts --quick               # what the model must keep, in seconds
 * deno run -A bench/simulate.ts --check               # the model beside the library
 * deno run -A bench/simulate.ts --rate=5000 --median=30 --routing=sticky   # one run
 * ```
 *
 * `--seed` (1) decides all that is left to chance. One run takes `--sessions`,
 * `--exponent`, `--rate` or `--clients` for each process, `--seconds`,
 * `--processes`, `--routing` (random or sticky), `--median` and `--tail` of a
 * call to the database, `--commit-limit`, `--mix`, `--hold`, `--life`,
 * `--crash-at`, `--crashing` and `--restart`: see `simulate/scenario.ts`.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { compareExactly, compareInRealTime } from "./simulate/comparison.ts";
import { quickCheck } from "./simulate/quick.ts";
import { checked, report } from "./simulate/report.ts";
import { describe, flags, scenarioOf } from "./simulate/scenario_flags.ts";
import { run } from "./simulate/studies.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    quick: { type: "boolean" },
    check: { type: "boolean" },
    ...flags,
  },
});
const { seed: seedText, quick, check, ...given } = values;
const seed = Number(seedText);

if (quick) {
  const wrong = await quickCheck(seed);
  for (const line of wrong) console.error(`WRONG: ${line}`);
  if (wrong.length > 0) Deno.exit(1);
  console.log("all as it must be");
} else if (check) {
  const tables = checked(await compareExactly(), await compareInRealTime());
  console.log(
    `In simulated time ${tables.sameRuns} of ${tables.exactRuns} runs make the same calls:\n`,
  );
  console.log(`${tables.exact}\n\nIn real time:\n\n${tables.real}\n`);
  console.log(tables.differences);
} else if (Object.keys(given).length > 0) {
  console.log(describe(run(scenarioOf(given, seed))));
} else {
  const { values, chart } = await report(seed);
  const url = (path: string) => new URL(path, import.meta.url);
  const template = await Deno.readTextFile(url("simulate/scale.md"));
  const page = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`No study gives {{${name}}}`);
    return value;
  });
  await Deno.writeTextFile(url("../docs/scale.md"), page);
  await Deno.writeTextFile(url("../docs/scale.svg"), chart);
  const format = ["fmt", "--quiet", url("../docs/scale.md").pathname];
  await new Deno.Command(Deno.execPath(), { args: format }).output();
}
