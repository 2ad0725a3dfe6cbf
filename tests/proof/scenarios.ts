import { LockError, type SessionOptions, withSession } from "@aerys/session";
import type { Session } from "@aerys/session";
import { configOf } from "../../src/config.ts";
import { decodeLock } from "../../src/lock_entry.ts";
import type { Commit } from "./model_kv.ts";
import { type Machine, Scheduler } from "./scheduler.ts";

type Data = { log: string[] };

/** What a request does with its session, and what it is after. */
export type Act =
  | "save"
  | "unlock"
  | "read"
  | "update"
  | "rotate"
  | "destroy"
  | "frozen";

/** What came of a request. */
interface Result {
  readonly name: string;
  readonly act: Act;
  /** The log that it stored and was told is stored. */
  readonly wrote: string[] | null;
  readonly lost: boolean;
  readonly cookie: string | null;
}

export interface Scenario {
  readonly acts: readonly Act[];
  /** Whether the requests meet in one process. */
  readonly together: boolean;
  /** Whether the session is so old that each use extends its life. */
  readonly due: boolean;
}

const url = "http://localhost/";
const prefix = ["session"];

/** Runs a scenario in one order; throws when anything is not as it must be. */
export async function play(
  { acts, together, due }: Scenario,
  choose: (count: number) => number,
): Promise<void> {
  const scheduler = new Scheduler(choose);
  const { onApply } = scheduler.kv;
  const check = noRevival();
  scheduler.kv.onApply = (commit) => {
    check(commit);
    onApply(commit);
  };
  try {
    const alone = optionsOf(scheduler.machine("setup"));
    const born = await request(scheduler, alone, null, async (session) => {
      await session.open();
      session.set("log", ["S"]);
      await session.save();
    });
    const cookie = born!;
    if (due) scheduler.wait(1000 * 1000);
    const shared = scheduler.machine("P");
    const sharedOptions = optionsOf(shared);
    const results: Result[] = [];
    const requests = acts.map(async (act, i) => {
      const name = String.fromCharCode(65 + i);
      const machine = together ? shared : scheduler.machine(name);
      const options = together ? sharedOptions : optionsOf(machine);
      results.push(await perform(name, act, machine, options, cookie));
    });
    await scheduler.run(Promise.all(requests));
    if (scheduler.timers > 0) throw new Error("a timer is left behind");
    noLockLeft(scheduler);
    await judge(scheduler, alone, cookie, results);
  } catch (error) {
    const trace = scheduler.trace.map((line) => `  ${line}`).join("\n");
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`${acts.join(", ")}: ${message}\n${trace}`, {
      cause: error,
    });
  }
}

function optionsOf(machine: Machine): SessionOptions {
  const options = {
    kv: machine.kv,
    prefix,
    lock: { lease: 100, maxHold: 60_000 },
  };
  configOf(options, machine.clock);
  return options;
}

async function perform(
  name: string,
  act: Act,
  machine: Machine,
  options: SessionOptions,
  cookie: string,
): Promise<Result> {
  let wrote: string[] | null = null;
  const add = (session: Session<Data>) => {
    const log = [...session.get("log") ?? [], name];
    session.set("log", log);
    return log;
  };
  const handler = withSession<Data>(async (_request, session) => {
    if (act === "read") {
      await session.read();
    } else if (act === "update") {
      wrote = await session.update(add);
    } else {
      await session.open();
      if (act === "destroy") {
        await session.destroy();
      } else if (act === "unlock") {
        add(session);
        await session.unlock();
      } else {
        if (act === "frozen") await machine.freeze();
        if (act === "rotate") await session.regenerate();
        const log = add(session);
        await session.save();
        wrote = log;
      }
    }
    return new Response();
  }, options);
  try {
    const response = await handler(new Request(url, { headers: { cookie } }));
    const [header] = response.headers.getSetCookie();
    return {
      name,
      act,
      wrote,
      lost: false,
      cookie: header?.split(";")[0] ?? null,
    };
  } catch (error) {
    if (!(error instanceof LockError) || error.code !== "ERR_LOCK_LOST") {
      throw error;
    }
    return { name, act, wrote: null, lost: true, cookie: null };
  }
}

