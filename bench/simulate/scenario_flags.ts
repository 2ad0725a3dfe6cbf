import { type Scenario, usual } from "./scenario.ts";
import type { Result } from "./studies.ts";
import { figure, percentiles } from "./table.ts";

/** The parameters of one run, for `parseArgs`. */
export const flags = {
  sessions: { type: "string" },
  exponent: { type: "string" },
  rate: { type: "string" },
  clients: { type: "string" },
  seconds: { type: "string" },
  processes: { type: "string" },
  routing: { type: "string" },
  median: { type: "string" },
  tail: { type: "string" },
  "commit-limit": { type: "string" },
  mix: { type: "string" },
  hold: { type: "string" },
  life: { type: "string" },
  "crash-at": { type: "string" },
  crashing: { type: "string" },
  restart: { type: "string" },
} as const;

type Values = Readonly<Partial<Record<keyof typeof flags, string>>>;

/**
 * The scenario that flags ask for.
 *
 * @throws {RangeError} If one is not what it should be.
 */
export function scenarioOf(values: Values, seed: number): Scenario {
  const number = (name: keyof Values, usually: number, min: number) => {
    const text = values[name];
    const value = text === undefined ? usually : Number(text);
    if (value >= min) return value;
    throw new RangeError(
      `Invalid --${name}: expected a number from ${min}, received ${text}`,
    );
  };
  const whole = (name: keyof Values, usually: number, min: number) =>
    Math.floor(number(name, usually, min));
  const { latency, mix } = usual;
  return {
    seed,
    sessions: whole("sessions", usual.sessions, 1),
    exponent: number("exponent", usual.exponent, 0),
    rate: number("rate", usual.rate, 0.001),
    clients: whole("clients", usual.clients, 0),
    seconds: number("seconds", usual.seconds, 0),
    processes: whole("processes", usual.processes, 1),
    routing: values.routing === "sticky" ? "sticky" : usual.routing,
    latency: {
      median: number("median", latency.median, 0),
      tail: number("tail", latency.tail, 1),
    },
    commitLimit: number("commit-limit", usual.commitLimit, 0),
    mix: values.mix === undefined ? mix : mixOf(values.mix),
    hold: number("hold", usual.hold, 0),
    life: number("life", usual.life, 1),
    crashAt: number("crash-at", usual.crashAt, 0),
    crashing: whole("crashing", usual.crashing, 0),
    restart: number("restart", usual.restart, 0),
  };
}

/** Shares such as `30,30,30,10`: ignore, read, update, open. */
function mixOf(text: string): Scenario["mix"] {
  const shares = text.split(",").map(Number);
  const sum = shares.reduce((sum, share) => sum + share, 0);
  if (shares.length !== 4 || !shares.every((share) => share >= 0) || !sum) {
    throw new RangeError(
      `Invalid --mix: expected four shares, such as 30,30,30,10, received ${text}`,
    );
  }
  const [ignore, read, update, open] = shares.map((share) => share / sum);
  return { ignore: ignore!, read: read!, update: update!, open: open! };
}

/** What came out of one run, line by line. */
export function describe({ outcome }: Result): string {
  const { tally, database, deadWaits, perSecond, events } = outcome;
  const { handOvers, takeOvers } = database;
  return [
    `requests             ${figure(tally.requests)}`,
    `ends                 ${JSON.stringify(tally.ends)}`,
    `open(), ms           ${percentiles(tally.opens)} (p50 / p99 / p99.9)`,
    `update(), ms         ${percentiles(tally.updates)}`,
    `KV reads, commits    ${figure(perSecond.reads)}/s, ${
      figure(perSecond.commits)
    }/s`,
    `refused commits      ${figure(perSecond.refused)}/s`,
    `looks at held locks  ${figure(perSecond.polls)}/s`,
    `busiest session      ${figure(tally.rate(tally.hotSaves))}/s changed`,
    `hand-overs           ${figure(perSecond.handOvers)}/s, ms ${
      percentiles(handOvers)
    }`,
    `crashes              ${tally.vanished} requests lost, ${takeOvers.count} locks ` +
    `taken over, ${deadWaits.count} requests met them, ms ${
      percentiles(deadWaits)
    }`,
    `events simulated     ${figure(events)}`,
  ].join("\n");
}
