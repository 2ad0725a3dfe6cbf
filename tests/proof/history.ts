import { SessionError, type SessionOptions, withSession } from "@aerys/session";
import type { Session } from "@aerys/session";
import { configOf } from "../../src/config.ts";
import { decodeContents } from "../../src/data.ts";
import { decodeRecord } from "../../src/record.ts";
import { type Fault, Scheduler } from "./scheduler.ts";
import { type Act, noRevival } from "./scenarios.ts";

/** Each change adds its name to the log, and leaves it under a key of its own for the next request. */
type Data = { log: string[]; [flash: `flash ${string}`]: string };

/** One request of a history. */
export interface Planned {
  readonly act: Act;
  /** The machine that serves it. */
  readonly machine: number;
}

/** What goes wrong, and in which order things happen. */
export interface Chance {
  /** The wall clocks of the machines, in ms ahead. */
  readonly skews: readonly number[];
  /** How many of 100 calls go wrong. */
  readonly faulty: number;
  /** A number in `[0, 1)`, another at each call. */
  readonly random: () => number;
}

/** What a request told, and when, counted in steps. */
interface Told {
  readonly name: string;
  readonly act: Act;
  readonly began: number;
  ended: number;
  /** `done`: acknowledged; `not`: surely without effect; `unknown`: either. */
  outcome: "done" | "not" | "unknown";
  /** The log that it saw, or left behind. */
  log: readonly string[] | null;
  /** Who has left something for it. */
  flashes: readonly string[];
  cookie: string | null;
  code: string;
}

const url = "http://localhost/";
const prefix = ["session"];
const onReads: Fault[] = ["refuse", "silence", "late"];
const onCommits: Fault[] = [
  "refuse",
  "throw after",
  "deny",
  "busy",
  "late",
  "silence",
  "drop",
];

