import { assertEquals } from "@std/assert";
import { type Session, withSession } from "@aerys/session";
import { Chromium, type Page } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo, Site } from "./site.ts";

/** Goes back. A page that the browser had kept whole fires no load event. */
async function goBack(page: Page): Promise<void> {
  await page.goBack({ waitUntil: "commit" });
}

/**
 * Logs in, and visits a third time, under another address: Chromium never keeps
 * a page whole when the next one has the same.
 */
async function visitAsAda(demo: DemoPage): Promise<void> {
  await demo.login("Ada");
  await demo.page.goto("/?again");
}

/** Sees that the tab shows the second visit of the session after the logout. */
async function assertNobody(demo: DemoPage): Promise<void> {
  await demo.page.locator("dd").filter({ hasText: /^2$/ }).waitFor();
  assertEquals(await demo.told("Name"), "not logged in");
}

for (const scheme of ["http", "https"] as const) {
  Deno.test(`demo over ${scheme}: the back button after a logout shows nobody's page`, async () => {
    await using site = await Demo.start(scheme);
    await using chromium = await Chromium.launch();
    const demo = await DemoPage.open(await chromium.visitor(site));
    await visitAsAda(demo);
    await demo.logout();
    await goBack(demo.page);
    await assertNobody(demo);
  });

  Deno.test(`demo over ${scheme}: nor does it when the logout was in another tab`, async () => {
    await using site = await Demo.start(scheme);
    await using chromium = await Chromium.launch();
    const visitor = await chromium.visitor(site);
    const demo = await DemoPage.open(visitor);
    await visitAsAda(demo);
    await demo.page.goto("/nothing");
    await (await DemoPage.open(visitor)).logout();
    await goBack(demo.page);
    await assertNobody(demo);
  });

  Deno.test(`over ${scheme} the back button after a logout shows a page again unless it is no-store`, async () => {
    using kv = await Deno.openKv(":memory:");
    await using site = new Site(scheme, withSession(answer, { kv }));
    await using chromium = await Chromium.launch();
    const told = { "/private": "Ada", "/no-store": "nobody" };
    for (const [path, text] of Object.entries(told)) {
      const page = await (await chromium.visitor(site)).newPage();
      await page.goto("/login");
      await page.goto(path);
      assertEquals(await page.locator("p").innerText(), "Ada");
      await page.goto("/logout");
      await goBack(page);
      const there = page.locator("p").filter({ hasNotText: "Bye" });
      assertEquals(await there.innerText(), text);
    }
  });
}

/** A small application whose pages differ in their `Cache-Control`. */
async function answer(
  request: Request,
  session: Session<{ user: string }>,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const headers = new Headers({ "content-type": "text/html" });
  if (pathname === "/login") {
    await session.open();
    session.set("user", "Ada");
    await session.save();
  } else if (pathname === "/logout") {
    await session.open();
    await session.destroy();
    return new Response("<p>Bye</p>", { headers });
  } else {
    await session.read();
  }
  if (pathname === "/no-store") headers.set("cache-control", "no-store");
  return new Response(`<p>${session.get("user") ?? "nobody"}</p>`, { headers });
}
