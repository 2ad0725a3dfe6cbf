import { assert, assertEquals, assertMatch } from "@std/assert";
import { gate } from "../support.ts";
import { Chromium } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo } from "./site.ts";

for (const scheme of ["http", "https"] as const) {
  Deno.test(`demo over ${scheme}: a visitor is counted, logs in and logs out`, async () => {
    await using site = await Demo.start(scheme);
    await using chromium = await Chromium.launch();
    const demo = await DemoPage.open(await chromium.visitor(site));
    assertEquals(await demo.told("Visits"), "1");
    await demo.page.reload();
    assertEquals(await demo.told("Visits"), "2");
    assertEquals(await demo.told("Name"), "not logged in");
    const id = await demo.told("Id");

    await demo.login("Ada <b>&amp;");
    assertEquals(await demo.told("Name"), "Ada <b>&amp;");
    assertEquals(await demo.told("Visits"), "3");
    assertEquals(await demo.told("Id before login"), id);
    assert(await demo.told("Id") !== id);
    await demo.page.reload();
    assertEquals(await demo.told("Name"), "Ada <b>&amp;");

    await demo.logout();
    assertEquals(await demo.told("Name"), "not logged in");
    assertEquals(await demo.told("Visits"), "1");
    assertEquals(demo.errors, []);
  });
}

Deno.test("demo: login and logout lead to the part of the page that tells of them", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const phone = { viewport: { width: 390, height: 844 } };
  const demo = await DemoPage.open(await chromium.visitor(site, phone));
  const top = () =>
    demo.page.evaluate<number>(
      "document.querySelector('#yours').getBoundingClientRect().top",
    );
  assert(await top() > 844);
  await demo.login("Ada");
  assert(await top() < 844);
  await demo.logout();
  assert(await top() < 844);
});

Deno.test("demo: a name of spaces is refused beside the field", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const { page } = await DemoPage.open(await chromium.visitor(site));
  await page.getByLabel("Name").fill("  ");
  await page.getByRole("button", { name: "Log in" }).click();
  const alert = page.getByRole("alert");
  assertEquals(await alert.innerText(), "A name has 1 to 40 characters.");
  const described = await page.getByLabel("Name").getAttribute(
    "aria-describedby",
  );
  assertEquals(described, await alert.getAttribute("id"));
});

Deno.test("demo: everything but the button and the list works without JavaScript", async () => {
  await using site = await Demo.start("http");
  await using chromium = await Chromium.launch();
  const without = { javaScriptEnabled: false };
  const demo = await DemoPage.open(await chromium.visitor(site, without));
  assert(await demo.page.locator("noscript").isVisible());
  assert(await demo.page.locator("#start").isHidden());
  assert(await demo.page.locator("#changes").isHidden());
  await demo.login("Ada");
  assertEquals(await demo.told("Name"), "Ada");
  await demo.logout();
  assertEquals(await demo.told("Name"), "not logged in");
});

for (const scheme of ["http", "https"] as const) {
  Deno.test(`demo over ${scheme}: 20 at once keeps 20 with the lock, and fewer without`, async () => {
    await using site = await Demo.start(scheme, twoMeet);
    await using chromium = await Chromium.launch();
    const demo = await DemoPage.open(await chromium.visitor(site));
    const verdict = await demo.race();
    assertMatch(verdict, /^With the lock, 20 of 20 were kept\. /);
    const [, kept, lost] = /Without it, (\d+) of 20: (\d+) were overwritten/
      .exec(verdict)!.map(Number);
    assert(kept! >= 1 && kept! < 20, verdict);
    assertEquals(kept! + lost!, 20);

    const bars = (lane: string, kind: string) =>
      demo.page.locator(`#${lane} .${kind}`).count();
    assertEquals(await bars("locked", "kept"), 20);
    assertEquals(await bars("lock-free", "kept"), kept);
    assertEquals(await bars("lock-free", "lost"), lost);
    assertEquals(await demo.count(), 20);
    assertEquals(demo.errors, []);
  });
}

/** Lets the first request without a lock write only when a second has read what it did. */
function twoMeet(kv: Deno.Kv): Deno.Kv {
  const met = gate();
  let reads = 0;
  const isLockFree = (key: Deno.KvKey) => key[1] === "lock-free";
  const wrapped: Pick<Deno.Kv, "get" | "getMany" | "set" | "atomic"> = {
    async get(key, options) {
      const entry = await kv.get(key, options);
      // The first read tells the page what there is before.
      if (isLockFree(key) && ++reads === 3) met.open();
      return entry as never;
    },
    getMany: (keys, options) => kv.getMany(keys, options) as never,
    async set(key, value, options) {
      if (isLockFree(key)) await met.promise;
      return await kv.set(key, value, options);
    },
    atomic: () => kv.atomic(),
  };
  return wrapped as Deno.Kv;
}
