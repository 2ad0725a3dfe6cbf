import { assert, assertEquals, assertMatch } from "@std/assert";
import { withSession } from "@aerys/session";
import { type BrowserContext, Chromium } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo, Site } from "./site.ts";

/** The only cookie that the visitor has. */
async function onlyCookie(visitor: BrowserContext) {
  const cookies = await visitor.cookies();
  assertEquals(cookies.length, 1);
  return cookies[0]!;
}

for (const [scheme, secure] of [["http", false], ["https", true]] as const) {
  Deno.test(`a browser keeps the cookie over ${scheme} as it is meant, and shows it to no script`, async () => {
    using kv = await Deno.openKv(":memory:");
    await using site = new Site(
      scheme,
      withSession(async (_request, session) => {
        await session.update(() => session.set("visits", 1));
        return new Response("Hello");
      }, { kv }),
    );
    await using chromium = await Chromium.launch();
    const visitor = await chromium.visitor(site);
    const page = await visitor.newPage();
    await page.goto("/");
    const { value, ...attributes } = await onlyCookie(visitor);
    assertMatch(value, /^[0-9A-Z]{26}\.[\w-]{43}$/);
    assertEquals(attributes, {
      name: secure ? "__Host-session" : "session",
      domain: new URL(site.origin).hostname,
      path: "/",
      expires: -1,
      httpOnly: true,
      secure,
      sameSite: "Lax",
    });
    assertEquals(await page.evaluate("document.cookie"), "");
  });
}

Deno.test("a cookie with a ttl is kept by a browser that closes", async () => {
  using kv = await Deno.openKv(":memory:");
  const day = 86_400;
  await using site = new Site(
    "https",
    withSession(async (_request, session) => {
      await session.update(() => session.set("visits", 1));
      return new Response("Hello");
    }, { kv, ttl: day }),
  );
  await using chromium = await Chromium.launch();
  const visitor = await chromium.visitor(site);
  const before = Date.now() / 1000;
  await (await visitor.newPage()).goto("/");
  const { expires } = await onlyCookie(visitor);
  // Browsers round to whole seconds, up or down.
  assert(expires >= before + day - 1 && expires <= Date.now() / 1000 + day + 1);
});

Deno.test("demo: a subdomain cannot plant the cookie of the site", async () => {
  await using site = await Demo.start("https");
  await using chromium = await Chromium.launch();
  const visitor = await chromium.visitor(site);
  const demo = await DemoPage.open(await chromium.visitor(site));
  const { name, value } = await onlyCookie(demo.page.context());
  await using sub = new Site("https", () =>
    new Response("", {
      headers: {
        "set-cookie": `${name}=${value}; Domain=shop.test; Path=/; Secure`,
      },
    }));
  const page = await visitor.newPage();
  await page.goto(sub.at("sub.shop.test"));
  await page.evaluate(
    `document.cookie = "${name}=${value}; domain=shop.test; path=/; secure"`,
  );
  assertEquals(await visitor.cookies(), []);
});
