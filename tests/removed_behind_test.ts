import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import {
  assertCode,
  browserWith,
  ManualClock,
  sessionOf,
  testKv,
  withClock,
} from "./support.ts";

const ways: Record<string, (session: Session) => Promise<unknown>> = {
  "save()": (session) => assertCode(() => session.save(), "ERR_LOCK_LOST"),
  "regenerate()": (session) =>
    assertCode(() => session.regenerate(), "ERR_LOCK_LOST"),
  "unlock()": (session) => session.unlock(),
};

for (const [method, call] of Object.entries(ways)) {
  Deno.test(`Session.${method} does not bring back a session whose row was removed from the database`, async () => {
    using kv = await testKv();
    const clock = new ManualClock();
    const lock = { lease: 3_600_000, maxHold: 3_600_000 };
    const options = withClock({ kv, lock, ttl: 3600 }, clock);
    const browser = await browserWith(options, { count: 1 });
    const session = sessionOf(browser);
    clock.advance(600_000); // So that unlock() extends it.
    await session.open();
    session.set("count", 2);
    for await (const { key } of kv.kv.list({ prefix: ["session", "data"] })) {
      await kv.kv.delete(key);
    }
    await call(session);
    const left = [];
    for await (const { key } of kv.kv.list({ prefix: ["session", "data"] })) {
      left.push(key);
    }
    assertEquals(left, []);
  });
}
