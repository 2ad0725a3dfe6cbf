/**
 * Runs the randomised tests in rounds, each with a seed of its own and many
 * more cases than the suite has, until the time is up or one fails.
 *
 * ```sh
 * deno run -A tools/soak.ts 10 # minutes
 * ```
 *
 * @module
 */

const minutes = Number(Deno.args[0] ?? 10);
if (!(minutes > 0)) {
  console.error(`Expected a number of minutes, received ${Deno.args[0]}`);
  Deno.exit(2);
}

/** The tests, and how many cases of each make a round. */
const tests: readonly (readonly [file: string, env: Record<string, string>])[] =
  [
    ["tests/model_test.ts", { MODELS: "20000" }],
    ["tests/histories_test.ts", { HISTORIES: "20000" }],
    ["tests/interleavings_test.ts", { SCHEDULES: "20000" }],
    ["tests/fuzz_test.ts", { FUZZ: "1000000" }],
    ["tests/kill_test.ts", { KILLS: "100" }],
  ];

const cwd = new URL("../", import.meta.url);

/** Runs Deno to its end; what it prints is the answer. */
async function deno(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ success: boolean; printed: string; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const printed = decode(stdout);
  return { success, printed, text: printed + decode(stderr) };
}

const found = await deno(["run", "-A", "--no-config", "tools/import_map.ts"]);
const importMap = found.printed.trim();
const until = performance.now() + minutes * 60_000;
const totals = new Map<string, { runs: number; seconds: number }>();
let rounds = 0;

function tell(): void {
  for (const [file, { runs, seconds }] of totals) {
    const [, env] = tests.find(([name]) => name === file)!;
    const [[name, count]] = Object.entries(env) as [[string, string]];
    const cases = runs * Number(count);
    console.log(`${file}: ${name} ${cases} in ${Math.round(seconds)} s`);
  }
}

while (performance.now() < until) {
  rounds++;
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
  console.log(`round ${rounds}, seed ${seed}`);
  for (const [file, env] of tests) {
    if (performance.now() >= until) break;
    const all: Record<string, string> = { ...env, SEED: String(seed) };
    const args = [
      "test",
      "--no-check",
      "-A",
      `--import-map=${importMap}`,
      file,
    ];
    const started = performance.now();
    const { success, text } = await deno(args, all);
    const seconds = (performance.now() - started) / 1000;
    console.log(`  ${file}: ${success ? "ok" : "FAILED"}, ${seconds | 0} s`);
    if (!success) {
      const given = Object.entries(all).map((pair) => pair.join("="));
      console.log(text);
      console.log(`Again: ${given.join(" ")} deno ${args.join(" ")}`);
      tell();
      Deno.exit(1);
    }
    const total = totals.get(file) ?? { runs: 0, seconds: 0 };
    totals.set(file, {
      runs: total.runs + 1,
      seconds: total.seconds + seconds,
    });
  }
}
console.log(`no failure in ${rounds} rounds`);
tell();
