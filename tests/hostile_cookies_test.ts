import { Session, type SessionOptions } from "@aerys/session";
import { assert, assertEquals } from "@std/assert";
import { Browser, browserWith, testKv, withClock } from "./support.ts";
import { ManualClock, type TestKv } from "./support.ts";
import { hostileHeaders, mutated, name } from "./hostile_headers.ts";
import { newSeed, random } from "./random.ts";

const url = "https://shop.example/";
const ulid = "01JZ8Q4V5X6Y7Z8A9BACDEFGHJ";

/** The session of a request with this `Cookie` header. */
function sessionWith(cookie: string, options: SessionOptions): Session {
  return new Session(new Request(url, { headers: { cookie } }), options);
}

/** A stored session's token, and the database that it is in. */
async function stored(kv: TestKv) {
  const options = withClock({ kv }, new ManualClock());
  const browser = await browserWith(options, { user: "ada" }, url);
  const other = await browserWith(options, { user: "eve" }, url);
  kv.reset();
  return { options, token: browser.token!, other: other.token! };
}

Deno.test("Session.read() and open() find nothing in a hostile Cookie header, and ask KV only about a well-formed one", async () => {
  using kv = await testKv();
  const { options, token, other } = await stored(kv);
  for (const [what, header, wellFormed] of hostileHeaders(token, other)) {
    for (const method of ["read", "open"] as const) {
      const told = `${method}(): ${what}`;
      kv.reset();
      const session = sessionWith(header, options);
      await session[method]();
      assertEquals([...session.entries()], [], told);
      assertEquals([session.id, session.isNew], [null, true], told);
      const reads = wellFormed ? 1 : 0;
      assertEquals(kv.counts, { reads, commits: 0 }, told);
      if (method === "open") await session.unlock();
      assertEquals(kv.counts.commits, 0, told);
    }
  }
});

Deno.test("Session.read() finds the session in odd but valid Cookie headers", async () => {
  using kv = await testKv();
  const { options, token } = await stored(kv);
  const own = `${name}=${token}`;
  const headers = {
    "alone": own,
    "twice, the same": `${own}; ${own}`,
    "after a pair that begins with =": `=x; ${own}`,
    "after a pair without =": `x; ${own}`,
    "after pairs without anything": `; ;=;${own}`,
    "without a space before it": `a=b;${own}`,
    "with tabs before it": `a=b;\t\t${own}`,
    "with a space after it": `${own} ; a=b`,
    "with tabs after it": `${own}\t\t; a=b`,
    "after broken percent-encoding": `a=%; b=%zz; ${own}`,
    "after a cookie named __proto__": `__proto__=x; constructor=y; ${own}`,
    "after non-ASCII bytes": `a=\xff\xfe; \xe9=\xa0; ${own}`,
    "after an ill-formed one of the name": `${name}=x; ${own}`,
    "before an ill-formed one of the name": `${own}; ${name}="`,
    "after names that contain its own": `${name}2=x; x${name}=y; ${own}`,
    "after 5,000 bytes": `a=${"x".repeat(5000)}; ${own}`,
    "after 5,000 pairs": `${"a=b; ".repeat(5000)}${own}`,
  };
  for (const [what, header] of Object.entries(headers)) {
    const session = sessionWith(header, options);
    await session.read();
    assertEquals(session.get("user"), "ada", what);
  }
});

Deno.test("Session.open() neither waits nor writes for a wrong secret while another request holds the session", async () => {
  using kv = await testKv();
  const { options, token, other } = await stored(kv);
  const holder = sessionWith(`${name}=${token}`, options);
  await holder.open();
  kv.reset();
  const [id] = token.split(".");
  const [, secret] = other.split(".");
  const wrong = [`${id}.${secret}`, `${id}.${"A".repeat(43)}`];
  // The clock stands still, so that a wait would never end.
  for (const value of wrong) {
    const session = sessionWith(`${name}=${value}`, options);
    await session.open();
    assertEquals(session.size, 0);
    await session.save();
    await session.read();
  }
  assertEquals(kv.counts.commits, 0);
  holder.set("user", "ada still");
  await holder.save();
});

Deno.test("Session.open() gets the session at once, however many wrong secrets came before", async () => {
  using kv = await testKv();
  const { options, token } = await stored(kv);
  const [id] = token.split(".");
  const wrong = Array.from({ length: 200 }, () => {
    const session = sessionWith(`${name}=${id}.${"A".repeat(43)}`, options);
    return session.open();
  });
  // More than may wait, if they were waiting.
  const session = sessionWith(`${name}=${token}`, options);
  await session.open();
  assertEquals(session.get("user"), "ada");
  for (const each of await Promise.all(wrong)) assertEquals(each.size, 0);
  await session.save();
});

Deno.test("Session.save() gives the holder of a made-up id another id, and leaves the made-up one unused", async () => {
  using kv = await testKv();
  const { options } = await stored(kv);
  const planted = `${ulid}.${"A".repeat(43)}`;
  const browser = new Browser(options, url);
  browser.cookies.set(name, planted);
  await browser.visit(async (session) => {
    await session.open();
    session.set("user", "ada");
    await session.save();
  });
  assert(!browser.token!.includes(ulid), "a planted id was adopted");
  assert(!browser.token!.includes("A".repeat(43)), "a planted secret, too");
  const entry = await kv.kv.get(["session", "data", ulid]);
  assertEquals(entry.versionstamp, null);
});

Deno.test("Session.read() survives 100,000 random Cookie headers, and asks KV only about well-formed ones", async () => {
  using kv = await testKv();
  const { options, token, other } = await stored(kv);
  const seed = newSeed();
  const next = random(seed);
  const tally = { none: 0, unknown: 0, found: 0 };
  for (let i = 0; i < 100_000; i++) {
    const header = mutated(next, token, other);
    const named = wellFormed(header);
    const expected = named === token ? "ada" : named === other ? "eve" : null;
    kv.calls.length = 0;
    let user: unknown;
    try {
      const session = sessionWith(header, options);
      user = (await session.read()).get("user");
    } catch (error) {
      user = error;
    }
    const reads = named === null ? 0 : 1;
    if (user !== expected || kv.calls.length !== reads) {
      const told = `seed ${seed}, header ${i}: ${JSON.stringify(header)}`;
      assertEquals([user, kv.counts], [expected, { reads, commits: 0 }], told);
    }
    tally[named === null ? "none" : user === null ? "unknown" : "found"]++;
  }
  // The mixture must not be all noise, or all real.
  for (const [kind, times] of Object.entries(tally)) {
    assert(times > 500, `only ${times} headers were of the kind ${kind}`);
  }
});

/** The one token of the header, as its grammar says it, and no parser. */
function wellFormed(header: string): string | null {
  const tokens = header.split(";")
    .map((pair) => /^[ \t]*__Host-session=(.*?)[ \t]*$/s.exec(pair)?.[1])
    .filter((value) => value !== undefined)
    .filter((value) =>
      /^[0-7][0-9A-HJKMNP-TV-Z]{25}\.[\w-]{43}$/.test(value) &&
      !value.endsWith("\n")
    );
  return new Set(tokens).size === 1 ? tokens[0]! : null;
}
