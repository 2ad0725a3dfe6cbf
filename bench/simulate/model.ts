import { Chance } from "./chance.ts";
import { Database } from "./database.ts";
import { Process, type World } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import { type End, Samples, Tally } from "./tally.ts";
import { Timeline } from "./timeline.ts";
import { type Arrival, Traffic } from "./traffic.ts";

/** What came out of a run of the model. */
export interface Outcome {
  readonly tally: Tally;
  readonly database: Database;
  /** What there was a second, as long as requests arrived. */
  readonly perSecond: Rates;
  /** How long requests took that met the lock of a dead process, in ms. */
  readonly deadWaits: Samples;
  /** What must never happen, and did. */
  readonly violations: readonly string[];
  /** How many events were simulated. */
  readonly events: number;
}

/** Things that happen, each so many times a second. */
export interface Rates {
  readonly reads: number;
  readonly commits: number;
  /** Commits that were refused. */
  readonly refused: number;
  /** Reads that extend their session's life, or try to. */
  readonly extensions: number;
  /** Looks at a lock that is still held. */
  readonly polls: number;
  /** Locks that went from one process to another that waited. */
  readonly handOvers: number;
  /** Commits on the session that gets most of them. */
  readonly mostCommits: number;
}

/** How often `update()` tries without the lock. */
const optimisticTries = 3;
/** How long a client waits after an error, in ms. */
const backOff = 10;

/** Runs a scenario with the model of the library, until every request is answered. */
export function runModel(
  scenario: Scenario,
  latency: () => number = latencyOf(scenario),
): Outcome {
  const run = new Run(scenario, latency);
  run.go();
  return run.outcome();
}

function latencyOf({ seed, latency }: Scenario): () => number {
  const chance = new Chance(seed + 1);
  return () => chance.latency(latency);
}

class Run {
  readonly #scenario: Scenario;
  readonly #timeline = new Timeline();
  readonly #database: Database;
  readonly #traffic: Traffic;
  readonly #touches: Chance;
  readonly #world: World;
  readonly #processes: Process[];
  readonly #tally = new Tally();
  readonly #deadWaits = new Samples();
  readonly #violations: string[] = [];
  #extensions = 0;
  #perSecond!: Rates;
  #ended = 0;
  #begun = 0;

  constructor(scenario: Scenario, latency: () => number) {
    const { commitLimit, processes, seed } = scenario;
    this.#scenario = scenario;
    this.#tally.duration = scenario.seconds * 1000;
    this.#database = new Database(this.#timeline, latency, commitLimit);
    this.#traffic = new Traffic(scenario);
    this.#touches = new Chance(seed + 2);
    this.#world = {
      timeline: this.#timeline,
      database: this.#database,
      chance: new Chance(seed + 3),
      violation: (what) => this.#violations.push(what),
      holders: new Map(),
      polls: 0,
    };
    this.#processes = Array.from(
      { length: processes },
      () => new Process(this.#world),
    );
  }

  go(): void {
    const { clients, crashAt } = this.#scenario;
    if (crashAt < Infinity) {
      this.#timeline.after(crashAt * 1000, () => this.#crash());
    }
    this.#timeline.after(this.#tally.duration, () => this.#noteRates());
    if (clients === 0) this.#arrive();
    this.#processes.forEach((_, process) => {
      for (let client = 0; client < clients; client++) this.#ask(process);
    });
    this.#timeline.run();
  }

  outcome(): Outcome {
    const tally = this.#tally;
    const database = this.#database;
    tally.reads += database.reads;
    tally.commits = database.commits;
    const violations = this.#violations;
    if (this.#begun !== this.#ended + tally.vanished) {
      violations.push(
        `${this.#begun} requests began, ${this.#ended} ended, ${tally.vanished} vanished`,
      );
    }
    // A dead process may have stored what it told nobody.
    const { counts } = database;
    const { done } = tally.ends;
    if (counts < done || counts > done + tally.vanished) {
      violations.push(
        `${done} changes were acknowledged, ${counts} are stored`,
      );
    }
    const { events } = this.#timeline;
    return {
      tally,
      database,
      perSecond: this.#perSecond,
      deadWaits: this.#deadWaits,
      violations,
      events,
    };
  }

  #noteRates(): void {
    const tally = this.#tally;
    const database = this.#database;
    this.#perSecond = {
      reads: tally.rate(tally.reads + database.reads),
      commits: tally.rate(database.commits),
      refused: tally.rate(database.refused),
      extensions: tally.rate(this.#extensions),
      polls: tally.rate(this.#world.polls),
      handOvers: tally.rate(database.handOvers.count),
      mostCommits: tally.rate(database.mostCommits),
    };
  }

  /** A stream of requests at a given rate. */
  #arrive(): void {
    this.#timeline.after(this.#traffic.gap(), () => {
      if (this.#timeline.now > this.#tally.duration) return;
      this.#handle(this.#traffic.next(), () => {});
      this.#arrive();
    });
  }

  /** A client of one process, that asks again when it is answered. */
  #ask(process: number): void {
    if (this.#timeline.now >= this.#tally.duration) return;
    this.#handle(this.#traffic.next(process), (end) => {
      const pause = end === "done" ? 0 : backOff;
      this.#timeline.after(pause, () => this.#ask(process));
    });
  }

  #handle(arrival: Arrival, onEnd: (end: End) => void): void {
    const { session, kind, hold } = arrival;
    const tally = this.#tally;
    tally.requests++;
    if (kind === "ignore") return;
    if (kind === "read") return this.#read(session);
    this.#begun++;
    const startedAt = this.#timeline.now;
    const took = () => this.#timeline.now - startedAt;
    const isHot = session === 1;
    const request = {
      kind,
      session,
      startedAt,
      hold,
      tries: optimisticTries,
      metDead: false,
      onOpen: () => {
        if (kind === "open") tally.opens.add(took());
      },
      onEnd: (end: End) => {
        this.#ended++;
        tally.ends[end]++;
        if (kind === "update" && end === "done") tally.updates.add(took());
        if (request.metDead) this.#deadWaits.add(took());
        if (isHot && this.#timeline.now <= tally.duration) {
          if (end === "done") tally.hotSaves++;
          else tally.hotErrors++;
        }
        onEnd(end);
      },
    };
    this.#alive(arrival.process).enter(request);
  }

  #read(session: number): void {
    const database = this.#database;
    if (this.#touches.uniform() >= this.#traffic.due(session)) {
      this.#tally.reads++; // Nothing depends on when it is answered.
      return;
    }
    this.#extensions++;
    database.load(session, ({ dataVersion, count, marks }) => {
      const record = { count, marks };
      const commit = { dataVersion, lockVersion: 0, record };
      database.commit(session, commit, () => {});
    });
  }

  /** The process, or the next one that lives. */
  #alive(home: number): Process {
    for (let i = 0;; i++) {
      const process = this.#processes[(home + i) % this.#processes.length]!;
      if (process.crashedAt === Infinity || i === this.#processes.length) {
        return process;
      }
    }
  }

  #crash(): void {
    const { crashing, restart } = this.#scenario;
    for (let i = 0; i < crashing; i++) {
      this.#tally.vanished += this.#processes[i]!.crash();
      this.#timeline.after(restart * 1000, () => {
        this.#processes[i] = new Process(this.#world);
      });
    }
  }
}
