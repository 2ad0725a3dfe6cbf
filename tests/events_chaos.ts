import { Session, type SessionEvent } from "@aerys/session";
import * as faults from "./faults.ts";
import { Browser, browserWith, ManualClock, requestOf } from "./support.ts";
import { TestKv, withClock } from "./support.ts";

/** What the values of the sessions hold. */
export const marker = "a-value-of-the-session";

const methods = [
  ...["open", "open", "open", "read", "save", "save", "unlock"] as const,
  ...["regenerate", "destroy", "update"] as const,
];
export type Method = typeof methods[number];

const steps = 30;
const anyFault = [
  faults.throwsBefore,
  faults.throwsAfter,
  faults.refusesBefore,
  faults.refusesAfter,
  faults.isLocked,
];

/** What is looked at on the way. */
export interface Checks {
  /** A method has resolved to this, or rejected with it, and this was told meanwhile. */
  called(method: Method, result: unknown, told: readonly SessionEvent[]): void;
  /** A request has ended, and this was told during all of it. */
  ended(told: readonly SessionEvent[]): void;
}

/** A request on a process of its own or a shared one, and what it was told. */
interface Visit {
  readonly browser: Browser;
  readonly session: Session;
  readonly events: SessionEvent[];
}

/** Requests of a few browsers, on two processes with a database that fails now and then. */
export class Chaos implements Disposable {
  readonly #random: () => number;
  readonly #clock = new ManualClock();
  readonly #processes: TestKv[];
  readonly #browsers: Browser[] = [];
  readonly #visits: Visit[] = [];
  readonly #checks: Checks;
  /** The secrets of all cookies so far. */
  readonly secrets = new Set<string>();

  constructor(kv: Deno.Kv, random: () => number, checks: Checks) {
    this.#random = random;
    this.#checks = checks;
    this.#processes = [new TestKv(kv), new TestKv(kv)];
  }

  async run(): Promise<void> {
    const lock = { timeout: 400, lease: 300, maxHold: 700 };
    const options = { kv: this.#processes[0]!, lock, maxLife: 60 };
    for (let i = 0; i < 2; i++) {
      this.#browsers.push(
        await browserWith(withClock({ ...options }, this.#clock), { marker }),
      );
    }
    this.#browsers.forEach((browser) => this.#note(browser));
    this.#browsers.push(new Browser(options));
    for (let step = 0; step < steps; step++) {
      if (this.#visits.length < 2 || this.#random() < 0.2) this.#arrive();
      else if (this.#random() < 0.1) {
        await this.#leave(this.#pick(this.#visits));
      } else await this.#call(this.#pick(this.#visits), this.#pick(methods));
      if (this.#random() < 0.2) this.#clock.advance(this.#random() * 600);
    }
    for (const visit of [...this.#visits]) await this.#leave(visit);
  }

  /** A request begins; its cookie may be wrong. */
  #arrive(): void {
    const browser = this.#pick(this.#browsers);
    const kv = this.#pick(this.#processes);
    const events: SessionEvent[] = [];
    const { lock, maxLife } = this.#browsers[0]!.options;
    const options = withClock({
      kv,
      lock: lock!,
      maxLife: maxLife!,
      onEvent: (event) => void events.push(event),
    }, this.#clock);
    const sent = browser.clone(options);
    const { token } = sent;
    const chance = this.#random();
    if (token !== undefined && chance < 0.1) {
      sent.cookies.set("session", token.slice(0, -1) + "-");
    } else if (token !== undefined && chance < 0.15) {
      sent.cookies.set("session", `${token}!`);
    }
    const session = new Session(requestOf(sent), options);
    this.#visits.push({ browser, session, events });
  }

  /** The response is made. */
  async #leave(visit: Visit): Promise<void> {
    this.#visits.splice(this.#visits.indexOf(visit), 1);
    const { browser, session, events } = visit;
    const response = await this.#awaited(() => session.respond(new Response()));
    if (response instanceof Response) this.#keep(browser, response);
    this.#checks.ended(events);
  }

  #keep(browser: Browser, { headers }: Response): void {
    for (const cookie of headers.getSetCookie()) {
      const [, value] = /^session=([^;]*)/.exec(cookie)!;
      if (value === "") browser.cookies.delete("session");
      else browser.cookies.set("session", value!);
      this.#note(browser);
    }
  }

  #note({ token }: Browser): void {
    if (token !== undefined) this.secrets.add(token.split(".")[1]!);
  }

  async #call({ session, events }: Visit, method: Method): Promise<void> {
    if (session.state === "locked" && this.#random() < 0.7) {
      if (this.#random() < 0.1) session.clear();
      else session.set("n", this.#random() < 0.05 ? () => {} : marker);
    }
    const fails = this.#random() < 0.3;
    for (const kv of this.#processes) {
      kv.intercept = (_call, run) =>
        fails && this.#random() < 0.5 ? this.#pick(anyFault)(run) : run();
    }
    const before = events.length;
    const update = () => void session.set("n", marker);
    const result = await this.#awaited(() => session[method](update as never));
    for (const kv of this.#processes) kv.reset();
    this.#checks.called(method, result, events.slice(before));
  }

  /** What the call resolves to or rejects with, time passing meanwhile. */
  async #awaited(call: () => Promise<unknown>): Promise<unknown> {
    let settled = false;
    const done = call().catch((error) => error).finally(() => settled = true);
    await faults.passing(this.#clock, () => settled, 10);
    return await done;
  }

  #pick<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)]!;
  }

  [Symbol.dispose](): void {
    this.#processes[0]!.kv.close();
  }
}