/** Runs one request by itself; answers its cookie. */
async function request(
  scheduler: Scheduler,
  options: SessionOptions,
  cookie: string | null,
  act: (session: Session<Data>) => Promise<void>,
): Promise<string | null> {
  const handler = withSession<Data>(async (_request, session) => {
    await act(session);
    return new Response();
  }, options);
  const headers: HeadersInit = cookie === null ? {} : { cookie };
  const response = handler(new Request(url, { headers }));
  await scheduler.run(response);
  return (await response).headers.getSetCookie()[0]?.split(";")[0] ?? null;
}

/** Makes a watch over commits that throws at what none may ever do. */
export function noRevival(): (commit: Commit) => void {
  const ended = new Set<string>();
  return ({ checks, writes }) => {
    for (const { key, value } of writes) {
      const [, kind, id] = JSON.parse(key);
      if (kind !== "data") continue;
      if (value === undefined) {
        ended.add(id);
        continue;
      }
      if (ended.has(id)) throw new Error("an ended session came back");
      const lock = JSON.stringify([...prefix, "lock", id]);
      const looked = checks.some((check) =>
        check.key === lock || check.key === key && check.versionstamp === null
      );
      if (!looked) {
        throw new Error("a record was written without a look at its lock");
      }
    }
  };
}

function noLockLeft({ kv }: Scheduler): void {
  for (const [key, { value }] of kv.entries) {
    if (JSON.parse(key)[1] === "lock" && decodeLock(value).kind === "held") {
      throw new Error("a lock is left behind");
    }
  }
}

/** Holds the results of all requests against what a session promises. */
async function judge(
  scheduler: Scheduler,
  options: SessionOptions,
  cookie: string,
  results: readonly Result[],
): Promise<void> {
  const rotated = results.filter(({ act, wrote }) =>
    act === "rotate" && wrote !== null && wrote.includes("S")
  );
  const destroyed = results.filter(({ act, cookie }) =>
    act === "destroy" && cookie !== null
  );
  if (rotated.length + destroyed.length > 1) {
    throw new Error("one session was ended twice");
  }
  for (const { act, cookie, name } of results) {
    const may = act === "rotate" || act === "destroy";
    if (cookie !== null && !may) throw new Error(`${name} sent a cookie`);
  }
  const current = rotated[0]?.cookie ?? cookie;
  let final: string[] | null = null;
  const look = async (session: Session<Data>) => {
    await session.read();
    final = session.get("log");
  };
  await request(scheduler, options, current, look);
  const stored = final as string[] | null;
  if ((stored === null) !== (destroyed.length > 0)) {
    throw new Error(
      stored === null ? "the session is gone" : "it survived its logout",
    );
  }
  // A login may begin a new session where the old one has just been ended.
  const anew = results.filter(({ wrote }) =>
    wrote !== null && !wrote.includes("S")
  );
  if (anew.length > 0 && rotated.length + destroyed.length === 0) {
    throw new Error("a request lost its session, which nobody had ended");
  }
  const told = results.filter(({ wrote }) => wrote?.includes("S"));
  if (stored !== null) {
    const expected = ["S", ...told.map(({ name }) => name)].sort().join();
    if (stored.toSorted().join() !== expected) {
      throw new Error(`stored ${stored}, though told that ${expected} is`);
    }
  }
  // Each acknowledged save saw those before it: their logs are prefixes of one another.
  const logs = told.map(({ wrote }) => wrote!).sort((a, b) =>
    a.length - b.length
  );
  if (stored !== null) logs.push(stored);
  for (const [i, log] of logs.entries()) {
    const next = logs[i + 1] ?? log;
    if (!log.every((name, at) => next[at] === name)) {
      throw new Error(`${log} is not before ${next}`);
    }
  }
  if (rotated.length + destroyed.length > 0) {
    await request(scheduler, options, cookie, look);
    if (final !== null) {
      throw new Error("the old cookie still reads the session");
    }
  }
}
