import { type Session, SessionError } from "@aerys/session";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { testKv } from "./support.ts";
import * as faults from "./faults.ts";
import { attempt, nextRequest, operations } from "./operations.ts";

/** What a session gets over. */
const harmless: Record<string, faults.Breakdown> = {
  "throws once before applying": { fault: faults.throwsBefore, times: 1 },
  "throws twice before applying": { fault: faults.throwsBefore, times: 2 },
  "throws once after applying": { fault: faults.throwsAfter, times: 1 },
  "throws always after applying": { fault: faults.throwsAfter },
  "refuses once after applying": { fault: faults.refusesAfter, times: 1 },
  "refuses always after applying": { fault: faults.refusesAfter },
  "is locked 20 times": { fault: faults.isLocked, times: 20 },
  "is locked 20 times on Node": { fault: faults.isLockedOnNode, times: 20 },
};

for (const [what, breakdown] of Object.entries(harmless)) {
  Deno.test(`Session succeeds, and says so, when a KV commit ${what}`, async (t) => {
    for (const operation of operations) {
      await t.step(operation.name, async () => {
        using kv = await testKv();
        const trial = await attempt(kv, operation, breakdown);
        if (trial.error !== null) throw trial.error;
        assertEquals(trial.left, operation.then);
        assert(trial.hits > 0, "the fault was never met");
        assertEquals(await nextRequest(trial), operation.stored);
      });
    }
  });
}

/** What ends an operation. */
const fatal: Record<
  string,
  faults.Breakdown & { cause?: unknown; hangs?: true }
> = {
  "commit fails": { fault: faults.throwsBefore, cause: faults.broken },
  "call fails": { fault: faults.throwsBefore, on: "all", cause: faults.broken },
  "commit is refused": { fault: faults.refusesBefore, hangs: true },
  "commit meets another writer": { fault: faults.isLocked, hangs: true },
  "commit hangs": { fault: faults.hangsBefore, hangs: true },
  "call hangs": { fault: faults.hangsBefore, on: "all", hangs: true },
};

for (const [what, { cause, hangs, ...breakdown }] of Object.entries(fatal)) {
  Deno.test(`Session gives the lock up and keeps the old contents when every KV ${what}`, async (t) => {
    for (const operation of operations) {
      await t.step(operation.name, async () => {
        using kv = await testKv();
        const trial = await attempt(kv, operation, breakdown, hangs);
        assertFailed(trial.error, cause);
        assertEquals(trial.left, operation.otherwise);
        const before = operation.isNew ? null : 1;
        assertEquals(await nextRequest(trial, true), before);
      });
    }
  });
}

Deno.test("Session ends in ERR_STORE when a KV commit is applied but never answered, and the next request works", async (t) => {
  for (const operation of operations) {
    await t.step(operation.name, async () => {
      using kv = await testKv();
      const breakdown = { fault: faults.hangsAfter, times: 1 };
      const trial = await attempt(kv, operation, breakdown, true);
      assertFailed(trial.error);
      assertEquals(trial.left, operation.otherwise);
      // The browser was told nothing, so that its cookie is that from before.
      const moved = operation.isNew || operation.name === "regenerate()";
      const stored = moved ? null : operation.stored;
      assertEquals(await nextRequest(trial, true), stored);
    });
  }
});

const [open] = operations;
const reading = [
  { ...open!, on: "getMany" },
  { ...open!, on: "get", name: "read()", call: (s: Session) => s.read() },
] as const;

for (const { on, ...operation } of reading) {
  Deno.test(`Session.${operation.name} ends in ERR_STORE when a KV read fails or hangs, and leaves no lock`, async () => {
    for (const fault of [faults.throwsBefore, faults.hangsBefore]) {
      using kv = await testKv();
      const hangs = fault === faults.hangsBefore;
      const trial = await attempt(kv, operation, { fault, on }, hangs);
      assertFailed(trial.error, hangs ? undefined : faults.broken);
      assertEquals(trial.left, operation.otherwise);
      assertEquals(await nextRequest(trial), 1);
    }
  });
}

function assertFailed(error: unknown, cause?: unknown): void {
  assertInstanceOf(error, SessionError);
  assertEquals(error.code, "ERR_STORE");
  if (cause !== undefined) assertEquals(error.cause, cause);
  else assertInstanceOf(error.cause, Error);
}
