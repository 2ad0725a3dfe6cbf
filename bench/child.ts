import { importMap } from "../tools/own_import_map.ts";

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
      `--import-map=${importMap}`,
      new URL(file, import.meta.url).href,
      ...args.map(String),
    ],
    stdin: "null",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot measure: ${file} has failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
