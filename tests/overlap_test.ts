import { assert, assertEquals } from "@std/assert";
import {
  attempt,
  browserOf,
  type Data,
  noPause,
  on,
  overlap,
  type Pause,
  requests,
} from "./overlap.ts";
import { type Browser, TestKv, testKv } from "./support.ts";

/** What is stored: a count, under the id that both requests came with or another. */
type Stored = { readonly count: number; readonly moved: boolean } | null;

/** What one request sees and answers, and what is stored then. */
interface Step {
  readonly sees: number | null;
  readonly code: string | null;
  readonly cookies: readonly string[];
  readonly stored: Stored;
}

// A session that is destroyed or has another id cannot be had by the old cookie.
const writes = ["open() and save()", "update()", "regenerate() and save()"];

/** What a request does when no other one is about. */
function alone(request: string, stored: Stored): Step {
  const live = stored !== null && !stored.moved;
  const code = !live && writes.includes(request) ? "ERR_LOCK_LOST" : null;
  const step = { sees: live ? stored.count : null, code, cookies: [], stored };
  if (!live) return step;
  const next = { count: stored.count + 1, moved: false };
  switch (request) {
    case "open() and save()":
    case "update()":
      return { ...step, stored: next };
    case "regenerate() and save()":
      return { ...step, cookies: ["set"], stored: { ...next, moved: true } };
    case "destroy()":
      return { ...step, cookies: ["delete"], stored: null };
    default:
      return step;
  }
}

/** What both answer and leave when one comes after the other. */
function oneAfterTheOther(before: string, after: string) {
  const one = alone(before, { count: 1, moved: false });
  const two = alone(after, one.stored);
  const answer = ({ sees, code, cookies }: Step) => ({ sees, code, cookies });
  return { one: answer(one), two: answer(two), stored: two.stored };
}

const names = Object.keys(requests);

for (const processes of [1, 2]) {
  const where = processes === 1 ? "one process" : "two processes";
  for (const first of names) {
    for (const second of names) {
      Deno.test(`Session: ${second} during ${first} is as if one came after the other, in ${where}`, async () => {
        using kv = await testKv();
        const other = processes === 1 ? kv : new TestKv(kv.kv);
        const actual = await meet(kv, other, first, second);
        const inOrder = oneAfterTheOther(first, second);
        const reversed = oneAfterTheOther(second, first);
        const outcomes = [
          inOrder,
          { one: reversed.two, two: reversed.one, stored: reversed.stored },
        ].map((outcome) => JSON.stringify(outcome));
        const outcome = JSON.stringify(actual);
        assert(
          outcomes.includes(outcome),
          `${outcome} is neither of\n${outcomes.join("\n")}`,
        );
      });
    }
  }
}

async function meet(kv: TestKv, other: TestKv, first: string, second: string) {
  const browser = await browserOf(on(kv), { count: 1 });
  const old = browser.token;
  const late = browser.clone(on(other));
  const [one, two] = await overlap(
    other,
    (pause) => answer(browser, first, pause),
    () => answer(late, second, noPause),
    first !== "read()" && second !== "read()",
  );
  kv.reset();
  const moved = [browser, late].find(({ token }) =>
    token !== undefined && token !== old
  );
  const rows: unknown[] = [];
  for await (const { key } of kv.kv.list({ prefix: ["session", "data"] })) {
    rows.push(key.at(-1));
  }
  const stored = await (moved ?? browser).visit(async (session) => {
    await session.read();
    const count = session.get("count");
    assertEquals(rows, session.id === null ? [] : [session.id]);
    return count === null ? null : { count, moved: moved !== undefined };
  });
  return { one, two, stored };
}

async function answer(browser: Browser<Data>, request: string, pause: Pause) {
  let sees: number | null = null;
  const { code, cookies } = await attempt(browser, (session) => {
    return requests[request]!(session, () => {
      sees = session.get("count");
      return pause();
    });
  });
  return { sees, code, cookies };
}
