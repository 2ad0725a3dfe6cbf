import { SessionError } from "@aerys/session";
import { assertEquals } from "@std/assert";
import { foreign, stored, values } from "./corruption.ts";
import { quiet } from "./faults.ts";
import { sessionOf, TestKv, testKv, withClock } from "./support.ts";

/** A stored session, and the bytes of a lock that another process holds. */
async function held(kv: TestKv) {
  const { lock, ...rest } = await stored(kv);
  const theirs = withClock({ kv: new TestKv(kv.kv) }, rest.clock);
  const holder = sessionOf(rest.browser.clone(theirs));
  await holder.open();
  const bytes = (await kv.kv.get<Uint8Array>(lock)).value!;
  await holder.unlock();

  /** The code that `open()` fails with when this stands for the lock. */
  async function codeOn(value: unknown): Promise<string> {
    await kv.kv.set(lock, value);
    const session = sessionOf(rest.browser);
    const opening = session.open().then(() => "", (error) => error);
    // It either fails, or waits in vain.
    await quiet(kv, rest.clock);
    rest.clock.advance(1000);
    const error = await opening;
    assertEquals(session.state, "unlocked");
    // Who only reads needs no lock.
    assertEquals((await session.read()).get("user"), values.user);
    return error instanceof SessionError ? error.code : String(error);
  }
  return { ...rest, bytes, lock, codeOn };
}

Deno.test("Session.open() ends in ERR_CORRUPT on a lock that it did not write, and read() does not mind", async () => {
  using kv = await testKv();
  const { codeOn } = await held(kv);
  for (const [what, value] of Object.entries(foreign)) {
    assertEquals(await codeOn(value), "ERR_CORRUPT", what);
  }
});

Deno.test("Session.open() ends in ERR_CORRUPT on a lock that is cut short anywhere, and read() does not mind", async () => {
  using kv = await testKv();
  const { bytes, codeOn } = await held(kv);
  for (let length = 0; length < bytes.length; length++) {
    const code = await codeOn(bytes.subarray(0, length));
    assertEquals(code, "ERR_CORRUPT", `${length} bytes`);
  }
});

Deno.test("Session.open() never takes a lock with a flipped bit for no lock, and works when it is gone", async () => {
  using kv = await testKv();
  const { bytes, lock, codeOn, browser, clock } = await held(kv);
  assertEquals(await codeOn(bytes), "ERR_LOCK_TIMEOUT");
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const kind = bit < 8;
    const expected = kind ? "ERR_CORRUPT" : "ERR_LOCK_TIMEOUT";
    assertEquals(await codeOn(flipped), expected, `bit ${bit}`);
  }
  await kv.kv.delete(lock);
  const session = sessionOf(browser);
  await session.open();
  await session.save();
  assertEquals(clock.waiting, 0);
});
