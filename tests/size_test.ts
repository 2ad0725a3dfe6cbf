import type { Session } from "@aerys/session";
import { assert, assertEquals } from "@std/assert";
import { assertCode, Browser, browserWith, count } from "./support.ts";
import { TestKv, testKv } from "./support.ts";

async function fill(session: Session, length: number): Promise<void> {
  await session.open();
  session.set("text", "x".repeat(length));
  await session.save();
}

/** The length of `text` at which the session is exactly full, and its size then. */
async function fullLength(
  kv: TestKv,
): Promise<{ full: number; limit: number }> {
  return await new Browser({ kv }).visit(async (session) => {
    const error = await assertCode(
      () => fill(session, 100_000),
      "ERR_TOO_LARGE",
    );
    const [size = 0, limit = 0] = (error.message.match(/\d+/g) ?? [])
      .map(Number);
    return { full: 100_000 - (size - limit), limit };
  });
}

Deno.test("Session.save() stores a session that is exactly full, and refuses one byte more with both sizes", async () => {
  using kv = await testKv();
  const { full, limit } = await fullLength(kv);
  assert(limit > 64_000 && limit < 65_536, `the limit is ${limit}`);
  const browser = new Browser({ kv });
  await browser.visit(async (session) => {
    await fill(session, full);
    const error = await assertCode(
      () => fill(session, full + 1),
      "ERR_TOO_LARGE",
    );
    assert(error.message.includes(`${limit + 1} bytes`), error.message);
    assert(error.message.includes(`${limit} of them`), error.message);
    assertEquals(session.state, "unlocked");
    assertEquals(session.get("text")?.length, full);
  });
  await browser.visit(async (session) => {
    await session.read();
    assertEquals(session.get("text"), "x".repeat(full));
  });
});

Deno.test("Session.save() and regenerate() have room for a full session however many processes wrote it", async () => {
  using kv = await testKv();
  const { full } = await fullLength(kv);
  const browser = new Browser({ kv });
  await browser.visit((session) => fill(session, full));
  for (let i = 0; i < 20; i++) {
    const process = browser.clone({ kv: new TestKv(kv.kv) });
    await process.visit((session) => fill(session, full));
  }
  await browser.visit(async (session) => {
    await session.open();
    await session.regenerate();
    await session.save();
    assertEquals(session.get("text"), "x".repeat(full));
  });
});

Deno.test("Session.regenerate() refuses what is too large, and keeps the old id and contents", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  const { token } = browser;
  await browser.visit(async (session) => {
    await session.open();
    session.set("text", "x".repeat(70_000));
    await assertCode(() => session.regenerate(), "ERR_TOO_LARGE");
    assertEquals([session.state, session.size], ["unlocked", 1]);
  });
  assertEquals(browser.token, token);
  assertEquals(await browser.visit(count), 1);
});

Deno.test("Session.save() measures bytes, not characters", async () => {
  using kv = await testKv();
  const { full } = await fullLength(kv);
  await new Browser({ kv }).visit(async (session) => {
    await session.open();
    session.set("text", "é".repeat(full / 2 + 1));
    await assertCode(() => session.save(), "ERR_TOO_LARGE");
  });
});

Deno.test("Session.save() keeps thousands of keys, and says ERR_TOO_LARGE where they do not fit", async () => {
  for (const [keys, fits] of [[2000, true], [10_000, false]] as const) {
    using kv = await testKv();
    const browser = new Browser({ kv });
    await browser.visit(async (session) => {
      await session.open();
      for (let i = 0; i < keys; i++) session.set(i, i);
      if (fits) await session.save();
      else await assertCode(() => session.save(), "ERR_TOO_LARGE");
    });
    await browser.visit(async (session) => {
      await session.read();
      assertEquals(session.size, fits ? keys : 0);
      if (fits) assertEquals(session.get(keys - 1), keys - 1);
    });
  }
});

Deno.test("Session.save() stores only the visible part of a large buffer", async () => {
  using kv = await testKv();
  const buffer = new Uint8Array(1_000_000).fill(7);
  const part = buffer.subarray(500_000, 500_010);
  const browser = await browserWith({ kv }, { part });
  await browser.visit(async (session) => {
    await session.read();
    assertEquals(session.get("part"), new Uint8Array(10).fill(7));
    assertEquals(session.get("part").buffer.byteLength, 10);
  });
});
