import { assert, assertEquals } from "@std/assert";
import { sessionTelemetry } from "@aerys/session/telemetry";
import { Child } from "./child.ts";
import { Client } from "./client.ts";
import { Collector } from "./telemetry.ts";
import { moments, spans } from "./telemetry_events.ts";

const root = new URL("../", import.meta.url);
const docs = await Deno.readTextFile(new URL("docs/telemetry.md", root));

function blocks(language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms");
  return [...docs.matchAll(pattern)].map((match) => match[1]!);
}

/** What is quoted in a column of the table with this heading. */
function column(heading: string, at = 0): string[][] {
  const table = docs.split(/\n\n/).find((part) =>
    part.startsWith(`| ${heading} `)
  )!;
  return table.split("\n").slice(2).map((row) =>
    [...row.split("|")[at + 1]!.matchAll(/`([^`]+)`/g)]
      .map((match) => match[1]!)
  );
}

/** The program as a process of its own, after one request. */
async function served(
  code: string,
  env: Record<string, string> = {},
): Promise<{ text: string; output: string }> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    await using child = new Child(file, {
      DENO_KV_DB_MODE: "memory",
      DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
      ...env,
    }, ["--allow-all", "--check", "--config=deno.json"]);
    const browser = new Client(await child.address());
    const { text } = await browser.get("/");
    return { text, output: (await child.stop("SIGINT")).output };
  } finally {
    await Deno.remove(file);
  }
}

const answers = ["Hello", "Visit 1"];

for (const [index, code] of blocks("ts").entries()) {
  Deno.test(`docs/telemetry.md: example ${index + 1} runs`, async () => {
    assertEquals((await served(code)).text, answers[index]);
  });
}

Deno.test("docs/telemetry.md: the second example is examples/telemetry.ts", async () => {
  const [, block] = blocks("ts");
  const example = new URL("examples/telemetry.ts", root);
  assert((await Deno.readTextFile(example)).endsWith(block!));
});

Deno.test({
  name: "docs/telemetry.md: the first command prints spans and metrics",
  ignore: Deno.build.os === "windows", // It ends processes at once.
  fn: async () => {
    const [command] = blocks("sh");
    const env = Object.fromEntries(
      [...command!.matchAll(/\b([A-Z_]+)=(\S+)/g)]
        .map(([, name, value]) => [name!, value!]),
    );
    assertEquals(Object.keys(env).length, 2);
    const [, code] = blocks("ts");
    const { output } = await served(code!, env);
    for (const name of ["session.open", "session.save", "session.created"]) {
      assert(output.includes(name), output);
    }
  },
});

Deno.test("docs/telemetry.md: the first table has every event and its members", async () => {
  const code = await Deno.readTextFile(new URL("src/events.ts", root));
  const types = [...code.matchAll(/type: ((?:"\w+"[ |]*)+)/g)]
    .flatMap((match) => [...match[1]!.matchAll(/"(\w+)"/g)])
    .map((match) => match[1]!);
  assertEquals(column("type").flat().sort(), types.sort());
  const others = column("type", 2);
  for (const [row, [type]] of column("type").entries()) {
    const [event] = [...spans, ...moments].map(([event]) => event)
      .filter((event) => event.type === type);
    const members = Object.keys(event!)
      .filter((member) => !["type", "id"].includes(member));
    assertEquals(others[row]!.sort(), members.sort(), type);
  }
});

Deno.test("docs/telemetry.md: the tables have every span and event, and their attributes", () => {
  const tables = [["span", 2, spans], ["event", 1, moments]] as const;
  for (const [heading, at, drawn] of tables) {
    const expected = new Map<string, Set<string>>();
    for (const [event, name, attributes] of drawn) {
      const all = expected.get(name) ?? new Set();
      expected.set(name, all);
      // Of errors, a sentence tells.
      for (const attribute of Object.keys(attributes)) {
        if (attribute !== "error.type") all.add(attribute);
      }
      assert(event.type !== undefined);
    }
    const names = column(heading).flat();
    const attributes = column(heading, at);
    assertEquals(names.toSorted(), [...expected.keys()].sort());
    for (const [row, name] of names.entries()) {
      assertEquals(attributes[row]!.sort(), [...expected.get(name)!].sort());
    }
  }
});

Deno.test("docs/telemetry.md: the table has every metric, its unit and its attributes", async () => {
  await using collector = new Collector();
  const listener = sessionTelemetry();
  for (const [event] of [...spans, ...moments]) listener(event);
  const { id = "" } = spans[0]![0] as { id?: string };
  const failed = { type: "failed", id, method: "open", took: 1 } as const;
  listener({ ...failed, code: "ERR_LOCK_TIMEOUT" });
  const measured = Object.entries(await collector.metrics())
    .map(([name, { unit, points }]) => {
      const attributes = points.flatMap((point) =>
        Object.keys(point.attributes)
      );
      return [[name], [unit], [...new Set(attributes)].sort()];
    });
  const [names, units, attributes] = [0, 2, 3].map((at) =>
    column("metric", at)
  );
  const told = names!.map((name, row) => [
    name,
    units![row],
    attributes![row]!.sort(),
  ]);
  assertEquals(told.sort(), measured.sort());
});

Deno.test("docs/telemetry.md: links lead to files", async () => {
  for (const [, path] of docs.matchAll(/\]\(((?!https?:|#)[^)#]+)/g)) {
    await Deno.stat(new URL(path!, new URL("docs/", root)));
  }
});
