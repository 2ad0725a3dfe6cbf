import { assertEquals } from "@std/assert";
import { onSignals, onTimeouts, Timers } from "../src/timers.ts";

/** The runtime's timers and clock, by hand, while `run` runs. */
class Runtime {
  now = 0;
  readonly #set = new Map<number, { at: number; callback: () => void }>();
  #last = 0;
  /** How many timers were set in all. */
  get sets(): number {
    return this.#last;
  }

  /** When the timers fire that are set now. */
  get firing(): number[] {
    return [...this.#set.values()].map(({ at }) => at);
  }

  /** Lets time pass, and timers fire. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const [due] = [...this.#set].filter(([, { at }]) => at <= until)
        .sort(([, a], [, b]) => a.at - b.at);
      if (due === undefined) break;
      const [id, { at, callback }] = due;
      this.#set.delete(id);
      this.now = at;
      callback();
    }
    this.now = until;
  }

  run(body: (timers: Timers) => void): void {
    const { setTimeout, clearTimeout } = globalThis;
    const { now } = performance;
    const set = (callback: () => void, ms: number) => {
      this.#set.set(++this.#last, { at: this.now + ms, callback });
      return this.#last;
    };
    Object.assign(globalThis, {
      setTimeout: set,
      clearTimeout: (id: number) => this.#set.delete(id),
    });
    performance.now = () => this.now;
    try {
      body(new Timers(onTimeouts));
    } finally {
      Object.assign(globalThis, { setTimeout, clearTimeout });
      performance.now = now;
    }
  }
}

Deno.test("Timers.set() calls each callback once, at its time, the earliest first", () => {
  const runtime = new Runtime();
  runtime.run((timers) => {
    const called: [string, number][] = [];
    const note = (name: string) => () => called.push([name, runtime.now]);
    timers.set(30, note("c"));
    timers.set(10, note("a"));
    timers.set(20, note("b"));
    timers.set(0, note("now"));
    runtime.pass(9);
    assertEquals(called, [["now", 0]]);
    runtime.pass(100);
    assertEquals(called, [["now", 0], ["a", 10], ["b", 20], ["c", 30]]);
  });
});

Deno.test("Timers.set() waits for its time however late that is", () => {
  const runtime = new Runtime();
  runtime.run((timers) => {
    let called = 0;
    timers.set(10_000, () => called++);
    runtime.pass(9999);
    assertEquals(called, 0);
    runtime.pass(1);
    assertEquals(called, 1);
  });
});

Deno.test("Timers.set() sets one timer of the runtime for any number of its own", () => {
  const runtime = new Runtime();
  runtime.run((timers) => {
    const cancels = Array.from(
      { length: 50 },
      () => timers.set(5000, () => {}),
    );
    assertEquals([runtime.sets, runtime.firing.length], [1, 1]);
    cancels.slice(1).forEach((cancel) => cancel());
    assertEquals([runtime.sets, runtime.firing.length], [1, 1]);
  });
});

Deno.test("Timers.set() leaves no timer when the last one is cancelled or done", () => {
  const runtime = new Runtime();
  runtime.run((timers) => {
    const cancel = timers.set(5000, () => {});
    cancel();
    assertEquals(runtime.firing, []);
    cancel();
    timers.set(5000, () => {});
    runtime.pass(5000);
    assertEquals(runtime.firing, []);
    let called = 0;
    timers.set(10, () => called++);
    runtime.pass(10);
    assertEquals(called, 1);
  });
});

Deno.test("Timers.set() does not call what another callback has just cancelled", () => {
  const runtime = new Runtime();
  runtime.run((timers) => {
    let called = 0;
    timers.set(10, () => cancel());
    const cancel = timers.set(10, () => called++);
    runtime.pass(100);
    assertEquals(called, 0);
    assertEquals(runtime.firing, []);
  });
});

/** Signals whose time is made by hand, while `body` runs. */
function withSignals(
  body: (signals: { ms: number; fire: () => void }[]) => void,
): void {
  const { timeout } = AbortSignal;
  const signals: { ms: number; fire: () => void }[] = [];
  AbortSignal.timeout = (ms) => {
    const controller = new AbortController();
    signals.push({ ms, fire: () => controller.abort() });
    return controller.signal;
  };
  try {
    body(signals);
  } finally {
    AbortSignal.timeout = timeout;
  }
}

Deno.test("onSignals() uses a signal again until its time has come", () => {
  withSignals((signals) => {
    const set = onSignals();
    const called: string[] = [];
    set(1000, () => called.push("cancelled"))();
    set(1000, () => called.push("called"));
    assertEquals(signals.map(({ ms }) => ms), [1000]);
    signals[0]!.fire();
    assertEquals(called, ["called"]);
    set(1000, () => called.push("again"));
    assertEquals([signals.length, called], [2, ["called"]]);
    signals[1]!.fire();
    assertEquals(called, ["called", "again"]);
  });
});

Deno.test("onSignals() makes another signal for an earlier time, and calls once", () => {
  withSignals((signals) => {
    const set = onSignals();
    let called = 0;
    set(1000, () => {})();
    set(9.5, () => called++);
    assertEquals(signals.map(({ ms }) => ms), [1000, 10]);
    signals[0]!.fire();
    assertEquals(called, 0);
    signals[1]!.fire();
    assertEquals(called, 1);
  });
});

const kinds = { onSignals: onSignals(), onTimeouts };

for (const [name, set] of Object.entries(kinds)) {
  Deno.test(`Timers on ${name}() wait as long as asked, and leave nothing`, async () => {
    const timers = new Timers(set);
    timers.set(60_000, () => {})();
    const started = performance.now();
    await new Promise<void>((resolve) => timers.set(30, resolve));
    assertEquals(performance.now() - started >= 30, true);
    // The sanitizers see what is left.
  });
}

const processes = {
  "goes on until its timer is done": `
    import { systemClock } from "./clock.ts";
    systemClock.timer(50, () => console.log("done"));`,
  "goes on until a timer is done that came after one that was cancelled": `
    import { systemClock } from "./clock.ts";
    systemClock.timer(500, () => {})();
    systemClock.timer(500, () => console.log("done"));`,
  "ends when its timer is cancelled": `
    import { onSignals } from "./timers.ts";
    onSignals()(9e6, () => {})();
    console.log("done");`,
};

for (const [what, code] of Object.entries(processes)) {
  Deno.test(`A process ${what}`, async () => {
    const { stdout, success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        code.replaceAll("./", `${new URL("../src/", import.meta.url)}`),
      ],
      signal: AbortSignal.timeout(60_000),
    }).output();
    const printed = new TextDecoder().decode(stdout);
    assertEquals([printed, success], ["done\n", true]);
  });
}
