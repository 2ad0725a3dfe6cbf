import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { KvStore } from "../src/kv.ts";
import { ModelKv } from "./proof/model_kv.ts";
import { seed } from "./proof/random.ts";

const key = fc.constantFrom(["a"], ["a", "b"], ["c", "data", "1"]);
const known = fc.constantFrom("current", "stale", "absent");
const commit = fc.record({
  checks: fc.array(fc.record({ key, known }), { maxLength: 3 }),
  writes: fc.array(fc.record({ key, value: fc.option(fc.nat()) }), {
    maxLength: 3,
  }),
});

type Commit = typeof commit extends fc.Arbitrary<infer T> ? T : never;

/** What a client sees of a database while it makes these commits. */
async function observe(
  kv: KvStore,
  commits: readonly Commit[],
): Promise<unknown[]> {
  const seen: unknown[] = [];
  const old = new Map<string, string | null>();
  for (const { checks, writes } of commits) {
    const atomic = kv.atomic();
    for (const { key, known } of checks) {
      const { versionstamp } = await kv.get(key);
      const stale = old.get(key.join()) ?? "0".repeat(20);
      const version = { current: versionstamp, stale, absent: null }[known];
      atomic.check({ key, versionstamp: version });
    }
    for (const { key, value } of writes) {
      old.set(key.join(), (await kv.get(key)).versionstamp);
      if (value === null) atomic.delete(key);
      else atomic.set(key, value);
    }
    const result = await atomic.commit();
    const entries = await kv.getMany([["a"], ["a", "b"], ["c", "data", "1"]]);
    // Versions differ between databases; what matters is which one is whose.
    seen.push(
      result.ok,
      ...entries.map(({ value, versionstamp }) => [
        value,
        versionstamp === null,
        result.ok && versionstamp === result.versionstamp,
      ]),
    );
  }
  return seen;
}

Deno.test("ModelKv does what Deno KV does", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(commit, { maxLength: 12 }), async (commits) => {
      using kv = await Deno.openKv(":memory:");
      assertEquals(
        await observe(new ModelKv(), commits),
        await observe(kv, commits),
      );
    }),
    { numRuns: 150, seed },
  );
});
