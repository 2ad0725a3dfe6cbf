import { assertEquals } from "@std/assert";

// Data flows one way, and so do imports: each file only from files above it.
const order = [
  "errors.ts",
  "timers.ts",
  "clock.ts",
  "events.ts",
  "kv.ts",
  "options.ts",
  "config.ts",
  "token.ts",
  "cookie.ts",
  "json.ts",
  "values.ts",
  "data.ts",
  "flash.ts",
  "record.ts",
  "lock_entry.ts",
  "commit.ts",
  "watchers.ts",
  "store.ts",
  "line.ts",
  "lease.ts",
  "lock.ts",
  "backend.ts",
  "payload.ts",
  "response.ts",
  "visit.ts",
  "session.ts",
  "handler.ts",
  "fresh.ts",
  "hono.ts",
  "telemetry.ts",
];

const src = new URL("../src/", import.meta.url);

async function importsOf(file: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(file, src));
  const code = text.replaceAll(/^\s*\*.*$/gm, ""); // not those of examples
  return [...code.matchAll(/\bfrom "([^"]+)"/g)].map((match) => match[1]!);
}

Deno.test("every file of src has its place in the order", async () => {
  const files = await Array.fromAsync(Deno.readDir(src), ({ name }) => name);
  assertEquals(files.sort(), [...order].sort());
});

Deno.test("a file imports only from files above it", async () => {
  for (const [place, file] of order.entries()) {
    const own = (await importsOf(file)).filter((path) => path.startsWith("./"));
    const wrong = own.filter((path) => order.indexOf(path.slice(2)) >= place);
    assertEquals(wrong, [], `${file} imports from below itself`);
  }
});

Deno.test("src depends on three packages, and on nothing else but the runtime", async () => {
  const core = order.filter((file) => file !== "telemetry.ts"); // It is optional.
  const all = (await Promise.all(core.map(importsOf))).flat();
  const packages = new Set(
    all.filter((path) => !path.startsWith("./") && !path.startsWith("node:")),
  );
  assertEquals(
    [...packages].sort(),
    ["@std/http/cookie", "@std/ulid", "devalue"],
  );
});
