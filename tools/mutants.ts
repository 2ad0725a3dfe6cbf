/**
 * Breaks the library on purpose, one line at a time, and tells which test goes
 * red. A breakage that no test notices fails the run: a test is missing.
 *
 * ```sh
 * deno run -A tools/mutants.ts [--only=<part of a name>] [--sample=N] [--jobs=N]
 * ```
 *
 * @module
 */
import { type Mutant, mutants } from "./mutations.ts";

const timeout = 90_000;

/** Which tests look at a file most closely; they go first. */
const closest: Record<string, RegExp> = {
  store:
    /^(?:removed_behind|commits_twice|faults_lost|faults_gave|faults_hand|faults_late|touch|races|lock_comes|log)/,
  commit: /^(?:faults_lost|faults_gave|faults_late|kv|update_lost|faults)_/,
  record: /^(?:record|lifetimes|deadlines|corrupt)/,
  json: /^json_/,
  values: /^(?:unread_values|json)_/,
  data: /^(?:data|values|size)_/,
  token: /^(?:token|asvs_secrets)_/,
  cookie: /^(?:cookie|set_cookie|hostile)/,
  response: /^(?:response|cache_headers|respond)_/,
  lease:
    /^(?:faults_renewal|faults_turns|faults_hand|session_signal|line|login)/,
  line: /^(?:place|line|faults_turns|asvs_concurrency)/,
  lock:
    /^(?:ended|held_long|line|asvs_secrets|read_of_ended|lock_comes|deadlines|log|faults)/,
  visit:
    /^(?:held_long|states|corrupt_values|session|extended|touch|log|faults_renewal|deadlines)/,
  flash: /^session_(?:flash|reads)/,
  session: /^(?:states|session|unawaited)/,
  clock: /^clock_/,
  timers: /^timers/,
  watchers: /^session_changes/,
  events: /^events/,
};
/** Then what kills fast, and then the rest; each group is one process. */
const groups = [
  /^(?:record|token|cookie|response|data|states|session|extended|line)/,
  /^(?:overlap|log|asvs|races|lock|faults|lifetimes|deadlines|update)/,
  /^(?:interleavings|histories)/,
  /^/,
];
/** They start processes of their own, and test no line that the others do not. */
const leftOut =
  /^(?:processes|remote|readme|examples|demo|imports|node|simulate|telemetry_deno|fresh_app|.*docs|.*page)\w*_test/;

const root = new URL("../", import.meta.url);
const notCopied = new Set([".git", "node_modules", "coverage"]);

async function copy(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (notCopied.has(name)) continue;
    if (isDirectory) await copy(new URL(`${name}/`, from), `${to}/${name}`);
    if (isFile) await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

async function deno(cwd: string | URL, args: string[]) {
  const signal = AbortSignal.timeout(timeout);
  const env = { NO_COLOR: "1" };
  const output = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env,
    signal,
  }).output();
  const text = new TextDecoder();
  return {
    ok: output.success,
    hung: signal.aborted,
    stdout: text.decode(output.stdout),
    stderr: text.decode(output.stderr),
  };
}

/** The path, inside the project, of the import map to use on this machine. */
async function importMap(): Promise<string> {
  const { stdout } = await deno(root, [
    ...["run", "-A", "--no-config", "tools/import_map.ts"],
  ]);
  return stdout.trim().endsWith("/deno.json")
    ? "deno.json"
    : "tools/npm_import_map.json";
}

/** The tests in the order that suits a breakage of the file. */
async function testGroups(file: string): Promise<string[][]> {
  let left: string[] = [];
  for await (const { name } of Deno.readDir(new URL("tests/", root))) {
    if (name.endsWith("_test.ts") && !leftOut.test(name)) left.push(name);
  }
  left.sort();
  const found: string[][] = [];
  const first = closest[file.replace(/^src\/|\.ts$/g, "")];
  for (const group of first === undefined ? groups : [first, ...groups]) {
    found.push(left.filter((name) => group.test(name)));
    left = left.filter((name) => !group.test(name));
  }
  return found.filter((names) => names.length > 0);
}

/** In how many places of the source the breakage fits. */
function places(source: string, { find }: Mutant): number {
  return source.split(find).length - 1;
}

function broken(source: string, { find, replace }: Mutant): string {
  return find === "" ? source : source.split(find).join(replace);
}

/** What the first test that fails in the copy is; `null` if none does. */
async function failure(
  dir: string,
  file: string,
): Promise<string | null> {
  for (const names of await testGroups(file)) {
    const { ok, hung, stdout, stderr } = await deno(dir, [
      ...["test", "--allow-all", "--no-check", "--fail-fast"],
      ...[`--import-map=${map}`, ...names.map((name) => `tests/${name}`)],
    ]);
    if (ok) continue;
    if (hung) return `hung in ${names[0]} or after it`;
    const failed = /^(.*) => \.\/(tests\/\S+?):\d+/m.exec(stdout);
    if (failed !== null) return `${failed[2]}: ${failed[1]}`;
    return /\((uncaught error)\)/.exec(stdout)?.[1] ??
      stderr.trim().split("\n").at(-1) ?? "unknown";
  }
  return null;
}

function option(name: string): string | undefined {
  const start = `--${name}=`;
  return Deno.args.find((arg) => arg.startsWith(start))?.slice(start.length);
}

function chosen(): readonly Mutant[] {
  const only = option("only");
  const sample = Number(option("sample") ?? mutants.length);
  const some = mutants.filter(({ name }) => name.includes(only ?? ""));
  const step = Math.max(1, some.length / sample);
  return some.filter((_, i) => Math.floor(i % step) === 0);
}

const sources = new Map<string, string>();
for (const { file } of mutants) {
  sources.set(file, await Deno.readTextFile(new URL(file, root)));
}
const misfits = mutants.filter((mutant) =>
  places(sources.get(mutant.file)!, mutant) !== 1
);
if (misfits.length > 0) {
  throw new Error(
    `No longer found once: ${misfits.map(({ name }) => name).join("; ")}`,
  );
}

const map = await importMap();
// First nothing is broken: else every mutant would look killed.
const intact: Mutant = {
  name: "no mutant",
  file: "mod.ts",
  find: "",
  replace: "",
};
const queue = [intact, ...chosen()];
const count = queue.length - 1;
const survivors: string[] = [];
const temporary = await Deno.makeTempDir({ prefix: "mutants" });

async function work(dir: string): Promise<void> {
  for (let mutant; (mutant = queue.shift()) !== undefined;) {
    const path = `${dir}/${mutant.file}`;
    const source = sources.get(mutant.file) ?? await Deno.readTextFile(path);
    await Deno.writeTextFile(path, broken(source, mutant));
    const killer = await failure(dir, mutant.file);
    await Deno.writeTextFile(path, source);
    console.log(`${mutant.name} → ${killer ?? "SURVIVED"}`);
    if (mutant === intact) {
      if (killer !== null) throw new Error("The tests fail without a mutant");
    } else if (killer === null) survivors.push(mutant.name);
  }
}

try {
  const dirs = Array.from(
    { length: Number(option("jobs") ?? 2) },
    (_, i) => `${temporary}/${i}`,
  );
  await Promise.all(dirs.map((dir) => copy(root, dir)));
  await Promise.all(dirs.map(work));
} finally {
  await Deno.remove(temporary, { recursive: true });
}
console.log(
  `\n${count - survivors.length} killed, ${survivors.length} survived`,
);
for (const name of survivors) console.log(`survived: ${name}`);
Deno.exit(survivors.length === 0 ? 0 : 1);