/** Runs a history; throws when what the requests were told cannot have happened. */
export async function live(
  plan: readonly Planned[],
  { skews, faulty, random }: Chance,
): Promise<{ faults: number; codes: string[] }> {
  const scheduler = new Scheduler((count) => Math.floor(random() * count));
  const { onApply } = scheduler.kv;
  const check = noRevival();
  scheduler.kv.onApply = (commit) => {
    check(commit);
    onApply(commit);
  };
  const options = skews.map((skew, i) => {
    const { kv, clock } = scheduler.machine(`machine ${i}`, skew);
    const options: SessionOptions = {
      kv,
      prefix,
      maxLife: 7 * 24 * 3600,
      lock: { lease: 100, timeout: 2000, maxHold: 60_000 },
    };
    configOf(options, clock);
    return options;
  });
  let faults = 0;
  try {
    const { cookie } = await alone(scheduler, options[0]!, "", "save", "S");
    scheduler.fault = (commits) => {
      if (random() * 100 >= faulty) return "none";
      faults++;
      const kinds = commits ? onCommits : onReads;
      return kinds[Math.floor(random() * kinds.length)]!;
    };
    const all: Told[] = [];
    const requests = plan.map(async ({ act, machine }, i) => {
      const name = String.fromCharCode(65 + i);
      await scheduler.arrival(name);
      const told = await perform(
        scheduler,
        options[machine]!,
        cookie!,
        act,
        name,
      );
      all.push(told);
    });
    await scheduler.run(Promise.all(requests));
    await scheduler.drain();
    scheduler.fault = () => "none";
    if (faults === 0) nothingLeftBehind(scheduler, all);
    await judge(scheduler, options[0]!, cookie!, all);
    return { faults, codes: all.map(({ code }) => code) };
  } catch (error) {
    const trace = scheduler.trace.map((line) => `  ${line}`).join("\n");
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${message}\n${trace}`, { cause: error });
  }
}

async function alone(
  scheduler: Scheduler,
  options: SessionOptions,
  cookie: string,
  act: Act,
  name: string,
): Promise<Told> {
  const told = perform(scheduler, options, cookie, act, name);
  await scheduler.run(told);
  return await told;
}

async function perform(
  scheduler: Scheduler,
  options: SessionOptions,
  cookie: string,
  act: Act,
  name: string,
): Promise<Told> {
  const told: Told = {
    name,
    act,
    began: scheduler.trace.length,
    ended: Infinity,
    outcome: "not",
    log: null,
    flashes: [],
    cookie: null,
    code: "",
  };
  const add = (session: Session<Data>) => {
    const log = [...session.get("log") ?? [], name];
    session.set("log", log);
    session.flash(`flash ${name}`, name);
    return log;
  };
  const handler = withSession<Data>(async (_request, session) => {
    if (act === "read") {
      await session.read();
      told.log = session.get("log");
    } else if (act === "update") {
      // From here on, what fails may have been applied.
      told.outcome = "unknown";
      told.log = await session.update(add);
    } else {
      await session.open();
      if (act === "unlock") {
        told.log = session.get("log");
        add(session);
        await session.unlock();
      } else {
        told.outcome = "unknown";
        if (act === "destroy") {
          await session.destroy();
        } else {
          if (act === "rotate") await session.regenerate();
          const log = add(session);
          await session.save();
          told.log = log;
        }
      }
    }
    told.flashes = [..."SABCDEF"].filter((name) =>
      session.has(`flash ${name}`)
    );
    told.outcome = "done";
    told.ended = scheduler.trace.length;
    return new Response();
  }, options);
  try {
    const headers: HeadersInit = cookie === "" ? {} : { cookie };
    const response = await handler(new Request(url, { headers }));
    told.cookie = response.headers.getSetCookie()[0]?.split(";")[0] ?? null;
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    told.code = error.code;
    // What follows a rotation may be refused, but the rotation stands.
    const refused = error.code.startsWith("ERR_LOCK") && act !== "rotate";
    if (refused || told.outcome === "done") told.outcome = "not";
    told.log = null;
  }
  return told;
}

/** Holds what the requests were told against what is stored. */
async function judge(
  scheduler: Scheduler,
  options: SessionOptions,
  cookie: string,
  all: readonly Told[],
): Promise<void> {
  const changes = all.filter(({ act }) =>
    act === "save" || act === "update" || act === "rotate"
  );
  // A login may begin a new session where the old one has just been ended.
  const isNew = (log: readonly string[] | null) =>
    log !== null && !log.includes("S");
  const done = changes.filter(({ outcome, log }) =>
    outcome === "done" && !isNew(log)
  );
  const maybeEnded = all.some(({ act, outcome }) =>
    act === "destroy" && outcome !== "not"
  );
  const ended = all.some(({ act, outcome, cookie }) =>
    act === "destroy" && outcome === "done" && cookie !== null
  );
  const stored = storedLogs(scheduler).filter((log) => !isNew(log));
  if (stored.length > 1) throw new Error("one session became two");
  if (ended && stored.length > 0) throw new Error("it survived its logout");
  if (!maybeEnded && stored.length === 0) {
    throw new Error("the session is gone");
  }
  for (const { name, act, cookie } of all) {
    if (cookie !== null && act !== "rotate" && act !== "destroy") {
      throw new Error(`${name} sent a cookie`);
    }
  }
  const [log] = stored;
  if (log !== undefined) {
    if (new Set(log).size !== log.length) {
      throw new Error(`${log}: applied twice`);
    }
    for (const { name, outcome, log: own } of changes) {
      if (isNew(own)) continue;
      const applied = log.includes(name);
      if (outcome === "done" && !applied) {
        throw new Error(`${name} was told a lie: not applied`);
      }
      if (outcome === "not" && applied) {
        throw new Error(`${name} was told a lie: applied`);
      }
    }
  }
  for (const name of new Set(all.flatMap(({ flashes }) => flashes))) {
    const shown = all.filter(({ act, outcome, flashes }) =>
      act !== "unlock" && outcome === "done" && flashes.includes(name)
    );
    if (shown.length > 1) {
      throw new Error(
        `${shown.map(({ name }) => name)} showed what ${name} left`,
      );
    }
  }
  // Every log that a request saw is the one before it and its own entry, in
  // one order that agrees with time: nobody misses what ended before it began.
  const seen = all.filter(({ outcome, log }) =>
    outcome === "done" && log !== null && !isNew(log)
  )
    .map(({ name, began, log }) => ({ name, began, log: log! }));
  const logs = [...seen.map(({ log }) => log), ...stored];
  logs.sort((a, b) => a.length - b.length);
  for (const [i, log] of logs.entries()) {
    const next = logs[i + 1] ?? log;
    if (log.some((name, at) => next[at] !== name)) {
      throw new Error(`${log} is not before ${next}`);
    }
  }
  for (const { name, began, log } of seen) {
    const missed = done.find((other) =>
      other.ended < began && !log.includes(other.name)
    );
    if (missed) {
      throw new Error(
        `${name} did not see ${missed.name}, which had ended before`,
      );
    }
  }
  // Whatever went wrong, the next one has the session after a lease at most.
  const next = await alone(scheduler, options, cookie, "unlock", "Z");
  if (next.code !== "") {
    throw new Error(`the session stays locked: ${next.code}`);
  }
}

/** Throws when what a change left for the next request was never shown, and is not there any more. */
function nothingLeftBehind(scheduler: Scheduler, all: readonly Told[]): void {
  if (all.some(({ act }) => act === "destroy")) return;
  const shown = all.flatMap(({ act, flashes }) =>
    act === "unlock" ? [] : flashes
  );
  const stored = storedContents(scheduler)
    .flatMap(({ flash }) => [...flash.values()]);
  for (const { name, act, outcome } of all) {
    if (outcome !== "done" || act === "unlock" || act === "read") continue;
    if (shown.includes(name) || stored.includes(name)) continue;
    throw new Error(`what ${name} left was lost`);
  }
}

function storedLogs(scheduler: Scheduler): string[][] {
  return storedContents(scheduler)
    .map(({ values }) => values.get("log") as string[]);
}

function storedContents({ kv }: Scheduler) {
  return [...kv.entries].filter(([key]) => JSON.parse(key)[1] === "data")
    .map(([, { value }]) => decodeContents(decodeRecord(value).payload));
}
