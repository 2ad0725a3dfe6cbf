import { type Calls, delayed } from "./calls.ts";

/** How far the database of the third kind is away, in ms each call. */
const distance = 5;

/** A database, and what it takes to get rid of it. */
export interface Database extends AsyncDisposable {
  readonly kv: Calls;
}

/** What `--db` calls a kind of database. */
export type DatabaseKey = "memory" | "file" | "remote";

/** The kinds of databases, as the tables call them. */
export const databases: Readonly<Record<DatabaseKey, string>> = {
  memory: "in memory",
  file: "a file",
  remote: `in memory, ${distance} ms away`,
};

/** Opens a new, empty database. */
export async function openDatabase(key: DatabaseKey): Promise<Database> {
  if (key === "file") return await openFile();
  const kv = await Deno.openKv(":memory:");
  return {
    kv: key === "memory" ? kv : delayed(kv, distance),
    [Symbol.asyncDispose]: () => Promise.resolve(kv.close()),
  };
}

/** Opens a new database in a file of its own. */
export async function openFile(): Promise<
  Database & { readonly kv: Deno.Kv; readonly path: string }
> {
  const directory = await Deno.makeTempDir({ prefix: "session_bench_" });
  const path = `${directory}/kv.sqlite`;
  const kv = await Deno.openKv(path);
  return {
    kv,
    path,
    async [Symbol.asyncDispose]() {
      kv.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}
