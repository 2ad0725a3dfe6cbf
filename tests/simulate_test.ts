import { assert, assertEquals } from "@std/assert";
import { Chance, meanLatency } from "../bench/simulate/chance.ts";
import { runLibrary } from "../bench/simulate/library.ts";
import { runModel } from "../bench/simulate/model.ts";
import {
  oneSession,
  type Scenario,
  usual,
} from "../bench/simulate/scenario.ts";
import { only } from "../bench/simulate/studies.ts";
import { Samples } from "../bench/simulate/tally.ts";
import { Timeline } from "../bench/simulate/timeline.ts";
import { Traffic } from "../bench/simulate/traffic.ts";
import { Zipf } from "../bench/simulate/zipf.ts";

for (const exponent of [0.6, 1, 1.1, 2]) {
  Deno.test(`Zipf.draw() gives each rank its share, exponent: ${exponent}`, () => {
    const zipf = new Zipf(30, exponent);
    const { uniform } = new Chance(1);
    const draws = 200_000;
    const counts = new Array(31).fill(0);
    for (let i = 0; i < draws; i++) counts[zipf.draw(uniform)]++;
    const weights = Array.from({ length: 30 }, (_, i) => (i + 1) ** -exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    assertEquals(counts[0], 0);
    weights.forEach((weight, i) => {
      const share = weight / total;
      const deviation = Math.sqrt(draws * share * (1 - share));
      const off = Math.abs(counts[i + 1] - draws * share) / deviation;
      assert(off < 5, `rank ${i + 1} is ${off} standard deviations off`);
    });
  });
}

Deno.test("Zipf.draw() reaches from the first to the last of a hundred million ranks", () => {
  const zipf = new Zipf(1e8, 0.9);
  const { uniform } = new Chance(1);
  let first = 0;
  let last = 0;
  for (let i = 0; i < 100_000; i++) {
    const rank = zipf.draw(uniform);
    if (rank === 1) first++;
    last = Math.max(last, rank);
  }
  assert(Math.abs(first / 100_000 / zipf.probability(1) - 1) < 0.1);
  assert(last > 9e7 && last <= 1e8);
});

Deno.test("Zipf.probability() adds up to 1 beyond the ranks that are summed", () => {
  const zipf = new Zipf(20_000, 1);
  let sum = 0;
  for (let rank = 1; rank <= 20_000; rank++) sum += zipf.probability(rank);
  assert(Math.abs(sum - 1) < 1e-9);
});

Deno.test("Chance.latency() has the median, tail and mean that were asked for", () => {
  const chance = new Chance(1);
  const latency = { median: 5, tail: 5 };
  const samples = new Samples();
  let sum = 0;
  for (let i = 0; i < 100_000; i++) {
    const ms = chance.latency(latency);
    samples.add(ms);
    sum += ms;
  }
  assert(Math.abs(samples.quantile(0.5) - 5) < 0.1);
  assert(Math.abs(samples.quantile(0.99) - 25) < 1);
  assert(Math.abs(sum / 100_000 - meanLatency(latency)) < 0.1);
});

Deno.test("Timeline.run() goes by time, and at one instant by who was first", () => {
  const timeline = new Timeline();
  const seen: string[] = [];
  const note = (what: string) => () => seen.push(`${what} ${timeline.now}`);
  for (const ms of [5, 1, 9, 5, 3, 5, 0]) {
    timeline.after(ms, note(String(seen.length)));
    timeline.after(ms, () => timeline.after(0, note("then")));
  }
  timeline.run(8);
  const times = seen.map((what) => Number(what.split(" ")[1]));
  assertEquals(times, [0, 0, 1, 1, 3, 3, 5, 5, 5, 5, 5, 5]);
  assertEquals(seen.slice(6).map((what) => what.split(" ")[0]), [
    "0",
    "0",
    "0",
    "then",
    "then",
    "then",
  ]);
});

Deno.test("Samples.quantile() gives the sample that so many do not exceed", () => {
  const samples = new Samples();
  for (let i = 3000; i >= 1; i--) samples.add(i);
  const quantiles = [0, 0.5, 0.99, 0.999, 1].map((q) => samples.quantile(q));
  assertEquals(quantiles, [1, 1500, 2970, 2997, 3000]);
  samples.add(9999);
  assertEquals(samples.max, 9999);
});

Deno.test("Traffic.due() extends a session once in a tenth of its life", () => {
  const traffic = new Traffic({ ...usual, sessions: 1, rate: 1, life: 100 });
  // 0.7 uses a second make 7 in a tenth of the life, after which one is due.
  assertEquals(traffic.due(1), 1 / 8);
});

Deno.test("runModel() gives the same outcome for the same seed, and another for another", () => {
  const run = (seed: number) => {
    const scenario = { ...usual, seed, seconds: 1, rate: 3000 };
    const { events, tally } = runModel(scenario);
    return [events, tally.reads, tally.commits, tally.opens.max];
  };
  assertEquals(run(1), run(1));
  assert(run(1)[0] !== run(2)[0]);
});

const crowded: Readonly<Record<string, Scenario>> = {
  "open()": { ...oneSession, processes: 6, hold: 5, mix: only("open") },
  "update()": { ...oneSession, processes: 6 },
  "both": {
    ...oneSession,
    processes: 6,
    hold: 5,
    mix: { ...only("open"), open: 0.5, update: 0.5 },
  },
};
for (const [what, scenario] of Object.entries(crowded)) {
  Deno.test(`runModel() has one holder at a time and keeps every change, with ${what}`, () => {
    const { tally, violations } = runModel({ ...scenario, seconds: 10 });
    assertEquals(violations, []);
    assert(tally.ends.done > 500);
  });
}

for (const kind of ["open", "update"] as const) {
  Deno.test(`runModel() changes one session with ${kind}() once a commit in one process`, () => {
    const { tally } = runModel({
      ...oneSession,
      processes: 1,
      seconds: 10,
      latency: { median: 5, tail: 1 },
      mix: only(kind),
    });
    // 10 s hold 2000 commits; open() rests 40 ms and locks anew after 200.
    const expected = kind === "update" ? 1999 : 1999 * 200 / (200 + 50);
    const off = Math.abs(tally.hotSaves / expected - 1);
    assert(off < 0.01, `${tally.hotSaves} changes`);
    assertEquals(tally.errors, 0);
  });
}

Deno.test("runModel() turns away who comes after a hundred that wait", () => {
  const { tally } = runModel({
    ...oneSession,
    processes: 1,
    clients: 102,
    seconds: 1,
  });
  assert(tally.ends.ERR_QUEUE_FULL > 0);
  const fewer = runModel({
    ...oneSession,
    processes: 1,
    clients: 101,
    seconds: 1,
  });
  assertEquals(fewer.tally.ends.ERR_QUEUE_FULL, 0);
});

Deno.test("runModel() lets nobody have a dead holder's lock before its lease is over", () => {
  const { database, deadWaits, tally, violations } = runModel({
    ...oneSession,
    processes: 3,
    clients: 2,
    seconds: 20,
    hold: 300,
    crashAt: 5,
    crashing: 2,
    mix: only("open"),
  });
  assertEquals(violations, []);
  assertEquals(tally.vanished, 4);
  assertEquals(database.takeOvers.count, 1);
  const after = database.takeOvers.max;
  assert(after > 5000 && after < 6100, `taken over after ${after} ms`);
  assert(deadWaits.max >= after - 300);
  assertEquals(tally.errors, 0);
});

Deno.test("runModel() with sticky routing hands no lock from one process to another", () => {
  const scenario = { ...usual, sessions: 50, rate: 300, seconds: 5 };
  const { database } = runModel({ ...scenario, routing: "sticky" });
  assertEquals(database.handOvers.count, 0);
  assert(runModel(scenario).database.handOvers.count > 0);
});

Deno.test("runModel() queues commits where the database takes so many and no more", () => {
  const scenario = { ...usual, exponent: 0.6, rate: 1000, seconds: 5 };
  const free = runModel(scenario).tally;
  const { tally } = runModel({ ...scenario, commitLimit: 500 });
  assertEquals(tally.ends.done, free.ends.done);
  assert(tally.updates.quantile(0.5) > 100 * free.updates.quantile(0.5));
});

const both: Readonly<Record<string, Scenario>> = {
  "one session": {
    ...oneSession,
    clients: 3,
    processes: 4,
    seconds: 3,
    hold: 3,
    mix: { ...only("open"), open: 0.5, update: 0.5 },
  },
  "many sessions": {
    ...usual,
    sessions: 50,
    rate: 300,
    processes: 4,
    seconds: 2,
    life: Infinity,
  },
  "renewed locks": {
    ...oneSession,
    clients: 1,
    processes: 2,
    seconds: 20,
    hold: 2500,
    mix: only("open"),
  },
  "a crash": {
    ...oneSession,
    clients: 2,
    processes: 3,
    seconds: 15,
    hold: 300,
    crashAt: 2,
    crashing: 2,
    mix: only("open"),
  },
};
for (const [what, scenario] of Object.entries(both)) {
  Deno.test(`runModel() makes the calls that the library makes: ${what}`, async () => {
    const model = runModel(scenario).tally;
    const { tally, acknowledged, stored } = await runLibrary(scenario, {
      inRealTime: false,
    });
    const shown = ({ reads, commits, ends, opens, updates }: typeof tally) => ({
      reads,
      commits,
      ends,
      times: [opens, updates].map(({ count, max }) => [count, max]),
    });
    assertEquals(shown(model), shown(tally));
    assertEquals(stored, acknowledged);
  });
}
