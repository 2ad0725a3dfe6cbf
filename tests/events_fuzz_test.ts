import { SessionError, type SessionEvent } from "@aerys/session";
import { assert, assertEquals } from "@std/assert";
import { Chaos, marker, type Method } from "./events_chaos.ts";
import { newSeed, random } from "./random.ts";
import { testKv } from "./support.ts";

const runs = 30;

const number = (value: unknown) =>
  Number.isFinite(value) && value as number >= 0;
const id = (value: unknown) => /^[0-9A-HJKMNP-TV-Z]{26}$/.test(String(value));
const orNull = (is: (value: unknown) => boolean) => (value: unknown) =>
  value === null || is(value);
const text = (value: unknown) => typeof value === "string" && value !== "";
const boolean = (value: unknown) => typeof value === "boolean";

/** All members of each event. */
const shapes: Record<
  SessionEvent["type"],
  Record<string, (value: unknown) => boolean>
> = {
  created: { id },
  opened: { id: orNull(id), took: number, waited: number, locked: boolean },
  read: { id: orNull(id), took: number },
  saved: { id, took: number, held: orNull(number), bytes: number },
  unlocked: { id, held: number },
  regenerated: { id, previousId: id, took: number },
  destroyed: { id, took: number, held: number },
  conflicted: { id },
  takenOver: { id },
  lost: { id, held: number, reason: text },
  failed: { id: orNull(id), method: text, code: text, took: number },
  malformed: {},
  unknown: { id, ended: boolean },
  wrongSecret: { id },
  expired: { id },
};

function assertShape({ type, ...members }: SessionEvent): void {
  const shape = shapes[type];
  assertEquals(Object.keys(members).sort(), Object.keys(shape).sort(), type);
  for (const [member, value] of Object.entries(members)) {
    assert(shape[member]!(value), `${type}.${member} is ${value}`);
  }
}

/** Mistakes of the handler, of which nobody is told. */
const mistakes = ["ERR_NOT_LOCKED", "ERR_ALREADY_LOCKED", "ERR_PENDING"];

const done: Record<Method, readonly SessionEvent["type"][]> = {
  open: ["opened"],
  read: ["read"],
  save: ["saved", "destroyed"],
  unlock: ["unlocked"],
  regenerate: ["regenerated"],
  destroy: ["destroyed"],
  update: ["saved", "destroyed"],
};

/** Asserts that a method tells how it ended, and tells it once. */
function assertTold(
  method: Method,
  result: unknown,
  told: readonly SessionEvent[],
): void {
  const failures = told.filter((event) => event.type === "failed");
  const types = told.map(({ type }) => type);
  if (result instanceof SessionError && !mistakes.includes(result.code)) {
    const failure = failures.map(({ method, code }) => ({ method, code }));
    assertEquals(failure, [{ method, code: result.code }]);
    assert(
      !done[method].some((type) => types.includes(type)) ||
        types.includes("unlocked"),
      `${method}: ${types}`,
    );
    return;
  }
  assertEquals(failures, []);
  const ends = types.filter((type) => done[method].includes(type));
  // Without a stored session there is nothing to unlock, regenerate or destroy.
  const none = result instanceof Error || !["open", "read"].includes(method);
  assert(ends.length === 1 || ends.length === 0 && none, `${method}: ${types}`);
}

/** Asserts that every lock is ended, and by one event. */
function assertLocks(events: readonly SessionEvent[]): void {
  let locked = false;
  const story = events.map(({ type }) => type).join(", ");
  for (const event of events) {
    if (event.type === "opened") {
      assert(!locked, story);
      ({ locked } = event);
    } else if ("held" in event && event.held !== null) {
      assert(locked, story);
      locked = false;
    } else if (event.type === "regenerated") assert(locked, story);
    else if (event.type === "saved") assert(!locked, story);
  }
  assert(!locked, story);
}

Deno.test("onEvent is told how everything ends, in shape and without secrets, whatever fails", async () => {
  const types = new Set<string>();
  for (let run = 0; run < runs; run++) {
    const seed = newSeed();
    const told: SessionEvent[] = [];
    const ended = (events: readonly SessionEvent[]) => {
      assertLocks(events);
      told.push(...events);
    };
    const { kv } = await testKv();
    using chaos = new Chaos(kv, random(seed), { called: assertTold, ended });
    try {
      await chaos.run();
      const json = JSON.stringify(told);
      for (const secret of [marker, ...chaos.secrets]) {
        assert(!json.includes(secret), "an event holds a secret");
      }
      told.forEach(assertShape);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    for (const { type } of told) types.add(type);
  }
  // Chance brings about the others, too, but not in every run.
  for (const type of ["opened", "saved", "failed", "unlocked", "lost"]) {
    assert(types.has(type), type);
  }
});
