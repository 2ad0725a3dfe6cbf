import { assert, assertEquals } from "@std/assert";
import {
  attempt,
  browserOf,
  type Data,
  late,
  noPause,
  on,
  overlap,
  type Pause,
  requests,
} from "./overlap.ts";
import { type Browser, gate, TestKv, testKv, until } from "./support.ts";

/** The session that both requests came with: its count, or what became of it. */
type Old = number | "moved" | "destroyed";

/** What one request sees and answers, and the count under the cookie that it set. */
interface Step {
  readonly sees: number | null;
  readonly code: string | null;
  readonly cookies: readonly string[];
  readonly own: number | null;
}

/** What a request does when no other one is about, and what it leaves. */
function alone(request: string, old: Old): [Step, Old] {
  if (typeof old !== "number") {
    // A session that is destroyed or has another id cannot be had by the old cookie.
    const by = old === "moved" ? "regenerate()" : "destroy()";
    const { code, cookies, stored } = new Map(late(by)).get(request)!;
    return [{ sees: null, code, cookies, own: stored.count ?? null }, old];
  }
  const step: Step = { sees: old, code: null, cookies: [], own: null };
  switch (request) {
    case "open() and save()":
    case "update()":
      return [step, old + 1];
    case "regenerate() and save()":
      return [{ ...step, cookies: ["set"], own: old + 1 }, "moved"];
    case "destroy()":
      return [{ ...step, cookies: ["delete"] }, "destroyed"];
    default:
      return [step, old];
  }
}

/** What both answer and leave when one comes after the other. */
function oneAfterTheOther(before: string, after: string) {
  const [one, between] = alone(before, 1);
  const [two, old] = alone(after, between);
  return { one, two, old: typeof old === "number" ? old : null };
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
          { ...reversed, one: reversed.two, two: reversed.one },
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

Deno.test("Session.update() leaves the session to a process that has locked it meanwhile", async () => {
  using kv = await testKv();
  const other = new TestKv(kv.kv);
  const browser = await browserOf(on(kv), { count: 1 });
  let runs = 0;
  const saved = gate();
  const opened = gate();
  const holder = () =>
    attempt(browser.clone(on(other)), async (session) => {
      await session.open();
      opened.open();
      await saved.promise;
      session.set("count", session.get("count")! + 1);
      await session.save();
    });
  let held: ReturnType<typeof holder> | undefined;
  const updated = attempt(browser.clone(), async (session) => {
    await session.update(async () => {
      if (++runs === 1) {
        held = holder();
        await opened.promise;
      }
      session.set("count", session.get("count")! + 1);
    });
  });
  await opened.promise;
  kv.reset();
  await until(() => kv.counts.reads > 1); // It looks again, and waits.
  saved.open();
  assertEquals([(await held!).code, (await updated).code], [null, null]);
  assertEquals(await countOf(browser), 3);
});

async function meet(kv: TestKv, other: TestKv, first: string, second: string) {
  const browser = await browserOf(on(kv), { count: 1 });
  const old = browser.clone();
  const late = browser.clone(on(other));
  // A read never waits, and nobody waits for it; update() holds nothing that
  // another process would wait for.
  const runs = first === "read()" || second === "read()" ||
    first === "update()" && kv !== other;
  const [one, two] = await overlap(
    (pause) => answer(browser, first, pause),
    () => answer(late, second, noPause),
    runs ? [] : [[other, 1]],
  );
  const own = (browser: Browser<Data>) =>
    browser.token === old.token ? null : countOf(browser);
  const stored = {
    one: { ...one, own: await own(browser) },
    two: { ...two, own: await own(late) },
    old: await countOf(old),
  };
  let rows = 0;
  for await (const _ of kv.kv.list({ prefix: ["session", "data"] })) rows++;
  const counts = [stored.one.own, stored.two.own, stored.old];
  assertEquals(rows, counts.filter((count) => count !== null).length);
  return stored;
}

function countOf(browser: Browser<Data>): Promise<number | null> {
  return browser.visit(async (session) => {
    await session.read();
    return session.get("count");
  });
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
