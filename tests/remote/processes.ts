import { importMap } from "../../tools/own_import_map.ts";
import { Browser, browserWith } from "../support.ts";

/** A server of KV Connect. */
export interface Remote {
  readonly url: string;
  readonly token: string;
}

/** What a process is told to do. */
export interface Task {
  readonly url: string;
  /** The key under which it keeps the serials of its increments. */
  readonly name: string;
  /** The cookies of the sessions that it shares with other processes. */
  readonly cookies: readonly string[];
  /** How many increments it makes, if there is time for them. */
  readonly increments: number;
  /** How long it may go on, in ms. */
  readonly time: number;
  /** The longest that an operation may take, and the lease of its locks, in ms. */
  readonly timeout: number;
  readonly lease: number;
  readonly seed: number;
}

/** What a process was told about its increments, by their serials. */
export interface Report {
  /** `save()` succeeded. */
  readonly acknowledged: number[];
  /** `open()` failed, or `save()` with an error that says that nothing was written. */
  readonly refused: number[];
  /** The failure was `ERR_STORE`, which may be said of both. */
  readonly unknown: number[];
  /** How often there was which error, by code and message. */
  readonly errors: Record<string, number>;
  /** The errors without a code. */
  readonly untyped: string[];
  /** The longest that a call took, in ms. */
  readonly longest: { open: number; save: number; update: number };
}

/** The names of the processes. */
export const names = ["p0", "p1", "p2"];

/** Makes sessions with a `count` of 0, and gives their cookies. */
export async function createSessions(remote: Remote): Promise<string[]> {
  using kv = await openRemote(remote);
  const browsers = [1, 2, 3, 4].map(() => browserWith({ kv }, { count: 0 }));
  return (await Promise.all(browsers)).map(({ cookie }) => cookie);
}

/** What the sessions hold. */
export async function readSessions(
  remote: Remote,
  cookies: readonly string[],
): Promise<Map<string, unknown>[]> {
  using kv = await openRemote(remote);
  return await Promise.all(cookies.map(async (cookie) => {
    const browser = browserOf({ kv }, cookie);
    return await browser.visit(async (session) => {
      await session.read();
      return new Map(session.entries());
    });
  }));
}

/** Lets three processes increment the sessions at once. */
export async function increment(
  remote: Remote,
  options: Pick<Task, "cookies" | "increments" | "time" | "timeout" | "lease">,
): Promise<Report[]> {
  return await Promise.all(names.map((name, seed) => {
    const task: Task = { ...options, url: remote.url, name, seed };
    return run(task, remote);
  }));
}

/** A browser with this cookie. */
export function browserOf(
  options: Browser["options"],
  cookie: string,
): Browser {
  const browser = new Browser(options);
  const [name, value] = cookie.split("=") as [string, string];
  browser.cookies.set(name, value);
  return browser;
}

/** Opens the database as an application does. */
export async function openRemote({ url, token }: Remote): Promise<Deno.Kv> {
  Deno.env.set("DENO_KV_ACCESS_TOKEN", token);
  return await Deno.openKv(url);
}

const command = [
  "run",
  "--quiet",
  "--no-check",
  "--allow-all",
  "--unstable-kv",
  `--import-map=${importMap}`,
  new URL("client.ts", import.meta.url).href,
];

async function run(task: Task, { token }: Remote): Promise<Report> {
  const child = await new Deno.Command(Deno.execPath(), {
    args: [...command, JSON.stringify(task)],
    env: { DENO_KV_ACCESS_TOKEN: token },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  // Deno prints a line for everything that it sends again, which is of no interest.
  if (!child.success) throw new Error(`${task.name}: ${text(child.stderr)}`);
  return JSON.parse(text(child.stdout));
}
