import { assert, assertEquals, assertMatch } from "@std/assert";
import { Child } from "./child.ts";
import { Client } from "./client.ts";

const root = new URL("../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/hono.md", root));
const example = await Deno.readTextFile(new URL("examples/hono.ts", root));
const programs = [...page.matchAll(/^```ts\n(.*?)^```/gms)]
  .map(([, code]) => code!);

const env = {
  DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
  DENO_KV_DB_MODE: "memory",
};

Deno.test("examples/hono.ts logs in under a new id, and out for good", async () => {
  await using child = new Child("examples/hono.ts", env);
  const browser = new Client(await child.address());
  assertMatch((await browser.get("/")).text, /Hello stranger, visit 1</);
  assertEquals((await browser.get("/account")).response.status, 401);
  const anonymous = browser.clone();

  const wrong = [["ada", "wrong"], ["bob", "enchantress"], ["ada", ""]];
  for (const [name, password] of wrong) {
    const { response, text } = await browser.post("/login", {
      name: name!,
      password: password!,
    });
    assertEquals([response.status, text], [403, "Wrong name or password"]);
  }
  assertMatch((await browser.get("/")).text, /Hello stranger, visit 2</);

  const right = { name: "ada", password: "enchantress" };
  assertEquals((await browser.post("/login", right)).response.status, 303);
  assert(browser.cookie !== anonymous.cookie);
  assertMatch((await browser.get("/")).text, /Hello ada, visit 3</);
  assertEquals((await browser.get("/account")).text, "The account of ada");
  assertEquals((await anonymous.get("/account")).response.status, 401);

  const ada = browser.clone();
  assertEquals((await browser.post("/logout")).response.status, 303);
  assertEquals(browser.cookies.size, 0);
  assertEquals((await ada.get("/account")).response.status, 401);
  assertMatch((await browser.get("/")).text, /Hello stranger, visit 1</);
});

Deno.test("docs/hono.md: the login is examples/hono.ts", () => {
  const [login] = programs.filter((code) => code.includes("/login"));
  assert(example.endsWith(`\n${login}`));
});

const others = programs.filter((code) => !code.includes("/login"));
for (const [index, code] of others.entries()) {
  Deno.test(`docs/hono.md: program ${index + 1} compiles and runs`, async () => {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(file, code);
      const flags = ["--allow-all", "--check", "--config=deno.json"];
      await using child = new Child(file, env, flags);
      const response = await fetch(await child.address());
      await response.body?.cancel();
      assertEquals(response.status, 200);
    } finally {
      await Deno.remove(file);
    }
  });
}

Deno.test("docs/hono.md: links lead to files", async () => {
  for (const [, path] of page.matchAll(/\]\(((?!https?:|#)[^)#]+)/g)) {
    await Deno.stat(new URL(path!, new URL("docs/", root)));
  }
});
