import type { Latency } from "./chance.ts";

/** What requests do with their session. */
export type Kind = "ignore" | "read" | "update" | "open";

/** A run: who asks for what, where, and how fast the database is. */
export interface Scenario {
  readonly seed: number;
  /** How many sessions there are. */
  readonly sessions: number;
  /** How unevenly requests fall on them: Zipf's exponent. */
  readonly exponent: number;
  /** Requests a second, as a Poisson process; or `clients`, who ask again when answered. */
  readonly rate: number;
  /** Clients of each process, each with one request at a time; 0 for a given rate. */
  readonly clients: number;
  /** How long requests arrive, in seconds. */
  readonly seconds: number;
  readonly processes: number;
  /** Whether a session's requests go to any process, or to always the same. */
  readonly routing: "random" | "sticky";
  readonly latency: Latency;
  /** Commits a second that the database takes in all; 0 for any number. */
  readonly commitLimit: number;
  /** The shares of the requests. */
  readonly mix: Readonly<Record<Kind, number>>;
  /** How long a session lives after its last use, in seconds; a tenth of it later a use extends it. */
  readonly life: number;
  /** How long a handler works between `open()` and `save()` on average, in ms. */
  readonly hold: number;
  /** When processes die with all that they do, in seconds; never for `Infinity`. */
  readonly crashAt: number;
  /** How many die. */
  readonly crashing: number;
  /** How long until each is replaced, in seconds. */
  readonly restart: number;
}

/** Where nothing else is said. */
export const usual: Scenario = {
  seed: 1,
  sessions: 10_000_000,
  exponent: 0.9,
  rate: 10_000,
  clients: 0,
  seconds: 10,
  processes: 20,
  routing: "random",
  latency: { median: 5, tail: 5 },
  commitLimit: 0,
  mix: { ignore: 0.3, read: 0.3, update: 0.3, open: 0.1 },
  life: 3600,
  hold: 20,
  crashAt: Infinity,
  crashing: 1,
  restart: 1,
};

/** Everybody wants to change one session, all the time. */
export const oneSession: Scenario = {
  ...usual,
  sessions: 1,
  clients: 10,
  seconds: 20,
  mix: { ignore: 0, read: 0, update: 1, open: 0 },
  hold: 0,
};
