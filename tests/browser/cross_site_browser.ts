import { assert, assertEquals } from "@std/assert";
import { Chromium } from "./chromium.ts";
import { DemoPage } from "./demo_page.ts";
import { Demo, type Seen, Site } from "./site.ts";

const html = { "content-type": "text/html" };

/** A page of another site that uses the demo in every way it can. */
function foreign(target: string): string {
  return `<!DOCTYPE html>
    <form method="post" action="${target}/logout"><button>Post</button></form>
    <a href="${target}/">Link</a>
    <img src="${target}/" alt="">
    <iframe src="${target}/" title="frame"></iframe>
    <script>
      fetch("${target}/locked", { credentials: "include", mode: "no-cors" })
        .catch(() => {})
        .then(() => document.body.append("All sent"));
    </script>`;
}

/** The last such request that the site has seen. */
function last(site: Demo, method: string, path: string): Seen {
  return site.seen.findLast((seen) =>
    seen.method === method && seen.path === path
  )!;
}

for (const scheme of ["http", "https"] as const) {
  Deno.test(`demo over ${scheme}: of what another site sends, only a visit carries the cookie`, async () => {
    await using site = await Demo.start(scheme);
    await using other = new Site(
      scheme,
      () => new Response(foreign(site.origin), { headers: html }),
    );
    await using chromium = await Chromium.launch();
    const visitor = await chromium.visitor(site);
    const demo = await DemoPage.open(visitor);
    await demo.login("Ada");
    await demo.line(/Ada$/).waitFor(); // Its own requests are made.
    const [{ name, value } = { name: "", value: "" }] = await visitor.cookies();
    const cookie = `${name}=${value}`;
    const elsewhere = other.at(scheme === "http" ? "127.0.0.1" : "evil.test");

    const page = await visitor.newPage();
    const before = site.seen.length;
    await page.goto(elsewhere);
    await page.getByText("All sent").waitFor();
    const embedded = site.seen.slice(before);
    assertEquals(embedded.map(({ path }) => path).sort(), [
      "/",
      "/",
      "/locked",
    ]);
    for (const { cookie } of embedded) assertEquals(cookie, null);

    await page.getByRole("button", { name: "Post" }).click();
    await page.getByText("This form was sent from another site").waitFor();
    assertEquals(last(site, "POST", "/logout").cookie, null);

    await page.goto(elsewhere);
    await page.getByRole("link", { name: "Link" }).click();
    await page.getByRole("button", { name: "Log out" }).waitFor();
    assertEquals(last(site, "GET", "/").cookie, cookie);
    assert((await page.content()).includes("Ada"));
    assertEquals((await visitor.cookies())[0]!.value, value);
  });
}
