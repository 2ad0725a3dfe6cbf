import { assertEquals, assertMatch } from "@std/assert";
import { withSession } from "@aerys/session";
import type { Data } from "../../demo/counters.ts";
import { eventsOf } from "../../demo/events.ts";
import { CountingClock, until, withClock } from "../support.ts";
import { type BrowserContext, Chromium, type Page } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo, Site } from "./site.ts";

/** Two tabs that listen; the second has made the second visit, and both say so. */
async function twoTabs(visitor: BrowserContext): Promise<[DemoPage, DemoPage]> {
  const tabs: [DemoPage, DemoPage] = [
    await DemoPage.open(visitor),
    await DemoPage.open(visitor),
  ];
  for (const tab of tabs) await tab.line(/Visits 2 Count 0 nobody$/).waitFor();
  return tabs;
}

/** Counts without the button. */
async function count(page: Page): Promise<void> {
  await page.evaluate(() => fetch("/locked", { method: "POST" }));
}

for (const scheme of ["http", "https"] as const) {
  Deno.test(`demo over ${scheme}: what one tab changes shows in the other`, async () => {
    await using site = await Demo.start(scheme);
    await using chromium = await Chromium.launch();
    const visitor = await chromium.visitor(site);
    const [one, other] = await twoTabs(visitor);
    await count(one.page);
    for (const tab of [one, other]) {
      await tab.line(/Visits 2 Count 1 nobody$/).waitFor();
    }
    await one.race();
    await other.line(/Visits 2 Count 21 nobody$/).waitFor();
    await other.page.reload();
    await one.line(/Visits 3 Count 21 nobody$/).waitFor();

    const lines = await one.lines();
    assertEquals(lines.length, 6);
    assertMatch(lines[0]!, /^\d\d:\d\d:\d\d Visits 3 Count 21 nobody$/);
    assertMatch(lines[1]!, /^\d\d:\d\d:\d\d Visits 2 Count 21 nobody$/);
    const changed = one.page.locator("#changes li").first().locator("b");
    assertEquals(await changed.allInnerTexts(), ["Visits 3"]);
    assertEquals(await one.listening(), "Listening.");
    for (const tab of [one, other]) assertEquals(tab.errors, []);
  });
}

Deno.test("demo: a login or logout in one tab tells the other, and not itself", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const visitor = await chromium.visitor(site);
  const [one, other] = await twoTabs(visitor);
  await one.page.evaluate(
    `new MutationObserver(() => sessionStorage.setItem("said", "something"))
      .observe(document.querySelector("#listening"), { childList: true })`,
  );
  // The answer to the login comes later than the news of it.
  await one.page.route("**/login", async (route) => {
    const response = await route.fetch({ maxRedirects: 0 });
    await other.page.getByText("you logged in elsewhere").waitFor();
    await route.fulfill({ response });
  });
  await one.login("Ada <b>");
  const said = await one.page.evaluate("sessionStorage.getItem('said')");
  assertEquals(said, null);
  await one.line(/Ada <b>$/).waitFor();
  assertEquals(await one.listening(), "Listening.");

  await other.page.getByRole("link", { name: "Reload the page" }).click();
  await other.line(/Ada <b>$/).waitFor();
  await one.logout();
  await other.page.getByText("you were logged out elsewhere").waitFor();
  await one.line(/Visits 1 Count 0 nobody$/).waitFor();
  assertEquals(await one.listening(), "Listening.");
  for (const tab of [one, other]) assertEquals(tab.errors, []);
});

Deno.test("demo: the notice after a login and a logout is shown once, whoever listens", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const visitor = await chromium.visitor(site);
  const [one] = await twoTabs(visitor);
  const notice = one.page.locator("#yours + [role=status]");
  assertEquals(await notice.count(), 0);
  await one.login("Ada");
  assertEquals(await notice.innerText(), "Welcome, Ada. You are logged in.");
  await one.page.reload();
  assertEquals(await notice.count(), 0);
  await one.logout();
  assertEquals(await notice.innerText(), "You are logged out.");
  await one.page.reload();
  assertEquals(await notice.count(), 0);
});

Deno.test("demo: a tab in the background does not listen, and catches up", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const visitor = await chromium.visitor(site);
  const [one, other] = await twoTabs(visitor);
  await one.show(false);
  for (let i = 0; i < 3; i++) await count(one.page);
  await other.line(/Count 3 nobody$/).waitFor();
  const before = await one.lines();
  assertEquals(before.length, 2);
  await one.show(true);
  await one.line(/Count 3 nobody$/).waitFor();
  assertEquals((await one.lines()).slice(1), before);

  await one.show(false);
  const again = one.page.waitForResponse("**/events");
  await one.show(true);
  await again;
  await count(one.page);
  await one.line(/Count 4 nobody$/).waitFor();
  assertEquals((await one.lines()).slice(2), before, "nothing twice");

  await one.show(false);
  await other.login("Ada");
  await one.show(true);
  await one.page.getByText("you logged in elsewhere").waitFor();
});

Deno.test("eventsOf() stops when a browser closes the tab", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new CountingClock();
  const answer = withSession<Data>(async (request, session) => {
    if (request.url.endsWith("/events")) {
      return new Response(eventsOf(session, new AbortController().signal), {
        headers: { "content-type": "text/event-stream" },
      });
    }
    await session.update(() => session.set("visits", 1));
    return new Response(
      `<p>Nothing</p><script>
        new EventSource("/events").addEventListener("stored", () => {
          document.querySelector("p").textContent = "Something";
        });
      </script>`,
      { headers: { "content-type": "text/html" } },
    );
  }, withClock({ kv }, clock));
  await using site = new Site("http", answer);
  await using chromium = await Chromium.launch();
  const page = await (await chromium.visitor(site)).newPage();
  await page.goto("/");
  await page.getByText("Something").waitFor();
  await until(() => clock.waiting > 0);
  await page.close();
  await until(() => clock.waiting === 0);
});

Deno.test("demo: a page whose server stops says so, and tries again", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const demo = await DemoPage.open(await chromium.visitor(site));
  await demo.line(/Visits 1 Count 0 nobody$/).waitFor();
  await site.stop();
  await demo.page.getByText("this page is trying again").waitFor();
});
