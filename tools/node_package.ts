/**
 * Builds the package that `npm install` takes, `aerys-session-<version>.tgz`,
 * in the directory given or else in this one, and prints where it is.
 *
 * `deno pack` compiles and packs. It leaves the names of an import map as they
 * are (https://github.com/denoland/deno/issues/36017), so it is given a copy of
 * the source that names the packages of `tools/npm_import_map.json` themselves.
 *
 * ```sh
 * deno run -A --no-config tools/node_package.ts
 * ```
 *
 * @module
 */
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(join(root, path)));
}

/** Copies a file or a directory of the repository, with npm's names in the code. */
async function copy(
  path: string,
  to: string,
  imports: Record<string, string>,
): Promise<void> {
  if ((await Deno.stat(join(root, path))).isDirectory) {
    await Deno.mkdir(join(to, path));
    for await (const { name } of Deno.readDir(join(root, path))) {
      await copy(join(path, name), to, imports);
    }
    return;
  }
  const text = await Deno.readTextFile(join(root, path));
  const code = text.replaceAll(/(?<= from ")[^"]+(?=";)/g, (name) => {
    const target = imports[name];
    return target?.startsWith("npm:") ? target : name;
  });
  await Deno.writeTextFile(join(to, path), path.endsWith(".ts") ? code : text);
}

const [directory = "."] = Deno.args;
const { publish, name, version, license, exports, compilerOptions } =
  await readJson("deno.json");
const { imports } = await readJson("tools/npm_import_map.json");
const file = `${name.slice(1).replace("/", "-")}-${version}.tgz`;
const output = resolve(directory, file);

const source = await Deno.makeTempDir();
try {
  for (const path of publish.include) {
    if (path !== "deno.json") await copy(path, source, imports);
  }
  const config = { name, version, license, exports, compilerOptions };
  await Deno.writeTextFile(join(source, "deno.json"), JSON.stringify(config));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["pack", "--quiet", "--no-source-maps", `--output=${output}`],
    cwd: source,
  }).output();
  if (success) console.log(output);
  else {
    await Deno.stderr.write(stderr);
    Deno.exitCode = 1;
  }
} finally {
  await Deno.remove(source, { recursive: true });
}
