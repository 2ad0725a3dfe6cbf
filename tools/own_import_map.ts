const npm = import.meta.resolve("@std/assert").endsWith("/npm_assert.ts");

/** The URL of the import map of this very run: a child imports what its parent does. */
export const importMap = new URL(
  npm ? "npm_import_map.json" : "../deno.json",
  import.meta.url,
).href;
