import { setImmediate } from "node:timers";
import { Session, SessionError, type SessionOptions } from "@aerys/session";
import { type Clock, systemClock } from "../../src/clock.ts";
import { configOf } from "../../src/config.ts";
import { Chance } from "./chance.ts";
import type { Scenario } from "./scenario.ts";
import { type Calls, SlowKv } from "./slow_kv.ts";
import { type End, Tally } from "./tally.ts";
import { Timeline } from "./timeline.ts";
import { type Arrival, Traffic } from "./traffic.ts";

/** What came out of a run of the library. */
export interface Outcome {
  readonly tally: Tally;
  /** How long each call to the database took, in ms. */
  readonly times: readonly number[];
  /** Changes that were acknowledged, and that are stored. */
  readonly acknowledged: number;
  readonly stored: number;
}

/** The time of a run: the machine's, or one that stands still while the library works. */
interface Time {
  readonly clock: Clock;
  /** Lets time pass until the work is done. */
  run(work: Promise<void>): Promise<void>;
}

type Data = { count: number };

const backOff = 10;

/**
 * Runs a scenario with the library itself, on a real database in memory. Every
 * process of the scenario is a database object of its own, so that the library
 * shares nothing between them. All sessions of the scenario are made first, so
 * let there be few.
 *
 * @param inRealTime Whether to wait by the clock of the machine. Else time
 * jumps to what happens next, and the machine's speed plays no part.
 */
export async function runLibrary(
  scenario: Scenario,
  { inRealTime }: { inRealTime: boolean },
): Promise<Outcome> {
  using kv = await Deno.openKv(":memory:");
  const calls: Calls = { reads: 0, commits: 0, underWay: 0, times: [] };
  const time = inRealTime ? realTime() : simulatedTime(scenario.seed, calls);
  const { clock } = time;
  const cookies = await createSessions(kv, scenario.sessions, clock);
  const [latency, readLatency] = [1, 4].map((stream) => {
    const chance = new Chance(scenario.seed + stream);
    return () => chance.latency(scenario.latency);
  }) as [() => number, () => number];
  const start = (): Process => {
    const slow = new SlowKv(kv, { clock, latency, readLatency, calls });
    const options = { kv: slow };
    configOf(options, clock);
    return { kv: slow, options };
  };
  const processes = Array.from({ length: scenario.processes }, start);
  const tally = new Tally();
  tally.duration = scenario.seconds * 1000;
  const { crashAt, crashing, restart } = scenario;
  if (crashAt < Infinity) {
    clock.timer(crashAt * 1000, () => {
      for (let i = 0; i < crashing; i++) {
        processes[i]!.kv.dead = true;
        clock.timer(restart * 1000, () => processes[i] = start());
      }
    });
  }
  await time.run(request(scenario, { clock, processes, cookies, tally }));
  tally.reads = calls.reads;
  tally.commits = calls.commits;
  let stored = 0;
  for (const cookie of cookies) {
    const session = new Session<Data>(requestWith(cookie), { kv });
    stored += (await session.read()).get("count")!;
  }
  const { times } = calls;
  return { tally, times, acknowledged: tally.ends.done, stored };
}

interface Process {
  readonly kv: SlowKv;
  readonly options: SessionOptions;
}

interface Run {
  readonly clock: Clock;
  readonly processes: readonly Process[];
  readonly cookies: readonly string[];
  readonly tally: Tally;
}

