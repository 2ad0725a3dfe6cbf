import { assertEquals } from "@std/assert";
import { type Session, withSession } from "@aerys/session";
import {
  type Browser,
  browserWith,
  gate,
  ManualClock,
  requestOf,
  sessionOf,
  TestKv,
  testKv,
  until,
  withClock,
} from "./support.ts";

const ttl = 100;
const tenth = 10_000;

/** A browser with a session that lives 100 s, and its clock. */
async function living(kv: TestKv) {
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv, ttl }, clock), { a: 1 });
  kv.reset();
  /** The same browser's next request to another process. */
  const elsewhere = () =>
    browser.clone(withClock({ kv: new TestKv(kv.kv), ttl }, clock));
  return { clock, browser, elsewhere };
}

const read = (session: Session) => session.read();
const change = (session: Session) => session.update(() => session.set("a", 2));

/** The `Max-Age` of the session's cookie on the response; `null` without such a cookie. */
async function maxAge(
  browser: Browser,
  handle: (session: Session) => unknown,
): Promise<number | null> {
  const handler = withSession(async (_request, session) => {
    await handle(session);
    return new Response();
  }, browser.options);
  const response = await handler(requestOf(browser));
  const [cookie] = response.headers.getSetCookie();
  const attribute = /; Max-Age=(\d+)/.exec(cookie ?? "");
  return attribute === null ? null : Number(attribute[1]);
}

Deno.test("a persistent cookie is extended with the session, when that is due", async () => {
  const unlock = async (session: Session) => {
    await session.open();
    await session.unlock();
  };
  for (const use of [read, change, unlock]) {
    using kv = await testKv();
    const { clock, browser } = await living(kv);
    clock.advance(tenth - 1);
    assertEquals(await maxAge(browser, use), null);
    clock.advance(1);
    assertEquals(await maxAge(browser, use), ttl);
    assertEquals(await maxAge(browser, use), null);
  }
});

Deno.test("a cookie never outlives the session's absolute lifetime", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, ttl, absoluteTtl: 120 }, clock);
  const browser = await browserWith(options, { a: 1 });
  clock.advance(70_000);
  assertEquals(await maxAge(browser, read), 50);
});

Deno.test("a cookie that ends with the browser is not sent again", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const browser = await browserWith(withClock({ kv }, clock), { a: 1 });
  clock.advance(1_800_000);
  const { response } = await browser.exchange(read);
  assertEquals(response.headers.getSetCookie(), []);
  clock.advance(3_599_999);
  assertEquals((await sessionOf(browser).read()).size, 1);
});

const endings: Record<string, (session: Session) => Promise<void>> = {
  regenerate: async (session) => {
    await session.open();
    await session.regenerate();
    await session.save();
  },
  destroy: async (session) => {
    await session.open();
    await session.destroy();
  },
};

for (const [method, end] of Object.entries(endings)) {
  Deno.test(`an extended cookie is not sent when ${method}() comes before the response`, async () => {
    using kv = await testKv();
    const { clock, browser, elsewhere } = await living(kv);
    clock.advance(tenth);
    const other = elsewhere();
    const done = gate();
    const answered = maxAge(browser, async (session) => {
      await session.read();
      await done.promise;
    });
    await until(() => kv.counts.commits === 1 && kv.unanswered === 0);
    const token = other.token;
    await other.visit(end);
    assertEquals(other.token === token, false);
    done.open();
    assertEquals(await answered, null);
  });
}

Deno.test("an extended cookie is not sent when the database cannot tell whether it is current", async () => {
  using kv = await testKv();
  const { clock, browser } = await living(kv);
  clock.advance(tenth);
  const sent = await maxAge(browser, async (session) => {
    await session.read();
    kv.intercept = () => Promise.reject(new Error("no connection"));
  });
  assertEquals(sent, null);
});
