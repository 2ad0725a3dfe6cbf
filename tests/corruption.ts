import type { Session } from "@aerys/session";
import { assert, assertEquals } from "@std/assert";
import { assertCode, browserWith, ManualClock, sessionOf } from "./support.ts";
import { type Browser, type TestKv, withClock } from "./support.ts";

export const values = { user: "ada", cart: [{ id: 7, at: new Date(0) }] };

/** A stored session and the bytes of its record, which the test may replace. */
export async function stored(kv: TestKv) {
  const clock = new ManualClock();
  const options = withClock({ kv, lock: { timeout: 1000 } }, clock);
  const browser = await browserWith(options, values);
  const id = browser.token!.split(".")[0]!;
  const key = ["session", "data", id];
  const bytes = (await kv.kv.get<Uint8Array>(key)).value!;
  const lock = ["session", "lock", id];
  return { browser, clock, key, bytes, lock };
}

/** What each method makes of the stored bytes: a session with contents, none, or `ERR_CORRUPT`. */
export async function outcome(
  browser: Browser,
  method: "read" | "open",
): Promise<"found" | "none" | "corrupt"> {
  const session: Session = sessionOf(browser);
  try {
    await session[method]();
  } catch (error) {
    await assertCode(() => Promise.reject(error), "ERR_CORRUPT");
    assertEquals([session.state, session.size], ["unlocked", 0]);
    return "corrupt";
  }
  const { id, size } = session;
  if (method === "open") await session.unlock();
  if (id === null) {
    assertEquals(size, 0);
    return "none";
  }
  assert(size > 0, "a stored session came back empty");
  return "found";
}

/** What the library never stores. */
export const foreign: Record<string, unknown> = {
  "a text": "session",
  "a number": 1,
  "an object": { user: "ada" },
  "a Map": new Map([["user", "ada"]]),
  "an ArrayBuffer": new ArrayBuffer(100),
  "a Deno.KvU64": new Deno.KvU64(1n),
  "no bytes": new Uint8Array(),
  "zeros": new Uint8Array(200),
  "ones": new Uint8Array(200).fill(255),
  "the format and nothing else": Uint8Array.of(1),
};
