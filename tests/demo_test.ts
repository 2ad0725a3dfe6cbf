import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client } from "./client.ts";
import { Demo, told } from "./demo.ts";

async function countOf(browser: Client, path: string): Promise<number> {
  return JSON.parse((await browser.get(path)).text).count;
}

/** Sends 20 increments at once; resolves to how many were kept. */
async function twentyAtOnce(browser: Client, path: string): Promise<number> {
  const before = await countOf(browser, path);
  await Promise.all(Array.from({ length: 20 }, () => browser.post(path)));
  return await countOf(browser, path) - before;
}

Deno.test("demo: the page counts visits", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  assertEquals(told((await browser.get("/")).text, "Visits"), "1");
  assertEquals(told((await browser.get("/")).text, "Visits"), "2");
  const other = new Client(browser.base);
  assertEquals(told((await other.get("/")).text, "Visits"), "1");
});

Deno.test("demo: a login keeps the anonymous data under a new id", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.get("/");
  const before = await browser.get("/");
  const old = browser.clone();

  const { response } = await browser.post("/login", { name: "Ada" });
  assertEquals(response.status, 303);
  assertEquals(response.headers.get("location"), "/");
  assert(browser.cookie !== old.cookie);

  const { text } = await browser.get("/");
  assertEquals(told(text, "Name"), "Ada");
  assertEquals(told(text, "Visits"), "3");
  assertEquals(told(text, "Id before login"), told(before.text, "Id"));
  assert(told(text, "Id") !== told(before.text, "Id"));
});

Deno.test("demo: the cookie from before the login leads nowhere", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.get("/");
  const old = browser.clone();
  await browser.post("/login", { name: "Ada" });

  const { text } = await old.get("/");
  assert(!text.includes("Ada"));
  assertEquals((await old.clone().get("/locked")).response.status, 409);
  assertEquals(told((await browser.get("/")).text, "Name"), "Ada");
});

Deno.test("demo: 20 increments at once keep 20 with the lock", async () => {
  await using demo = await Demo.start();
  await demo.browser.get("/");
  assertEquals(await twentyAtOnce(demo.browser, "/locked"), 20);
  await demo.browser.post("/login", { name: "Ada" });
  assertEquals(await countOf(demo.browser, "/locked"), 20);
});

Deno.test("demo: 20 increments at once keep 1 to 20 without a lock", async () => {
  await using demo = await Demo.start();
  await demo.browser.get("/");
  const kept = await twentyAtOnce(demo.browser, "/lock-free");
  assert(kept >= 1 && kept <= 20, `${kept} of 20`);
});

Deno.test("demo: the counters need a session", async () => {
  await using demo = await Demo.start();
  for (const path of ["/locked", "/lock-free"]) {
    assertEquals((await demo.browser.post(path)).response.status, 409);
    assertEquals((await demo.browser.get(path)).response.status, 409);
  }
  assertEquals(demo.browser.cookies.size, 0);
});

Deno.test("demo: a name is text, whatever it holds", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.post("/login", { name: `<script>"&'</script>` });
  const { text } = await browser.get("/");
  assert(!text.includes("<script>"));
  assert(text.includes("&lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;"));
});

Deno.test("demo: a name that is none is refused, and said so", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.get("/");
  for (const name of ["", "   ", "a".repeat(41)]) {
    const { response, text } = await browser.post("/login", { name });
    assertEquals(response.status, 400);
    assertMatch(text, /role="alert">\s*A name has 1 to 40 characters/);
    assertEquals(told(text, "Visits"), "1");
  }
  const headers = { "content-type": "multipart/form-data" };
  const broken = { body: "not a form", headers };
  const { response } = await browser.send("POST", "/login", broken);
  assertEquals(response.status, 400);
});

Deno.test("demo: a form from another site is refused", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  for (const site of ["cross-site", "same-site"]) {
    const { response } = await browser.send("POST", "/login", {
      body: new URLSearchParams({ name: "Mallory" }),
      headers: { "sec-fetch-site": site },
    });
    assertEquals(response.status, 403);
  }
  assertEquals(browser.cookies.size, 0);
});

Deno.test("demo: nothing on the page is inline, and every file is there", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  const { response, text } = await browser.get("/");
  const policy = response.headers.get("content-security-policy")!;
  assertMatch(policy, /^default-src 'none'; script-src 'self'; /);
  assert(!policy.includes("unsafe"));
  assert(!/<style| style=| on\w+=|<script(?! src=)/.test(text));
  for (const [, path] of text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    const file = await browser.get(path!);
    assertEquals(file.response.status, 200, path);
    assertEquals(file.response.headers.get("set-cookie"), null);
  }
  assertEquals((await browser.get("/../deno.json")).response.status, 404);
});
