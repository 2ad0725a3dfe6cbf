import { Child } from "../child.ts";

const env = {
  DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
  DENO_KV_DB_MODE: "memory",
};

/**
 * Serves a Fresh app, on a stand-in for Fresh.
 *
 * @param file The file that exports `app`.
 * @param args `--routes` adds the routes in the folder `routes` beside it.
 */
export function serveFresh(file: string, ...args: "--routes"[]): Child {
  const flags = [
    "--allow-all",
    "--no-check",
    "--import-map=tests/fresh/import_map.json",
  ];
  return new Child(file, env, [...flags, "tests/fresh/serve.ts", ...args]);
}
