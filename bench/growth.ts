import { ulid } from "@std/ulid";
import { openFile } from "./databases.ts";
import { type Deed, inProcess } from "./contender.ts";
import { own } from "./peers/own.ts";
import { interleave, type Timed } from "./rounds.ts";
import { ratios, type Spread, spread } from "./statistics.ts";
import { sizes } from "./values.ts";
import { Visitor } from "./visitor.ts";

const requests = 32;
const perCommit = 500;
const deeds = ["read", "open", "update"] as const;

/** What a request takes in a database with so many sessions. */
export interface Growth {
  readonly sessions: number;
  /** The time beside the same in the smallest database, in the same round. */
  readonly ratios: Readonly<Record<typeof deeds[number], Spread>>;
  /** The time of a request, in µs. */
  readonly micros: Readonly<Record<typeof deeds[number], number>>;
}

/** Measures on files with so many sessions, the smallest first, in turn. */
export async function measureGrowth(
  counts: readonly number[],
  rounds: number,
): Promise<Growth[]> {
  await using stack = new AsyncDisposableStack();
  const grown = [];
  for (const count of counts) {
    const database = stack.use(await openFile());
    grown.push(new Grown(count, database.kv, await fill(database.kv, count)));
  }
  const results = grown.map(({ sessions }) => ({
    sessions,
    ratios: {} as Record<typeof deeds[number], Spread>,
    micros: {} as Record<typeof deeds[number], number>,
  }));
  for (const one of grown) await one.prove();
  for (const deed of deeds) {
    for (const one of grown) one.deed = deed;
    await interleave(grown, Math.min(3, rounds));
    const times = await interleave(grown, rounds);
    const smallest = times.get(grown[0]!)!;
    grown.forEach((one, i) => {
      const own = times.get(one)!;
      results[i]!.ratios[deed] = spread(ratios(own, smallest));
      results[i]!.micros[deed] = spread(own).median * 1000 / requests;
    });
  }
  return results;
}

/** One of the databases. */
class Grown implements Timed {
  readonly sessions: number;
  readonly #handlers;
  readonly #cookies: readonly string[];
  deed: Deed = "read";

  constructor(sessions: number, kv: Deno.Kv, cookies: readonly string[]) {
    this.sessions = sessions;
    this.#handlers = own("", { kv, values: {} }).handlers;
    this.#cookies = cookies;
  }

  /** Visits sessions from all over the database. */
  async batch(): Promise<void> {
    const handler = this.#handlers[this.deed]!;
    for (let i = 0; i < requests; i++) {
      const at = Math.floor(Math.random() * this.#cookies.length);
      await handler(this.#request(this.#cookies[at]!));
    }
  }

  /** Throws unless every cookie leads to a session. */
  async prove(): Promise<void> {
    for (const cookie of this.#cookies) {
      const response = await this.#handlers.read!(this.#request(cookie));
      if (await response.text() === "0") continue;
      throw new Error("Cannot measure: a stored session was not found");
    }
  }

  #request(cookie: string): Request {
    return new Request(inProcess.origin, { headers: { cookie } });
  }
}

/**
 * Stores so many sessions: one made as usual, and its record under other ids,
 * where the same secret opens it, because only the secret's digest is stored.
 *
 * @returns The cookies of 10,000 of them.
 */
async function fill(kv: Deno.Kv, count: number): Promise<string[]> {
  const visitor = new Visitor(own("", { kv, values: sizes["350 B"]! }));
  await visitor.ask("begin");
  const [name, id, secret] = visitor.cookie.split(/[=.]/) as [
    string,
    string,
    string,
  ];
  const cookies = [visitor.cookie];
  const every = Math.ceil(count / 10_000);
  const key = (other: string) => ["session", "data", other];
  const { value } = await kv.get(key(id));
  for (let stored = 1; stored < count;) {
    const commit = kv.atomic();
    for (let i = 0; i < perCommit && stored < count; i++, stored++) {
      // Made at any time of the last day, so that the keys are spread.
      const other = ulid(Date.now() - Math.floor(Math.random() * 86_400_000));
      commit.set(key(other), value, { expireIn: 3_600_000 });
      if (stored % every === 0) cookies.push(`${name}=${other}.${secret}`);
    }
    await commit.commit();
  }
  return cookies;
}
