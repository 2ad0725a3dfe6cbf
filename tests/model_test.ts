import { assert, assertEquals } from "@std/assert";
import { Session, SessionError } from "@aerys/session";
import fc from "fast-check";
import { decodeContents } from "../src/data.ts";
import { decodeLock } from "../src/lock_entry.ts";
import { decodeRecord } from "../src/record.ts";
import { ModelKv } from "./proof/model_kv.ts";
import {
  ModelSession,
  type Outcome,
  type Sent,
  unstorable,
} from "./proof/model_session.ts";
import { seed } from "./proof/random.ts";
import { ManualClock, withClock } from "./support.ts";

const runs = Number(Deno.env.get("MODELS") ?? 1000);

const key = fc.constantFrom<string | number>("a", "__proto__", 1, "1");
const value = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom<unknown>(1, "x", null, [1], {}) },
  { weight: 1, arbitrary: fc.constant<unknown>(unstorable) },
);
const edit = fc.record({
  edit: fc.constantFrom("set", "set", "delete", "clear", "append"),
  key,
  value,
});
const does = (weight: number, ...names: string[]) => ({
  weight,
  arbitrary: fc.record({
    does: fc.constantFrom(...names),
    edit,
    ttl: fc.constantFrom(-1, 60, 7200),
  }),
});
const command = fc.oneof(
  does(6, "open", "save"),
  does(5, "edit"),
  does(4, "read", "unlock", "regenerate", "destroy", "request"),
  does(2, "update", "update that throws"),
  does(3, "setTTL", "rival edits", "rival destroys", "rival destroys"),
);

// What chance alone would seldom bring about: the cookie of an ended session.
const afterwards = fc.tuple(
  fc.constantFrom("regenerate", "destroy", "rival destroys"),
  fc.constantFrom("save", "destroy", "regenerate", "update"),
  command,
).map(([end, last, { edit, ttl }]) => {
  const before = end === "rival destroys" ? ["save", end] : [end, "request"];
  const all = ["open", "edit", ...before, "open", "edit", last, "save"];
  // And a cookie that is sent again because its time to live has changed.
  if (end === "destroy") {
    all.splice(2, 9, "save", "request", "setTTL", last, "open", "edit", "save");
    all.push("request");
  }
  const set = { ...edit, edit: "set" as const, value: 1 };
  return all.map((does) => ({ does, ttl, edit: set }));
});
const chunk = fc.oneof(
  { weight: 15, arbitrary: command.map((one) => [one]) },
  { weight: 3, arbitrary: afterwards },
);
const sequence = fc.array(chunk, { minLength: 8, maxLength: 30 })
  .map((chunks) => chunks.flat().slice(0, 30));

type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Values =
  & Pick<Map<string | number, unknown>, "get" | "delete" | "clear">
  & {
    set: (key: string, value: unknown) => unknown;
  };

/** Does to a session, or to the model's data, what the edit says. */
function apply({ edit, key, value }: Edit, values: Values): void {
  const name = String(key);
  if (edit === "set") values.set(name, structured(value));
  else if (edit === "delete") values.delete(name);
  else if (edit === "clear") values.clear();
  else {
    const list = values.get(name);
    if (Array.isArray(list)) list.push(2);
    else values.set(name, [0]);
  }
}

function structured(value: unknown): unknown {
  return typeof value === "symbol" ? value : structuredClone(value);
}

/** One browser with a session that is stored, beside its model. */
class Pair {
  readonly model = new ModelSession();
  readonly kv = new ModelKv();
  readonly options = withClock({ kv: this.kv }, new ManualClock());
  readonly ids = new Map<number, string>();
  readonly tally: Map<string, number>;
  #cookie = "";
  #session = this.#begin();

  constructor(tally: Map<string, number>) {
    this.tally = tally;
  }

  async run({ does, edit, ttl }: Command): Promise<void> {
    const { model } = this;
    const session = this.#session;
    const act = (values: Values) => apply(edit, values);
    const own = () => act(session as unknown as Values);
    if (does === "request") return await this.next();
    if (does.startsWith("rival")) {
      const live = model.jar !== null && model.server.has(model.jar);
      if (!live || model.state === "locked") return;
      if (edit.value === unstorable) return;
      const rival = this.#begin();
      const destroys = does === "rival destroys";
      await rival.open();
      if (destroys) rival.clear();
      else act(rival as unknown as Values);
      await rival.save();
      model.rival((data) => destroys ? data.clear() : act(data));
    } else if (does === "edit") {
      // Whatever is edited, the state decides before anything else.
      if (edit.edit === "append" && model.state === "unlocked") return;
      await this.#compare(does, own, model.change(act));
    } else if (does === "setTTL") {
      await this.#compare(does, () => session.setTTL(ttl), model.setTTL(ttl));
    } else if (does.startsWith("update")) {
      const throws = does !== "update";
      const fn = () => {
        own();
        if (throws) throw new RangeError("thrown");
      };
      const work = () => this.#whilePending(session.update(fn));
      await this.#compare(does, work, model.update(act, throws));
    } else {
      const name = does as "open";
      const work = () => {
        const pends = name as string !== "read";
        const done = session[name]();
        return pends ? this.#whilePending(done) : done;
      };
      await this.#compare(does, work, model[name]());
    }
    this.#look();
  }

