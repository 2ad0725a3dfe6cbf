import { assert, assertEquals } from "@std/assert";
import { type BrowserContext, Chromium } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo } from "./site.ts";

/** A well-formed token that no server has issued. */
const invented = `01ARZ3NDEKTSV4RRFFQ69G5FAV.${"A".repeat(43)}`;

async function tokenOf(visitor: BrowserContext): Promise<string> {
  return (await visitor.cookies())[0]!.value;
}

/** Puts a session's token into the visitor's cookies by hand. */
async function plant(
  visitor: BrowserContext,
  site: Demo,
  value: string,
): Promise<void> {
  const secure = site.scheme === "https";
  await visitor.addCookies([{
    name: secure ? "__Host-demo" : "demo",
    value,
    domain: new URL(site.origin).hostname,
    path: "/",
    secure,
    httpOnly: true,
    sameSite: "Lax",
  }]);
}

for (const scheme of ["http", "https"] as const) {
  Deno.test(`demo over ${scheme}: a planted cookie that was never issued is not adopted`, async () => {
    await using site = await Demo.start(scheme);
    await using chromium = await Chromium.launch();
    const visitor = await chromium.visitor(site);
    await plant(visitor, site, invented);
    const demo = await DemoPage.open(visitor);
    assert(await tokenOf(visitor) !== invented);
    assert(!invented.startsWith(await demo.told("Id")));
    assertEquals(await demo.told("Visits"), "1");
    await demo.page.reload();
    assertEquals(await demo.told("Visits"), "2");
  });

  Deno.test(`demo over ${scheme}: whoever planted a live cookie is out once its victim logs in`, async () => {
    await using site = await Demo.start(scheme);
    await using chromium = await Chromium.launch();
    const attacker = await DemoPage.open(await chromium.visitor(site));
    const planted = await tokenOf(attacker.page.context());

    const visitor = await chromium.visitor(site);
    await plant(visitor, site, planted);
    const victim = await DemoPage.open(visitor);
    assertEquals(await victim.told("Id"), await attacker.told("Id"));
    await victim.login("Ada");
    assert(await tokenOf(visitor) !== planted);

    await attacker.page.reload();
    assert(!(await attacker.page.content()).includes("Ada"));
    await victim.page.reload();
    assertEquals(await victim.told("Name"), "Ada");
  });

  Deno.test(`demo over ${scheme}: the cookie from before a login or logout is dead when put back`, async () => {
    await using site = await Demo.start(scheme);
    await using chromium = await Chromium.launch();
    const visitor = await chromium.visitor(site);
    const demo = await DemoPage.open(visitor);
    const before = await tokenOf(visitor);
    await demo.login("Ada");
    const during = await tokenOf(visitor);
    /** What the demo says of a session with this token. */
    const statusOf = async (token: string) => {
      await plant(visitor, site, token);
      return (await demo.page.goto("/locked"))!.status();
    };
    assertEquals([await statusOf(before), await statusOf(during)], [409, 200]);
    await demo.page.goto("/");
    await demo.logout();
    assertEquals(await statusOf(during), 409);
  });
}
