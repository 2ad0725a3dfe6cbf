import { assertEquals } from "@std/assert";
import { Chromium } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo } from "./site.ts";

Deno.test("demo: two tabs that count at once lose nothing", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const visitor = await chromium.visitor(site);
  const tabs = [await DemoPage.open(visitor), await DemoPage.open(visitor)];
  await Promise.all(tabs.map((tab) => tab.race()));
  for (const tab of tabs) assertEquals(await tab.count(), 40);
});

Deno.test("demo: a login or logout in one tab is one in the other", async () => {
  await using site = await Demo.start("https");
  await using chromium = await Chromium.launch();
  const visitor = await chromium.visitor(site);
  const one = await DemoPage.open(visitor);
  const other = await DemoPage.open(visitor);
  await one.login("Ada");
  await other.page.reload();
  assertEquals(await other.told("Name"), "Ada");
  assertEquals(await other.told("Id"), await one.told("Id"));

  await other.logout();
  await one.page.reload();
  assertEquals(await one.told("Name"), "not logged in");
});
