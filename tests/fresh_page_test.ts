import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client } from "./client.ts";
import { serveFresh } from "./fresh/process.ts";

const root = new URL("../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/fresh.md", root));
const users = new URL("examples/fresh/users.ts", root);

const programs = [...page.matchAll(/^```(tsx?)\n(.*?)^```/gms)]
  .map(([, extension, code]) => ({ extension: extension!, code: code! }));

/** Runs a program of the page, with the file that it imports beside it. */
async function running(
  { extension, code }: typeof programs[number],
  test: (browser: Client) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/main.${extension}`;
    await Deno.writeTextFile(file, code);
    await Deno.copyFile(users, `${folder}/users.ts`);
    await using child = serveFresh(file);
    await test(new Client(await child.address()));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("docs/fresh.md: the first program counts visits", async () => {
  await running(programs[0]!, async (browser) => {
    assertEquals((await browser.get("/")).text, "Visit 1");
    assertEquals((await browser.get("/")).text, "Visit 2");
  });
});

Deno.test("docs/fresh.md: the login gives a new id, shows its message once, and ends for good", async () => {
  await running(programs[1]!, async (browser) => {
    const login = async (password: string) =>
      await browser.post("/login", { name: "ada", password });
    await login("wrong");
    const stranger = browser.clone();
    assertMatch((await browser.get("/")).text, /Wrong name .*Hello stranger/);
    assert(!(await browser.get("/")).text.includes("Wrong"));
    const refused = await browser.get("/account");
    assertEquals([
      refused.response.status,
      refused.response.headers.get("vary"),
    ], [
      401,
      "Cookie",
    ]);

    assertEquals((await login("enchantress")).response.status, 303);
    assert(browser.cookie !== stranger.cookie);
    assertMatch((await browser.get("/")).text, /Welcome\..*Hello ada/);
    assertMatch((await browser.get("/")).text, /<p><\/p><p>Hello ada/);
    assertEquals((await browser.get("/account")).text, "The account of ada");
    assertEquals((await stranger.get("/account")).response.status, 401);

    const ada = browser.clone();
    assertEquals((await browser.post("/logout")).response.status, 303);
    assertEquals(browser.cookies.size, 0);
    assertEquals((await ada.get("/account")).response.status, 401);
  });
});

Deno.test("docs/fresh.md: there are two programs", () => {
  assertEquals(programs.map(({ extension }) => extension), ["ts", "tsx"]);
});

Deno.test("docs/fresh.md: its users are those of the other examples", async () => {
  const others = new URL("examples/login_users.ts", root);
  assertEquals(await Deno.readTextFile(users), await Deno.readTextFile(others));
});

Deno.test("docs/fresh.md: links lead to files", async () => {
  for (const [, path] of page.matchAll(/\]\(((?!https?:|#)[^)#]+)/g)) {
    await Deno.stat(new URL(path!, new URL("docs/", root)));
  }
});