  /** Ends the request, compares the cookie, and begins the next one. */
  async next(): Promise<void> {
    const { outcome, sent } = this.model.respond();
    let response: Response | undefined;
    const respond = async () => {
      response = await this.#session.respond(new Response());
    };
    await this.#compare("respond", respond, outcome);
    this.#take(response?.headers.getSetCookie() ?? [], sent);
    this.#look();
    this.model.request();
    this.#session = this.#begin();
    this.#look();
  }

  /** A new request reads what the model has stored. */
  async end(): Promise<void> {
    await this.next();
    await this.#session.read();
    this.model.read();
    this.#look();
  }

  #begin(): Session {
    const headers: HeadersInit = this.#cookie ? { cookie: this.#cookie } : {};
    return new Session(
      new Request("http://localhost/", { headers }),
      this.options,
    );
  }

  async #compare(
    name: string,
    work: () => unknown,
    expected: Outcome,
  ): Promise<void> {
    let outcome: unknown = null;
    try {
      await work();
    } catch (error) {
      outcome = error instanceof SessionError ? error.code : error;
      if (error instanceof RangeError) outcome = error.message;
    }
    assertEquals(outcome, expected, name);
    const told = `${name}: ${expected ?? "done"}`;
    this.tally.set(told, (this.tally.get(told) ?? 0) + 1);
  }

  /** While a method is under way, nothing else may be called. */
  #whilePending<T>(done: Promise<T>): Promise<T> {
    const session = this.#session;
    if (session.state !== "pending") return done; // It was refused at once.
    try {
      session.has("a");
    } catch (error) {
      assert(error instanceof SessionError && error.code === "ERR_PENDING");
      return done;
    }
    throw new Error("has() answered while another method was under way");
  }

  #take(headers: string[], sent: Sent): void {
    const kind = sent === null
      ? "no"
      : sent === "deletion"
      ? "deleting"
      : this.#cookie.includes(this.ids.get(sent.session)!)
      ? "extending"
      : "new";
    const told = `${kind} cookie`;
    this.tally.set(told, (this.tally.get(told) ?? 0) + 1);
    if (sent === null) return assertEquals(headers, []);
    assertEquals(headers.length, 1);
    const [pair, ...attributes] = headers[0]!.split("; ");
    const maxAge = attributes.find((each) => each.startsWith("Max-Age="));
    if (sent === "deletion") {
      assertEquals([pair, maxAge], ["session=", "Max-Age=0"]);
      this.#cookie = "";
      return;
    }
    const expected = sent.maxAge === null
      ? undefined
      : `Max-Age=${sent.maxAge}`;
    assertEquals(maxAge, expected);
    this.#cookie = pair!;
    assertEquals(pair!.split(/[=.]/)[1], this.ids.get(sent.session));
  }

  /** Holds all that can be seen against the model. */
  #look(): void {
    const session = this.#session;
    const { state, data, isNew, known, server } = this.model;
    const { ids } = this;
    assertEquals(
      [session.state, session.isNew, session.size, session.signal.aborted],
      [state, isNew, data.size, false],
    );
    assertEquals([...session.entries()], [...data]);
    for (const key of ["a", 1, "__proto__"]) {
      const value = data.get(String(key)) ?? null;
      assertEquals(session.has(key), data.has(String(key)));
      assertEquals(session.get(key), value as never);
    }
    assertEquals(session.id === null, known === null);
    if (known !== null) {
      const fresh = !ids.has(known);
      if (fresh) assert(![...ids.values()].includes(session.id!));
      if (fresh) ids.set(known, session.id!);
      assertEquals(session.id, ids.get(known)!);
    }
    const stored: unknown[] = [];
    let held = 0;
    for (const [name, { value }] of this.kv.entries) {
      const [, kind, id] = JSON.parse(name);
      if (kind === "lock") held += decodeLock(value).kind === "held" ? 1 : 0;
      if (kind !== "data") continue;
      const { payload, ttl } = decodeRecord(value);
      stored.push([id, new Map(decodeContents(payload).values), ttl]);
    }
    const kept = [...server].map((
      [n, { data, ttl }],
    ) => [ids.get(n), data, ttl]);
    const byId = (a: unknown, b: unknown) => String(a) < String(b) ? -1 : 1;
    assertEquals(stored.sort(byId), kept.sort(byId));
    assertEquals(held, this.model.held ? 1 : 0);
  }
}

Deno.test(`Session does what its model does in ${runs} sequences of commands, seed ${seed}`, async () => {
  const tally = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      sequence,
      async (commands) => {
        const pair = new Pair(tally);
        for (const command of commands) await pair.run(command);
        await pair.end();
      },
    ),
    { numRuns: runs, seed },
  );
  const told = [...tally].map(([name, count]) => `${name} ${count}`);
  console.log(`${runs} sequences, seed ${seed}; ${told.join(", ")}`);
  if (runs < 500) return;
  for (const rare of ["save: ERR_LOCK_LOST", "extending cookie"]) {
    assert(tally.has(rare), `${rare} never came up`);
  }
});
