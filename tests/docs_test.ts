import { assert, assertEquals } from "@std/assert";
import { Child } from "./child.ts";
import { anchorsOf, DocsPage, ProgramFiles } from "./docs_page.ts";

const pages = [
  new DocsPage("docs/coming-from.md"),
  new DocsPage("docs/production.md"),
];

Deno.test("docs/coming-from.md, docs/production.md: all programs compile", async () => {
  const programs = pages.flatMap((page) => page.programs);
  assertEquals(programs.length, 9);
  // One check of all of them; an import of types alone runs none.
  const imports = programs.map((_, index) =>
    `import type * as _${index} from "./${index}.ts";\n`
  );
  await using files = await ProgramFiles.write([...programs, imports.join("")]);
  const flags = ["--allow-all", "--check", "--config=deno.json"];
  await using child = new Child(files.paths.at(-1)!, {}, flags);
  const { code, output } = await child.ended();
  assertEquals(code, 0, output);
});

for (const { name, links } of pages) {
  Deno.test(`${name}: links lead to files, and to headings in them`, async () => {
    assert(links.length > 0);
    for (const { href, pathname, hash } of links) {
      const text = await Deno.readTextFile(new URL(pathname, href));
      assert(hash === "" || anchorsOf(text).includes(hash.slice(1)), href);
    }
  });
}
