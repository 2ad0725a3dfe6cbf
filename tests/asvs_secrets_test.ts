import { assert, assertEquals } from "@std/assert";
import { createToken, digestSecret, sameDigest } from "../src/token.ts";
import { assertCode, Browser, browserWith, count } from "./support.ts";
import { increment, ManualClock, sessionOf, testKv } from "./support.ts";
import { TestKv, withClock } from "./support.ts";

Deno.test("ASVS 7.2.3 a token holds 256 random bits, each as often set as not", () => {
  const times = 4000;
  const secrets = new Set<string>();
  const set = new Array<number>(256).fill(0);
  for (let i = 0; i < times; i++) {
    const { secret } = createToken(0);
    secrets.add(secret);
    const base64 = secret.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    assertEquals(bytes.length, 32);
    for (let bit = 0; bit < 256; bit++) {
      set[bit]! += bytes[bit >> 3]! >> (bit & 7) & 1;
    }
  }
  assertEquals(secrets.size, times);
  // Twelve standard deviations: chance alone never gets there.
  assert(set.every((ones) => Math.abs(ones - times / 2) < 380));
});

Deno.test("ASVS 11.2.4 secrets are compared as digests, which differ for a start in common and count to the last byte", async () => {
  const secret = "A".repeat(43);
  const digest = await digestSecret(secret);
  assert(sameDigest(digest, await digestSecret(secret)));
  const near = await digestSecret(`${secret.slice(0, -1)}B`);
  const common = digest.filter((byte, i) => byte === near[i]).length;
  assert(common < 8, "nothing can be learnt from where they differ");
  assert(!sameDigest(digest, near));
  for (let at = 0; at < 32; at++) {
    const other = digest.slice();
    other[at]! ^= 128;
    assert(!sameDigest(digest, other), `byte ${at}`);
  }
  assert(!sameDigest(digest, digest.subarray(1)));
});

Deno.test("ASVS 11.4.1, 11.4.3 the database holds the SHA-256 of the secret, and the secret nowhere", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const [, secret = ""] = browser.token!.split(".");
  const session = await sessionOf(browser).open(); // So that a lock is there, too.
  const bytes = new TextEncoder().encode(secret);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  let dump = "";
  for await (const { key, value } of kv.kv.list({ prefix: [] })) {
    dump += `${key.join()} ${latin1(value as Uint8Array)} `;
  }
  await session.unlock();
  assert(dump.includes(latin1(digest)));
  assert(!dump.includes(secret));
  assert(
    !dump.includes(atob(secret.replaceAll("-", "+").replaceAll("_", "/"))),
  );
});

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

Deno.test("ASVS 11.5.1 the secret is what the system's random generator gives, and no UUID", () => {
  const { getRandomValues } = crypto;
  try {
    crypto.getRandomValues = (array) => {
      if (ArrayBuffer.isView(array)) {
        new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
          .fill(255);
      }
      return array;
    };
    assertEquals(createToken(0).secret, `${"_".repeat(42)}8`);
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
});

Deno.test("ASVS 11.5.2 tokens stay different when very many are made at once", () => {
  const now = Date.now();
  const tokens = Array.from({ length: 50_000 }, () => createToken(now));
  assertEquals(new Set(tokens.map(({ id }) => id)).size, tokens.length);
  assertEquals(new Set(tokens.map(({ secret }) => secret)).size, tokens.length);
});

/** All that is written to the console while it runs. */
async function logged(run: () => Promise<unknown>): Promise<string> {
  const methods = ["debug", "log", "info", "warn", "error"] as const;
  const real = methods.map((method) => console[method]);
  let text = "";
  for (const method of methods) {
    console[method] = (...all) =>
      text += `${all.map((a) => Deno.inspect(a))}\n`;
  }
  try {
    await run();
  } finally {
    methods.forEach((method, i) => console[method] = real[i]!);
  }
  return text;
}

Deno.test("ASVS 16.2.5, 16.4.1 nothing of a token or of a Cookie header is logged", async () => {
  using kv = await testKv();
  const url = "http://shop.example/"; // Plain http is warned about.
  const browser = new Browser({ kv }, url);
  const text = await logged(async () => {
    await browser.visit(increment);
    const [id = "", secret = ""] = browser.token!.split(".");
    const values = [`${id}.${secret}x`, `${id}.${"A".repeat(43)}`, "\x1b[2J"];
    for (const value of values) {
      const hostile = new Browser({ kv }, url);
      hostile.cookies.set("__Host-session", value);
      await hostile.visit(increment);
    }
    await browser.visit((session) => session.open()).catch(() => {});
  });
  assert(text.includes("shop.example"), "it was warned about");
  for (const part of browser.token!.split(".")) assert(!text.includes(part));
  assert(!text.includes("\x1b[2J") && !text.includes("AAAA"));
});

Deno.test("ASVS 16.5.1 no error holds a token, nor what is stored", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, lock: { maxWaiting: 1 } }, clock);
  const browser = await browserWith(options, { count: "for no log" });
  const session = sessionOf(browser);
  const locked = async (value: unknown) =>
    (await session.open()).set("x", value);
  const errors = [await assertCode(() => session.save(), "ERR_NOT_LOCKED")];
  const fails = async (...given: Parameters<typeof assertCode>) => {
    errors.push(await assertCode(...given));
  };
  await locked(() => {});
  await fails(() => session.open(), "ERR_ALREADY_LOCKED");
  await fails(() => session.save(), "ERR_NOT_STORABLE");
  await locked("x".repeat(70_000));
  await fails(() => session.save(), "ERR_TOO_LARGE");
  await locked(1);
  const waiter = sessionOf(browser);
  const waiting = fails(() => waiter.open(), "ERR_LOCK_CANCELLED");
  await fails(() => waiter.read(), "ERR_PENDING");
  await fails(() => sessionOf(browser).open(), "ERR_QUEUE_FULL");
  await waiter.unlock();
  await waiting;
  await fails(() => session.respond(new Response()), "ERR_STILL_LOCKED");
  kv.intercept = () => Promise.reject(new Error("the disk is on fire"));
  await fails(() => session.read(), "ERR_STORE");
  kv.reset();
  const key = ["session", "data", browser.token!.split(".")[0]!];
  const { value } = await kv.kv.get<Uint8Array>(key);
  const text = latin1(value!).replace('"for no log"', " for no log ");
  await kv.kv.set(key, Uint8Array.from(text, (char) => char.charCodeAt(0)));
  await fails(() => session.read(), "ERR_CORRUPT");
  for (const error of errors) {
    const text = Deno.inspect(error, { depth: 20 });
    const parts = [...browser.token!.split("."), "for no log"];
    for (const part of parts) assert(!text.includes(part), text);
  }
});

Deno.test("ASVS 16.5.2, 16.5.3 when the database fails, no request gets an empty or an unlocked session to write to", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const session = sessionOf(browser);
  await session.read();
  const fresh = sessionOf(browser);
  kv.intercept = () => Promise.reject(new Error("the disk is on fire"));
  for (const each of [session, fresh]) {
    await assertCode(() => each.open(), "ERR_STORE");
    await assertCode(() => each.set("count", 2), "ERR_NOT_LOCKED");
    await assertCode(() => each.save(), "ERR_NOT_LOCKED");
    await assertCode(() => each.read(), "ERR_STORE");
  }
  // What was read before is still there; what was not is no new session.
  assertEquals([session.get("count"), session.isNew], [1, false]);
  kv.reset();
  assertEquals(await browser.clone({ kv: new TestKv(kv.kv) }).visit(count), 1);
});
