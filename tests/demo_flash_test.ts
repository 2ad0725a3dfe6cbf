import { assert, assertEquals } from "@std/assert";
import type { Client } from "./client.ts";
import { Demo, told } from "./demo.ts";

/** What the page says once, where it says it, as text. */
async function notice(browser: Client): Promise<string | undefined> {
  const { text } = await browser.get("/");
  return /<h2 id="yours">[^<]*<\/h2>\s*<p class="notice" role="status">(.*?)<\/p>/
    .exec(text)?.[1];
}

Deno.test("demo: the page after a login says so once", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  assertEquals(await notice(browser), undefined);
  await browser.post("/login", { name: "Ada" });
  assertEquals(await notice(browser), "Welcome, Ada. You are logged in.");
  assertEquals(await notice(browser), undefined);
});

Deno.test("demo: the page after a logout says so once", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.post("/login", { name: "Ada" });
  await browser.post("/logout");
  assertEquals(await notice(browser), "You are logged out.");
  assertEquals(await notice(browser), undefined);
});

Deno.test("demo: the name in the notice is text", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.post("/login", { name: "<i>" });
  assertEquals(
    await notice(browser),
    "Welcome, &lt;i&gt;. You are logged in.",
  );
});

Deno.test("demo: a logout removes the session, and what follows is another", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.post("/login", { name: "Ada" });
  await browser.post("/locked");
  const { text } = await browser.get("/");
  const old = browser.clone();

  const { response } = await browser.post("/logout");
  assertEquals(response.status, 303);
  assertEquals(response.headers.getSetCookie().length, 1);
  assert(browser.cookie !== old.cookie);
  assertEquals((await old.clone().get("/locked")).response.status, 409);
  assert(!(await old.clone().get("/")).text.includes("Ada"));

  const after = (await browser.get("/")).text;
  assertEquals(told(after, "Name"), "not logged in");
  assertEquals(told(after, "Visits"), "1");
  assert(told(after, "Id") !== told(text, "Id"));
  const { count } = JSON.parse((await browser.get("/locked")).text);
  assertEquals(count, 0);
});

Deno.test("demo: a logout without a login makes no session", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  for (const visited of [false, true]) {
    if (visited) await browser.get("/");
    assertEquals((await browser.post("/logout")).response.status, 303);
    assertEquals(browser.cookies.size, 0);
  }
});

Deno.test("demo: two logouts at once end the session, and one of them says so", async () => {
  await using demo = await Demo.start();
  const { browser } = demo;
  await browser.post("/login", { name: "Ada" });
  const old = browser.clone();
  const answers = await Promise.all([
    browser.post("/logout"),
    browser.post("/logout"),
  ]);
  for (const { response } of answers) assertEquals(response.status, 303);
  assertEquals(await notice(browser), "You are logged out.");
  assertEquals((await old.get("/locked")).response.status, 409);
});
