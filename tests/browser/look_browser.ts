// deno-lint-ignore no-import-prefix -- only this test needs axe
import axe from "npm:axe-core@^4";
import { assertEquals } from "@std/assert";
import { Chromium, type Page } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo } from "./site.ts";

/** The states of the page, and the way to each from the one before. */
const states: Record<string, (demo: DemoPage) => Promise<unknown>> = {
  "at first": () => Promise.resolve(),
  "after 20 at once": (demo) => demo.race(),
  "refusing a name": async ({ page }) => {
    await page.getByLabel("Name").fill("  ");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("alert").waitFor();
  },
  "logged in": (demo) => demo.login("Ada"),
  "with a session that is over": async ({ page }) => {
    await page.evaluate(() => fetch("/logout", { method: "POST" }));
    await page.getByText("were logged out elsewhere").waitFor();
  },
  "without such a page": ({ page }) => page.goto("/nothing"),
};

const standard = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What the page breaks of WCAG 2.2, level AA, as far as a program can tell. */
async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(
    `Promise.all(document.getAnimations().map(({ finished }) => finished))
      .then(() => axe.run({ runOnly: ${JSON.stringify(standard)} }))
      .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html }) => id + ": " + html)))`,
  );
}

/** What is smaller than a finger, or wider than the window. */
function misfits(page: Page): Promise<unknown[]> {
  return page.evaluate(
    `[...document.querySelectorAll("*")].filter((element) => {
      const { width, height, right } = element.getBoundingClientRect();
      const tapped = element.matches("button, input") && !element.hidden;
      return right > innerWidth || tapped && Math.min(width, height) < 44;
    }).map(({ outerHTML }) => outerHTML)`,
  );
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [320, 1280]) {
    Deno.test(`demo: the ${colorScheme} page, ${width} pixels wide, can be read and used`, async () => {
      await using site = await Demo.start("http");
      await using chromium = await Chromium.launch();
      const viewport = { width, height: 800 };
      const visitor = await chromium.visitor(site, { colorScheme, viewport });
      const demo = await DemoPage.open(visitor);
      for (const [state, reach] of Object.entries(states)) {
        await reach(demo);
        assertEquals(await violations(demo.page), [], state);
        assertEquals(await misfits(demo.page), [], state);
      }
    });
  }
}
