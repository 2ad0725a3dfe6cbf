import { assert, assertEquals, assertMatch } from "@std/assert";
import { Child } from "./child.ts";
import { Client } from "./client.ts";

const env = {
  DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
  DENO_KV_DB_MODE: "memory",
};

Deno.test("examples/counter.ts counts 20 visits at once", async () => {
  await using child = new Child("examples/counter.ts", env);
  const browser = new Client(await child.address());
  assertEquals((await browser.get("/")).text, "Visit 1");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => browser.get("/")),
  );
  assertEquals(
    answers.map(({ text }) => text).sort(),
    Array.from({ length: 20 }, (_, i) => `Visit ${i + 2}`).sort(),
  );
});

Deno.test("examples/login.ts logs in under a new id, and out for good", async () => {
  await using child = new Child("examples/login.ts", env);
  const browser = new Client(await child.address());
  assertMatch((await browser.get("/")).text, /Hello stranger, visit 1</);
  const anonymous = browser.clone();

  const wrong = [["ada", "wrong"], ["bob", "enchantress"], ["ada", ""]];
  for (const [name, password] of wrong) {
    const { response } = await browser.post("/login", {
      name: name!,
      password: password!,
    });
    assertEquals(response.status, 403);
  }
  assertMatch((await browser.get("/")).text, /Hello stranger, visit 2</);

  const right = { name: "ada", password: "enchantress" };
  assertEquals((await browser.post("/login", right)).response.status, 303);
  assert(browser.cookie !== anonymous.cookie);
  assertMatch((await browser.get("/")).text, /Hello ada, visit 3</);
  assert(!(await anonymous.get("/")).text.includes("ada"));

  const ada = browser.clone();
  assertEquals((await browser.post("/logout")).response.status, 303);
  assertEquals(browser.cookies.size, 0);
  assert(!(await ada.get("/")).text.includes("ada"));
  assertMatch((await browser.get("/")).text, /Hello stranger, visit 1</);
});

Deno.test("examples/standalone.ts unlocks when the handler throws", async () => {
  await using child = new Child("examples/standalone.ts", env);
  const browser = new Client(await child.address());
  const add = (body: string) => browser.send("POST", "/", { body });
  assertEquals((await browser.get("/")).response.headers.get("vary"), "Cookie");
  assertEquals((await add("milk")).text, "milk");
  for (let i = 0; i < 3; i++) {
    const { response, text } = await add(" ");
    assertEquals(response.status, 422);
    assertEquals(text, "An item has at least one letter");
  }
  assertEquals((await add("bread")).text, "milk\nbread");
  await Promise.all(Array.from({ length: 8 }, (_, i) => add(`${i}`)));
  assertEquals((await add("too much")).response.status, 422);
  assertEquals((await browser.get("/")).text.split("\n").length, 10);
});
