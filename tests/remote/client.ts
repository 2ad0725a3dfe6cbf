/**
 * A process that increments sessions of a remote database. Its argument is a
 * `Task`, and it prints a `Report`, both as JSON.
 */
import { type Session, SessionError } from "@aerys/session";
import { random, sleep } from "./chance.ts";
import { browserOf, type Report, type Task } from "./processes.ts";

const task: Task = JSON.parse(Deno.args[0]!);
const { name, lease } = task;
const longestHold = 600;
const report: Report = {
  acknowledged: [],
  refused: [],
  unknown: [],
  errors: {},
  untyped: [],
  longest: { open: 0, save: 0, update: 0 },
};

// Whatever becomes of its parent, it ends.
const end = setTimeout(() => Deno.exit(1), task.time + 60_000);
const started = performance.now();
const chance = random(task.seed);
let serials = 0;

/** Makes one increment, with a serial of its own whether or not it succeeds. */
async function increment(session: Session): Promise<void> {
  const serial = ++serials;
  let told = report.refused;
  try {
    if (chance() < 0.5) {
      told = report.unknown;
      await timed("update", () => session.update(() => add(session, serial)));
    } else {
      await timed("open", () => session.open());
      await add(session, serial);
      told = report.unknown;
      await timed("save", () => session.save());
    }
    told = report.acknowledged;
  } catch (error) {
    if (!(error instanceof SessionError)) {
      report.untyped.push(String(error));
      return;
    }
    // Every other error says that nothing was written.
    if (error.code !== "ERR_STORE") told = report.refused;
    const what = `${error.code}: ${error.message}`.replace(/\d+ ms/, "… ms");
    report.errors[what] = (report.errors[what] ?? 0) + 1;
  } finally {
    told.push(serial);
  }
}

async function add(session: Session, serial: number): Promise<void> {
  if (session.isNew) throw new Error("the session is gone");
  session.set(name, [...session.get<number[]>(name) ?? [], serial]);
  session.set("count", session.get<number>("count")! + 1);
  // With a short lease, long enough for renewals, and for it to run out when they fail.
  if (chance() < 0.1) await sleep(longestHold * chance());
}

async function timed(
  call: keyof Report["longest"],
  run: () => Promise<unknown>,
): Promise<void> {
  const sentAt = performance.now();
  try {
    await run();
  } finally {
    const took = Math.round(performance.now() - sentAt);
    report.longest[call] = Math.max(report.longest[call], took);
  }
}

using kv = await Deno.openKv(task.url);
const options = { kv, lock: { timeout: task.timeout, lease } };
await Promise.all([...task.cookies, ...task.cookies].map(async (cookie) => {
  const browser = browserOf(options, cookie);
  while (
    report.acknowledged.length < task.increments &&
    performance.now() - started < task.time
  ) await browser.visit(increment);
}));
console.log(JSON.stringify(report));
clearTimeout(end);
