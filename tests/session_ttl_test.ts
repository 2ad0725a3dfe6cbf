import { assertEquals, assertThrows } from "@std/assert";
import type { Session, SessionOptions } from "@aerys/session";
import { Browser, ManualClock, testKv, withClock } from "./support.ts";

/** A browser whose clock the test moves. */
function browserAt(
  options: SessionOptions,
): { browser: Browser; clock: ManualClock } {
  const clock = new ManualClock();
  return { browser: new Browser(withClock(options, clock)), clock };
}

/** The `Max-Age` that the response of such a request gives the cookie, if it sets one. */
async function maxAge(
  browser: Browser,
  handle: (session: Session) => unknown,
): Promise<number | "browser" | "no cookie"> {
  const { response } = await browser.exchange(handle);
  const [cookie] = response.headers.getSetCookie();
  if (cookie === undefined) return "no cookie";
  const attribute = /; Max-Age=(\d+)/.exec(cookie);
  return attribute === null ? "browser" : Number(attribute[1]);
}

const change = (ttl?: number) => async (session: Session) => {
  await session.open();
  if (ttl !== undefined) session.setTTL(ttl);
  session.set("n", (session.get<number>("n") ?? 0) + 1);
  await session.save();
};

const isThere = (browser: Browser) =>
  browser.visit(async (session) => (await session.read()).size > 0);

Deno.test("Session.setTTL() refuses what is no number of seconds and no -1", async () => {
  using kv = await testKv();
  await new Browser({ kv }).visit((session) => {
    for (const ttl of [-2, 0.5, NaN, Infinity, -Infinity, 2 ** 31]) {
      assertThrows(() => session.setTTL(ttl), RangeError, "ttl");
    }
    assertThrows(() => session.setTTL("60" as unknown as number), RangeError);
    for (const ttl of [-1, 0, 1, 2 ** 31 - 1]) session.setTTL(ttl);
  });
});

Deno.test("Session.setTTL() gives the cookie its Max-Age", async () => {
  using kv = await testKv();
  const { browser } = browserAt({ kv });
  assertEquals(await maxAge(browser, change(600)), 600);
});

Deno.test("Session.setTTL() without an argument ends the cookie with the browser", async () => {
  using kv = await testKv();
  const { browser, clock } = browserAt({ kv, ttl: 600, maxLife: 1000 });
  const handle = async (session: Session) => {
    session.setTTL();
    await change()(session);
  };
  assertEquals(await maxAge(browser, handle), "browser");
  clock.advance(999_000);
  assertEquals(await isThere(browser), true);
  clock.advance(1_000_000);
  assertEquals(await isThere(browser), false);
});

Deno.test("Session.setTTL() overrides the configured time to live on the server", async () => {
  using kv = await testKv();
  const { browser, clock } = browserAt({ kv, ttl: 10 });
  await browser.visit(change(600));
  clock.advance(599_999);
  assertEquals(await isThere(browser), true);
  clock.advance(600_000);
  assertEquals(await isThere(browser), false);
});

Deno.test("Session.setTTL() lasts through later saves and new ids", async () => {
  using kv = await testKv();
  const { browser, clock } = browserAt({ kv });
  await browser.visit(change(600));
  clock.advance(100_000);
  assertEquals(await maxAge(browser, change()), 600);
  const regenerate = async (session: Session) => {
    await session.open();
    await session.regenerate();
    await session.save();
  };
  assertEquals(await maxAge(browser, regenerate), 600);
  clock.advance(599_999);
  assertEquals(await isThere(browser), true);
});

Deno.test("Session.setTTL() may come before open()", async () => {
  using kv = await testKv();
  const { browser } = browserAt({ kv });
  await browser.visit(change());
  const handle = async (session: Session) => {
    session.setTTL(600);
    await session.update(() => {});
  };
  assertEquals(await maxAge(browser, handle), 600);
});

Deno.test("Session.setTTL() sends the cookie again at once, whichever way it goes", async () => {
  using kv = await testKv();
  const { browser } = browserAt({ kv });
  await browser.visit(change());
  assertEquals(await maxAge(browser, change(600)), 600);
  assertEquals(await maxAge(browser, change(600)), "no cookie");
  assertEquals(await maxAge(browser, change(-1)), "browser");
  assertEquals(await maxAge(browser, change()), "no cookie");
});

Deno.test("Session.setTTL() is discarded by unlock()", async () => {
  using kv = await testKv();
  const { browser } = browserAt({ kv });
  await browser.visit(change());
  const handle = async (session: Session) => {
    await session.open();
    session.setTTL(600);
    await session.unlock();
    await session.update(() => {});
  };
  assertEquals(await maxAge(browser, handle), "no cookie");
});

Deno.test("Session.setTTL(0) ends the session with the request", async () => {
  using kv = await testKv();
  const { browser } = browserAt({ kv });
  await browser.visit(change());
  const old = browser.clone();
  assertEquals(await maxAge(browser, change(0)), 0);
  assertEquals([browser.cookies.size, await isThere(old)], [0, false]);
});

Deno.test("Session.respond() sends no cookie for a new session that has expired since", async () => {
  using kv = await testKv();
  const { browser, clock } = browserAt({ kv });
  const handle = async (session: Session) => {
    await change(60)(session);
    clock.advance(60_000);
    await session.read();
    assertEquals(session.id, null);
  };
  assertEquals(await maxAge(browser, handle), "no cookie");
});
