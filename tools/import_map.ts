/**
 * Prints the import map to use on this machine: `deno.json`, which imports from
 * JSR, or `tools/npm_import_map.json`, which maps the same names to npm, for
 * networks from which only npm can be reached.
 *
 * ```sh
 * deno test --import-map=$(deno run -A --no-config tools/import_map.ts)
 * ```
 *
 * @module
 */

// Computed, so that nothing is resolved before this line runs.
const probe = ["jsr:", "@std/ulid", "@^1.0.0"].join("");
const root = new URL("../", import.meta.url);

async function reachesJsr(): Promise<boolean> {
  try {
    await import(probe);
    return true;
  } catch {
    return false;
  }
}

const map = await reachesJsr() ? "deno.json" : "tools/npm_import_map.json";
const url = new URL(map, root);
console.log(
  decodeURIComponent(url.pathname).replace(/^\/([A-Za-z]:)/, "$1"),
);
