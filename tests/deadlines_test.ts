import { assertEquals } from "@std/assert";
import {
  cookieMaxAge,
  isDue,
  isLive,
  keepFor,
  newHeader,
  prolonged,
  renewed,
  wasApplied,
  withMark,
} from "../src/record.ts";

const now = 1_750_000_000_000;
const digest = new Uint8Array(32);
const lifetimes = { ttl: -1, maxLife: 100, absoluteTtl: 1000 };
const day = 24 * 3600;

/** A header that begins now, and whose deadlines lie so many seconds ahead. */
function header(ttl: number | null, configured = lifetimes) {
  return newHeader(digest, ttl, now, configured);
}

Deno.test("newHeader() sets the deadlines from ttl, maxLife and absoluteTtl", () => {
  // ttl of the session, ttl as configured, idle life in seconds
  const table: [number | null, number, number][] = [
    [null, -1, 100],
    [null, 60, 60],
    [null, 0, 0],
    [-1, 60, 100],
    [600, 60, 600],
    [600, -1, 600],
    [0, 60, 0],
    [5000, -1, 5000],
  ];
  for (const [ttl, configured, life] of table) {
    const made = header(ttl, { ...lifetimes, ttl: configured });
    assertEquals(made, {
      digest,
      createdAt: now,
      renewedAt: now,
      expiresAt: now + life * 1000,
      endsAt: now + 1_000_000,
      ttl,
      marks: [],
    });
  }
});

Deno.test("isLive() holds until the first of the two deadlines", () => {
  const { expiresAt, endsAt } = header(null);
  const idle = header(null);
  assertEquals(isLive(idle, now), true);
  assertEquals(isLive(idle, expiresAt - 1), true);
  assertEquals(isLive(idle, expiresAt), false);
  assertEquals(isLive(idle, expiresAt + 1), false);
  const absolute = header(5000);
  assertEquals(isLive(absolute, endsAt - 1), true);
  assertEquals(isLive(absolute, endsAt), false);
  assertEquals(isLive(header(0), now), false);
});

Deno.test("prolonged() and renewed() count the idle life anew and leave the absolute one", () => {
  const old = header(60);
  const later = now + 30_000;
  const expected = { ...old, expiresAt: later + 60_000 };
  assertEquals(prolonged(old, later, lifetimes), expected);
  assertEquals(renewed(old, later, lifetimes), {
    ...expected,
    renewedAt: later,
  });
});

Deno.test("isDue() holds once a tenth of the life has passed", () => {
  const table: [number | null, number][] = [[null, 10_000], [60, 6000], [0, 0]];
  for (const [ttl, tenth] of table) {
    const old = header(ttl);
    assertEquals(isDue(old, now + tenth, lifetimes), true);
    assertEquals(isDue(old, now + tenth - 1, lifetimes), false);
    const fresh = renewed(old, now + 5000, lifetimes);
    assertEquals(isDue(fresh, now + 5000 + tenth, lifetimes), true);
    assertEquals(isDue(fresh, now + 5000 + tenth - 1, lifetimes), false);
  }
});

Deno.test("cookieMaxAge() is what is left of the life, up to 400 days", () => {
  const long = { ttl: -1, maxLife: 100, absoluteTtl: 1000 * day };
  // ttl, lifetimes, ms since then, Max-Age
  const table: [number | null, typeof lifetimes, number, number | undefined][] =
    [
      [null, lifetimes, 0, undefined],
      [-1, { ...lifetimes, ttl: 60 }, 0, undefined],
      [null, { ...lifetimes, ttl: 60 }, 0, 60],
      [600, lifetimes, 0, 600],
      [600, lifetimes, 1, 600],
      [600, lifetimes, 1000, 599],
      [600, lifetimes, 600_000, 0],
      [600, lifetimes, 700_000, 0],
      [0, lifetimes, 0, 0],
      [5000, lifetimes, 0, 1000],
      [500 * day, long, 0, 400 * day],
    ];
  for (const [ttl, configured, ms, maxAge] of table) {
    const made = header(ttl, configured);
    assertEquals(cookieMaxAge(made, now + ms, configured), maxAge);
  }
});

Deno.test("keepFor() lets the database keep the record for a minute past its deadlines", () => {
  assertEquals(keepFor(header(null), now), 160_000);
  assertEquals(keepFor(header(null), now + 0.5), 160_000);
  assertEquals(keepFor(header(5000), now), 1_060_000);
  assertEquals(keepFor(header(0), now), 60_000);
  assertEquals(keepFor(header(null), now + 10_000_000), 60_000);
});

Deno.test("withMark() puts a mark in front, one for each writer, sixteen at most", () => {
  const marks = (...writers: number[]) =>
    writers.map((writer) => ({ writer: BigInt(writer), serial: writer }));
  assertEquals(withMark([], marks(1)[0]!), marks(1));
  assertEquals(withMark(marks(1, 2), marks(3)[0]!), marks(3, 1, 2));
  assertEquals(
    withMark(marks(1, 2, 3), { writer: 2n, serial: 9 }),
    [{ writer: 2n, serial: 9 }, ...marks(1, 3)],
  );
  const full = marks(...Array(16).keys());
  assertEquals(withMark(full, marks(99)[0]!), [
    ...marks(99),
    ...full.slice(0, 15),
  ]);
});

Deno.test("wasApplied() finds a commit's mark, or tells that it cannot know", () => {
  const mark = { writer: 1n, serial: 5 };
  const others = Array.from(
    { length: 16 },
    (_, i) => ({ writer: BigInt(i + 10), serial: 5 }),
  );
  assertEquals(wasApplied([], [mark]), false);
  assertEquals(wasApplied([mark], [mark]), true);
  assertEquals(wasApplied([{ ...mark, serial: 4 }], [mark]), false);
  assertEquals(wasApplied([...others.slice(1), mark], [mark]), true);
  assertEquals(wasApplied(others.slice(1), [mark]), false);
  // Sixteen others wrote since, and may have pushed it out.
  assertEquals(wasApplied(others, [mark]), undefined);
  // But not before a mark that was behind it.
  assertEquals(wasApplied(others, [mark, others[15]!]), false);
  const behind = { ...others[15]!, serial: 4 };
  assertEquals(wasApplied(others, [mark, behind]), undefined);
});