/** Makes the requests of a scenario, and resolves when all are answered. */
async function request(scenario: Scenario, run: Run): Promise<void> {
  const { clock, tally } = run;
  const traffic = new Traffic(scenario);
  const pause = (ms: number) =>
    new Promise<void>((resolve) => clock.timer(ms, resolve));
  const startedAt = clock.elapsed();
  const isOver = () => clock.elapsed() - startedAt >= tally.duration;
  const answers: Promise<unknown>[] = [];
  const ask = async (process: number) => {
    while (!isOver()) {
      const end = await answer(traffic.next(process), run, isOver);
      if (end === null) return;
      if (end !== "done") await pause(backOff);
    }
  };
  for (let process = 0; process < scenario.processes; process++) {
    for (let i = 0; i < scenario.clients; i++) answers.push(ask(process));
  }
  if (scenario.clients === 0) {
    let at = startedAt;
    for (;;) {
      at += traffic.gap();
      // Late timers must not make fewer requests.
      await pause(Math.max(0, at - clock.elapsed()));
      if (isOver()) break;
      answers.push(answer(traffic.next(), run, isOver));
    }
  }
  await Promise.all(answers);
}

/** One request: its session's count goes up by one; `null` if its process died. */
async function answer(
  { session: rank, process: home, kind, hold }: Arrival,
  { clock, processes, cookies, tally }: Run,
  isOver: () => boolean,
): Promise<End | null> {
  tally.requests++;
  if (kind === "ignore") return "done";
  let process = processes[home]!;
  for (let i = 1; process.kv.dead && i < processes.length; i++) {
    process = processes[(home + i) % processes.length]!;
  }
  const request = requestWith(cookies[rank - 1]!);
  const session = new Session<Data>(request, process.options);
  if (kind === "read") {
    await session.read().catch(() => {}); // Its process may die.
    return "done";
  }
  const startedAt = clock.elapsed();
  const took = () => clock.elapsed() - startedAt;
  const change = () => session.set("count", session.get("count")! + 1);
  let end: End = "done";
  try {
    if (kind === "open") {
      await session.open();
      if (!process.kv.dead) tally.opens.add(took());
      change();
      // A handler that works for no time at all waits for no timer.
      if (hold > 0) {
        await new Promise<void>((resolve) => clock.timer(hold, resolve));
      }
      await session.save();
    } else {
      await session.update(() => void change());
      tally.updates.add(took());
    }
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    end = error.code as End;
  }
  if (process.kv.dead) {
    tally.vanished++;
    return null;
  }
  tally.ends[end]++;
  if (rank === 1 && !isOver()) {
    if (end === "done") tally.hotSaves++;
    else tally.hotErrors++;
  }
  return end;
}

/** Makes sessions with a count of 0, and answers their cookies. */
async function createSessions(
  kv: Deno.Kv,
  count: number,
  clock: Clock,
): Promise<string[]> {
  const options: SessionOptions = { kv };
  const cookies = [];
  configOf(options, clock);
  for (let i = 0; i < count; i++) {
    const session = new Session<Data>(new Request("http://localhost"), options);
    await session.open();
    session.set("count", 0);
    await session.save();
    const { headers } = await session.respond(new Response());
    cookies.push(headers.getSetCookie()[0]!.split(";")[0]!);
  }
  return cookies;
}

function requestWith(cookie: string): Request {
  return new Request("http://localhost", { headers: { cookie } });
}

function realTime(): Time {
  return { clock: systemClock, run: (work) => work };
}

function simulatedTime(seed: number, calls: Calls): Time {
  const timeline = new Timeline();
  const chance = new Chance(seed + 3);
  const startedAt = Date.now();
  const clock: Clock = {
    now: () => startedAt + timeline.now,
    elapsed: () => timeline.now,
    random: chance.uniform,
    timer(ms, callback) {
      let set = true;
      timeline.after(ms, () => {
        if (set) callback();
      });
      return () => void (set = false);
    },
  };
  const run = async (work: Promise<void>) => {
    let done = false;
    const finished = work.finally(() => done = true);
    for (;;) {
      // Lets the library do all that it can do at this instant.
      do {
        await new Promise<void>((resolve) => setImmediate(resolve));
      } while (calls.underWay > 0);
      if (done) break;
      if (!timeline.step()) throw new Error("the requests wait for nothing");
    }
    await finished;
  };
  return { clock, run };
}
