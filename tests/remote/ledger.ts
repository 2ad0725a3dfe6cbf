import { assert, assertEquals } from "@std/assert";
import { names, type Report } from "./processes.ts";

/** What the processes were told of their increments, beside what the sessions hold. */
export class Ledger {
  /** Each increment that the sessions hold, as the name of its process and its serial. */
  readonly #stored: string[] = [];
  /** The sum of the counts of all sessions. */
  #count = 0;
  readonly #reports: readonly Report[];

  constructor(
    reports: readonly Report[],
    sessions: readonly ReadonlyMap<string, unknown>[],
  ) {
    this.#reports = reports;
    for (const session of sessions) {
      this.#count += session.get("count") as number;
      for (const name of names) {
        const serials = session.get(name) as number[] | undefined ?? [];
        this.#stored.push(...serials.map((serial) => `${name} ${serial}`));
      }
    }
  }

  /** How often there was which error. */
  get errors(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const { errors } of this.#reports) {
      for (const [error, times] of Object.entries(errors)) {
        all[error] = (all[error] ?? 0) + times;
      }
    }
    return all;
  }

  /** One line that tells it all. */
  toString(): string {
    const { open, save, update } = this.#longest;
    const unknown = this.#told("unknown");
    const errors = Object.entries(this.errors)
      .map(([error, times]) => `\n  ${times} × ${error}`);
    return `${this.#told("acknowledged").length} acknowledged, ` +
      `${this.#stored.length} applied, ` +
      `${this.#told("refused").length} refused, ` +
      `${this.#wronglyRefused().length} of them applied, ` +
      `${unknown.length} unknown, ${
        this.#among(unknown).length
      } of them applied, ` +
      `longest open() ${open} ms, save() ${save} ms, update() ${update} ms${
        errors.join("")
      }`;
  }

  /**
   * Throws unless all that was told is true, and `open()` and `save()` kept to
   * their timeout.
   */
  check(timeout: number): void {
    const untyped = this.#reports.flatMap(({ untyped }) => untyped);
    assertEquals(untyped, [], "errors without a code");
    const acknowledged = this.#told("acknowledged");
    assert(acknowledged.length > 0, "nothing was done");
    const lost = acknowledged.filter((one) => !this.#stored.includes(one));
    assertEquals(lost, [], "acknowledged, but not there");
    assertEquals(this.#wronglyRefused(), [], "refused, but there");
    const unknown = this.#among(this.#told("unknown"));
    // Each just once, and nothing else.
    assertEquals(this.#stored.toSorted(), [...acknowledged, ...unknown].sort());
    assertEquals(this.#count, this.#stored.length, "one overwrote another");
    const { open, save } = this.#longest;
    // Timers are late on a busy machine, but not by so much.
    const limit = timeout + 5000;
    assert(Math.max(open, save) < limit, `waited ${open} and ${save} ms`);
  }

  #told(what: "acknowledged" | "refused" | "unknown"): string[] {
    return this.#reports.flatMap((report, i) =>
      report[what].map((serial) => `${names[i]} ${serial}`)
    );
  }

  #wronglyRefused(): string[] {
    return this.#among(this.#told("refused"));
  }

  #among(increments: string[]): string[] {
    return increments.filter((increment) => this.#stored.includes(increment));
  }

  get #longest(): Report["longest"] {
    const max = (call: keyof Report["longest"]) =>
      Math.max(...this.#reports.map(({ longest }) => longest[call]));
    return { open: max("open"), save: max("save"), update: max("update") };
  }
}
