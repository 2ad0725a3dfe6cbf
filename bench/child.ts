// A child imports what its parent does.
const npm = import.meta.resolve("@std/assert").endsWith("/npm_assert.ts");
const importMap = npm ? "../tools/npm_import_map.json" : "../deno.json";

/** Runs a file of this folder in a process of its own; resolves to the JSON that it prints. */
export async function child<T>(
  file: string,
  args: readonly (string | number)[],
): Promise<T> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "--allow-all",
      "--unstable-kv",
      "--v8-flags=--expose-gc",
      `--import-map=${new URL(importMap, import.meta.url).href}`,
      new URL(file, import.meta.url).href,
      ...args.map(String),
    ],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure: ${file} has failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
