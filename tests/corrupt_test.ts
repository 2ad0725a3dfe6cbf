import { assert, assertEquals } from "@std/assert";
import { sealed } from "./checksum.ts";
import { foreign, outcome, stored } from "./corruption.ts";
import { newSeed, random } from "./random.ts";
import { testKv } from "./support.ts";

Deno.test("Session.open() and read() end in ERR_CORRUPT on a record that they did not write, and leave no lock", async () => {
  using kv = await testKv();
  const { browser, key, lock } = await stored(kv);
  for (const [what, value] of Object.entries(foreign)) {
    await kv.kv.set(key, value);
    for (const method of ["read", "open"] as const) {
      assertEquals(await outcome(browser, method), "corrupt", what);
    }
    assertEquals((await kv.kv.get(lock)).versionstamp, null, what);
  }
});

Deno.test("Session.open() and read() end in ERR_CORRUPT on a record that is cut short anywhere", async () => {
  using kv = await testKv();
  const { browser, key, bytes, lock } = await stored(kv);
  for (let length = 0; length < bytes.length; length++) {
    await kv.kv.set(key, bytes.subarray(0, length));
    for (const method of ["read", "open"] as const) {
      assertEquals(await outcome(browser, method), "corrupt", `${length}`);
    }
  }
  assertEquals((await kv.kv.get(lock)).versionstamp, null);
});

Deno.test("Session.open() and read() end in ERR_CORRUPT on a record with a flipped bit", async () => {
  using kv = await testKv();
  const { browser, key, bytes, lock } = await stored(kv);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    await kv.kv.set(key, flipped);
    for (const method of ["read", "open"] as const) {
      assertEquals(await outcome(browser, method), "corrupt", `bit ${bit}`);
    }
  }
  assertEquals((await kv.kv.get(lock)).versionstamp, null);
});

Deno.test("Session.open() and read() never take a record with a flipped bit for an empty session, even if the checksum fits", async () => {
  using kv = await testKv();
  const { browser, key, bytes, lock } = await stored(kv);
  const seen = { found: 0, none: 0, corrupt: 0 };
  for (let bit = 0; bit < (bytes.length - 4) * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    for (const method of ["read", "open"] as const) {
      await kv.kv.set(key, sealed(flipped));
      const what = await outcome(browser, method);
      // Another digest is another secret's, and a deadline may have passed.
      const mayBeNone = isDigest(bit >> 3) || isInstant(bit >> 3);
      if (what === "none") assert(mayBeNone, `bit ${bit}: none`);
      if (isDigest(bit >> 3)) assertEquals(what, "none", `bit ${bit}`);
      seen[what]++;
    }
  }
  assertEquals((await kv.kv.get(lock)).versionstamp, null);
  assert(Object.values(seen).every((times) => times > 100));
});

function isDigest(at: number): boolean {
  return at >= 1 && at < 33;
}

function isInstant(at: number): boolean {
  return at >= 33 && at < 65;
}

Deno.test("Session.open() and read() survive 2,000 records with random damage", async () => {
  using kv = await testKv();
  const { browser, key, bytes } = await stored(kv);
  const seed = newSeed();
  const next = random(seed);
  const upTo = (n: number) => Math.floor(next() * n);
  for (let i = 0; i < 2000; i++) {
    const damaged = bytes.slice(
      0,
      next() < 0.2 ? upTo(bytes.length) : undefined,
    );
    // The header is left alone mostly, so that the values are looked at.
    const from = next() < 0.9 ? 86 : 0;
    for (let n = upTo(4); n >= 0; n--) {
      const at = from + upTo(bytes.length - from);
      if (at < damaged.length) damaged[at] = 32 + upTo(next() < 0.9 ? 95 : 224);
    }
    await kv.kv.set(key, next() < 0.2 ? damaged : sealed(damaged));
    try {
      await outcome(browser, i % 2 === 0 ? "read" : "open");
    } catch (error) {
      throw new Error(`seed ${seed}, record ${i}: ${damaged}`, {
        cause: error,
      });
    }
  }
});
