import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client } from "./client.ts";
import { serveFresh } from "./fresh/process.ts";

const file = "examples/fresh/main.ts";
const right = { name: "ada", password: "enchantress" };

Deno.test("examples/fresh logs in under a new id, and out for good", async () => {
  await using child = serveFresh(file, "--routes");
  const browser = new Client(await child.address());
  const first = await browser.get("/");
  assertMatch(first.text, /Hello stranger/);
  assertEquals(browser.cookies.size, 0);

  await browser.post("/login", { ...right, password: "wrong" });
  const stranger = browser.clone();
  assertMatch((await browser.get("/")).text, /Wrong name or password/);
  assertEquals((await browser.post("/login", right)).response.status, 303);
  assert(browser.cookie !== stranger.cookie);
  assertMatch((await browser.get("/")).text, /Hello ada/);
  assertMatch((await stranger.get("/")).text, /Hello stranger/);

  const ada = browser.clone();
  const { response } = await browser.post("/logout");
  assertEquals([response.status, response.headers.get("location")], [303, "/"]);
  assertEquals(browser.cookies.size, 0);
  assertMatch((await ada.get("/")).text, /Hello stranger/);
});

Deno.test("examples/fresh sends the session's headers with an error page", async () => {
  await using child = serveFresh(file, "--routes");
  const browser = new Client(await child.address());
  await browser.send("POST", "/count");
  const { response, text } = await browser.post("/items", { item: "milk" });
  assertEquals(response.status, 403);
  assertMatch(text, /You may not do that/);
  assertEquals(response.headers.get("vary"), "Cookie");
  assertEquals((await browser.get("/")).text.includes("Added"), false);
});

Deno.test("examples/fresh shows a message on one page", async () => {
  await using child = serveFresh(file, "--routes");
  const browser = new Client(await child.address());
  await browser.post("/login", right);
  const [welcome, then] = [await browser.get("/"), await browser.get("/")];
  assertMatch(welcome.text, /<p role="status">Welcome, ada\.<\/p>/);
  assert(!then.text.includes("status"));
  assertMatch(then.text, /Hello ada/);

  await browser.post("/items", { item: "milk" });
  assertMatch((await browser.get("/")).text, /Added milk\..*<li>milk<\/li>/);
  assert(!(await browser.get("/")).text.includes("Added"));
});

Deno.test("examples/fresh keeps 20 of 20 requests at once", async () => {
  await using child = serveFresh(file, "--routes");
  const browser = new Client(await child.address());
  assertEquals((await browser.send("POST", "/count")).text, "1");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => browser.send("POST", "/count")),
  );
  assertEquals(new Set(answers.map(({ text }) => text)).size, 20);
  assertMatch((await browser.get("/")).text, /Count 21/);
});

Deno.test("examples/fresh sends what another request changes, and the end", async () => {
  await using child = serveFresh(file, "--routes");
  const browser = new Client(await child.address());
  await browser.post("/login", right);
  const response = await fetch(new URL("/events", browser.base), {
    headers: { cookie: browser.cookie },
  });
  const events = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  const next = async () => (await events.read()).value;
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  assertEquals(await next(), "data: []\n\n");
  await browser.post("/items", { item: "milk" });
  assertEquals(await next(), 'data: ["milk"]\n\n');
  await browser.post("/logout");
  assertEquals(await next(), "event: end\ndata:\n\n");
  assertEquals(await next(), undefined);
});

Deno.test("examples/fresh refuses what another site sends", async () => {
  await using child = serveFresh(file, "--routes");
  const browser = new Client(await child.address());
  await browser.post("/login", right);
  const headers = { origin: "https://evil.example" };
  const { response, text } = await browser.send("POST", "/logout", { headers });
  assertEquals(response.status, 403);
  assertMatch(text, /You may not do that/);
  assertMatch((await browser.get("/")).text, /Hello ada/);
});

Deno.test("examples/fresh has a page for what is not there", async () => {
  await using child = serveFresh(file, "--routes");
  const browser = new Client(await child.address());
  const { response, text } = await browser.get("/nowhere");
  assertEquals(response.status, 404);
  assertMatch(text, /There is no such page/);
  assertEquals((await browser.get("/login")).response.status, 405);
});
