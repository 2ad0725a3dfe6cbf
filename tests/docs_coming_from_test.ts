import { assert, assertEquals } from "@std/assert";
import { Child } from "./child.ts";
import { Client } from "./client.ts";
import { DocsPage, ProgramFiles } from "./docs_page.ts";

const page = new DocsPage("docs/coming-from.md");

/** Serves the program under a heading to a browser. */
async function serve(
  heading: string,
  use: (browser: Client) => Promise<void>,
): Promise<void> {
  await using files = await ProgramFiles.write([page.programUnder(heading)]);
  await using child = new Child(files.paths[0]!, {
    DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
    DENO_KV_DB_MODE: "memory",
  }, ["--allow-all", "--config=deno.json"]);
  await use(new Client(await child.address()));
}

for (const heading of ["express-session", "hono-sessions"]) {
  Deno.test(`docs/coming-from.md: the program beside ${heading} counts, logs in, notifies once, and logs out`, async () => {
    await serve(heading, async (browser) => {
      const home = async () => JSON.parse((await browser.get("/")).text);
      assertEquals(await home(), { user: null, visits: 1, notice: null });
      assertEquals(await home(), { user: null, visits: 2, notice: null });
      const before = browser.clone();
      const { response } = await browser.post("/login", { name: "ada" });
      assertEquals(response.status, 303);
      assert(browser.cookie !== before.cookie);
      assertEquals(await home(), { user: "ada", visits: 3, notice: "Welcome" });
      assertEquals(await home(), { user: "ada", visits: 4, notice: null });
      // A request that comes late with the old cookie cannot save.
      assertEquals((await before.get("/")).response.status, 500);
      const ada = browser.clone();
      assertEquals((await browser.post("/logout")).response.status, 303);
      assertEquals(browser.cookies.size, 0);
      assertEquals((await ada.get("/")).response.status, 500);
      assertEquals(await home(), { user: null, visits: 1, notice: null });
    });
  });
}

Deno.test("docs/coming-from.md: the program beside PHP greets, counts, logs in and out", async () => {
  await serve("PHP", async (browser) => {
    assertEquals((await browser.get("/name")).text, "Hello stranger");
    assertEquals(browser.cookies.size, 0);
    assertEquals((await browser.get("/visit")).text, "Visit 1");
    const { cookie } = browser;
    const { text } = await browser.post("/login", { name: "ada" });
    assertEquals(text, "Welcome");
    assert(browser.cookie !== cookie);
    assertEquals((await browser.get("/visit")).text, "Visit 2");
    assertEquals((await browser.get("/name")).text, "Hello ada");
    assertEquals((await browser.post("/logout")).text, "Bye");
    assertEquals(browser.cookies.size, 0);
    assertEquals((await browser.get("/elsewhere")).response.status, 404);
  });
});

Deno.test("docs/coming-from.md: the program beside Aerys finds the session by its request", async () => {
  await serve("Aerys", async (browser) => {
    assertEquals((await browser.get("/")).text, "Visit 1");
    const { response, text } = await browser.get("/");
    assertEquals([response.status, text], [200, "Visit 2"]);
  });
});
