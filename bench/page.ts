import { fileURLToPath } from "node:url";
import { chart } from "./chart.ts";
import * as markdown from "./markdown.ts";
import type { Report } from "./report.ts";

const docs = new URL("../docs/", import.meta.url);

/** Writes `docs/performance.md` and its chart. */
export async function writePage(report: Report): Promise<void> {
  const template = await Deno.readTextFile(
    new URL("performance.template.md", import.meta.url),
  );
  const page = template.replaceAll(/\{\{([^}]+)\}\}/g, (_, part: string) => {
    if (part.startsWith("tables ")) {
      return markdown.tablesOf(report, part.slice("tables ".length));
    }
    const render = parts[part];
    if (render === undefined) throw new Error(`Cannot fill in {{${part}}}`);
    return render(report);
  });
  const files = { "performance.md": page, "performance.svg": chart(report) };
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const url = new URL(name, docs);
    await Deno.writeTextFile(url, text);
    paths.push(fileURLToPath(url));
  }
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", ...paths],
  }).output();
  if (!success) throw new Error("Cannot format docs/performance.*");
}

const parts: Readonly<Record<string, (report: Report) => string>> = {
  machine: markdown.machineOf,
  targets: markdown.targetsOf,
  noise: markdown.noiseOf,
  growth: markdown.growthOf,
  memory: markdown.memoryOf,
  "hand over": markdown.handOverOf,
};
