import { assert, assertEquals } from "@std/assert";
import { withSession } from "@aerys/session";
import type { Data } from "../demo/counters.ts";
import { eventsOf } from "../demo/events.ts";
import { Client } from "./client.ts";
import { Demo, told } from "./demo.ts";
import { ServerEvents } from "./server_events.ts";
import { CountingClock, TestKv, testKv, until, withClock } from "./support.ts";

const over = { event: "over", data: "" };

/** The demo with a visitor, and what it asks of its database. */
async function visited(): Promise<{ demo: Demo; kv: TestKv; id: string }> {
  let kv!: TestKv;
  const demo = await Demo.start((inner) => {
    kv = new TestKv(inner);
    return kv as unknown as Deno.Kv;
  });
  const { text } = await demo.browser.get("/");
  return { demo, kv, id: told(text, "Id")! };
}

/** The values that the next event says are stored. */
async function stored(events: ServerEvents): Promise<unknown> {
  const next = await events.next();
  assertEquals(next?.event, "stored");
  return JSON.parse(next!.data);
}

Deno.test("demo: events tell what is stored, and what any request changes", async () => {
  const { demo: opened, id } = await visited();
  await using demo = opened;
  const { browser } = demo;
  await using events = await ServerEvents.from(browser, "/events");
  const values = { id, visits: 1, count: 0, user: null };
  assertEquals(await stored(events), values);
  await browser.get("/");
  assertEquals(await stored(events), { ...values, visits: 2 });
  for (const count of [1, 2]) {
    await browser.clone().post("/locked");
    assertEquals(await stored(events), { ...values, visits: 2, count });
  }
});

Deno.test("demo: events are for one browser, and are not kept", async () => {
  await using demo = await Demo.start();
  await demo.browser.get("/");
  await using events = await ServerEvents.from(demo.browser, "/events");
  const { headers } = events.response;
  assertEquals(headers.get("content-type"), "text/event-stream");
  assert(headers.get("cache-control")!.includes("no-store"));
  assert(headers.has("content-security-policy"));
  assertEquals(headers.get("set-cookie"), null);
  const page = await demo.browser.get("/");
  const policy = page.response.headers.get("content-security-policy");
  assertEquals(headers.get("content-security-policy"), policy);
});

const ends: Record<string, (browser: Client) => Promise<unknown>> = {
  login: (browser) => browser.post("/login", { name: "Ada" }),
  logout: (browser) => browser.post("/logout"),
};

for (const [what, end] of Object.entries(ends)) {
  Deno.test(`demo: events end at a ${what} of another tab, and say so`, async () => {
    await using demo = await Demo.start();
    const { browser } = demo;
    await browser.get("/");
    if (what === "logout") await browser.post("/login", { name: "Grace" });
    await using events = await ServerEvents.from(browser, "/events");
    await stored(events);
    await end(browser);
    assertEquals(await events.next(), over);
    assertEquals(await events.next(), null);
  });
}

Deno.test("demo: events of no session are over at once", async () => {
  await using demo = await Demo.start();
  await using events = await ServerEvents.from(demo.browser, "/events");
  assertEquals(await events.next(), over);
  assertEquals(await events.next(), null);
  assertEquals(events.response.headers.get("set-cookie"), null);
});

Deno.test("demo: events leave the notice to the page, and write nothing", async () => {
  const { demo: opened, kv } = await visited();
  await using demo = opened;
  const { browser } = demo;
  await browser.post("/login", { name: "Ada" });
  kv.reset();
  await using events = await ServerEvents.from(browser, "/events");
  await stored(events);
  assertEquals(kv.counts.commits, 0);
  assert((await browser.get("/")).text.includes("Welcome, Ada"));
});

Deno.test("eventsOf() stops at once when the tab is closed, and asks for no more", async () => {
  using kv = await testKv();
  const clock = new CountingClock();
  const answer = withSession<Data>(async (request, session) => {
    if (request.url.endsWith("/events")) {
      return new Response(eventsOf(session, new AbortController().signal));
    }
    await session.update(() => session.set("visits", 1));
    return new Response("Hello");
  }, withClock({ kv }, clock));
  const quiet = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using server = Deno.serve(quiet, answer);
  const browser = new Client(`http://127.0.0.1:${server.addr.port}`);
  await browser.get("/");
  /** How many reads a visit takes. A listener would add its own. */
  const reads = async () => {
    kv.reset();
    await browser.get("/");
    return kv.counts.reads;
  };
  const alone = await reads();
  await using events = await ServerEvents.from(browser, "/events");
  await stored(events);
  // A timer that is left is that of the next look.
  await until(() => kv.unanswered === 0 && clock.waiting === 1);
  events.leave();
  await until(() => clock.waiting === 0);
  assertEquals(await reads(), alone);
});

Deno.test("demo: events end without more ado when the server stops", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.get("/");
  await using events = await ServerEvents.from(browser, "/events");
  await stored(events);
  await demo.stop();
  assertEquals(await events.next(), null);
});
