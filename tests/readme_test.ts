import { assertEquals, assertMatch } from "@std/assert";
import { importMap } from "../tools/own_import_map.ts";

const root = new URL("../", import.meta.url);
const readme = await Deno.readTextFile(new URL("README.md", root));

function blocks(language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms");
  return [...readme.matchAll(pattern)].map((match) => match[1]!);
}

/** Runs a server on a port of its own, and answers what it answers. */
async function serve(code: string): Promise<Response> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, code);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--check",
      "--config=deno.json",
      `--import-map=${importMap}`,
      file,
    ],
    cwd: root,
    env: {
      DENO_KV_DB_MODE: "memory",
      DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
      NO_COLOR: "1",
    },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  try {
    const lines = child.stderr.pipeThrough(new TextDecoderStream());
    for await (const chunk of lines) {
      log += chunk;
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
      if (address === undefined) continue;
      const response = await fetch(address);
      await response.body?.cancel();
      return response;
    }
    throw new Error(`the example did not serve:\n${log}`);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
    await Deno.remove(file);
  }
}

for (const [index, code] of blocks("ts").entries()) {
  Deno.test(`README: example ${index + 1} runs`, async () => {
    assertEquals((await serve(code)).status, 200);
  });
}

Deno.test("README: the first example is examples/counter.ts and that of mod.ts", async () => {
  const bare = (code: string) =>
    code.replaceAll(/^ \* ?|^\s*\/\/.*$| \/\/.*$/gm, "").trim();
  const [first] = blocks("ts");
  const example = await Deno.readTextFile(new URL("examples/counter.ts", root));
  const front = await Deno.readTextFile(new URL("mod.ts", root));
  const [, block] = /```ts ignore\n(.*?)```/s.exec(front)!;
  assertEquals(bare(block!), bare(first!));
  assertMatch(bare(example), new RegExp(RegExp.escape(bare(first!))));
});

Deno.test("README: the commands are tasks", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", root)),
  );
  const named = [...blocks("sh").join("").matchAll(/deno@2 task (\w+)/g)];
  assertEquals(named.map((match) => match[1]!), ["demo", "test"]);
  for (const [, name] of named) assertEquals(typeof tasks[name!], "object");
});

Deno.test("README: links lead to files", async () => {
  for (const [, path] of readme.matchAll(/\]\(((?!https?:|#)[^)#]+)/g)) {
    await Deno.stat(new URL(path!, root));
  }
});
