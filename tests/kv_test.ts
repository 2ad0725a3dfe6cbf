import { assert, assertEquals, assertMatch } from "@std/assert";
import { withSession } from "@aerys/session";
import {
  assertCode,
  Browser,
  gate,
  increment,
  type TestKv,
  testKv,
} from "./support.ts";

Deno.test("SessionOptions.kv may be a promise of a database", async () => {
  using kv = await testKv();
  const opening = gate<TestKv>();
  const browser = new Browser({ kv: opening.promise });
  const visit = browser.visit(increment);
  opening.open(kv);
  assertEquals(await visit, 1);
  assertEquals(await browser.visit(increment), 2);
});

/** Runs a program in a process of its own, and gives what it prints. */
async function run(program: string, ...flags: string[]): Promise<string[]> {
  const packages = [
    "@aerys/session",
    "@std/ulid",
    "@std/http/cookie",
    "devalue",
  ];
  const imports = Object.fromEntries(
    packages.map((name) => [name, import.meta.resolve(name)]),
  );
  const map = `data:application/json,${
    encodeURIComponent(JSON.stringify({ imports }))
  }`;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-config",
      "--no-lock",
      "--quiet",
      `--import-map=${map}`,
      ...flags,
      "-",
    ],
    env: { DENO_KV_DB_MODE: "memory", NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(program));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trimEnd().split("\n");
}

Deno.test("the default database is opened at the first use, once, and again after a failure", async () => {
  const printed = await run(
    `
    const real = Deno.openKv;
    let opened = 0;
    const openKv = () => {
      opened++;
      return opened === 1 ? Promise.reject(new Error("busy")) : real();
    };
    Object.defineProperty(Deno, "openKv", { value: openKv });
    const { withSession } = await import("@aerys/session");
    const request = () => new Request("http://localhost/");
    const visit = withSession(async (_request, session) => {
      await session.update(() => session.set("a", 1));
      return new Response("ok");
    });
    await withSession(() => new Response())(request());
    console.log("unused", opened);
    await visit(request()).catch((error) => console.log(error.code, error.cause.message));
    for (let i = 0; i < 2; i++) console.log(await (await visit(request())).text());
    console.log("used", opened);
    Deno.exit(); // The database stays open.
    `,
    "--unstable-kv",
  );
  assertEquals(printed, ["unused 0", "ERR_STORE busy", "ok", "ok", "used 2"]);
});

Deno.test("the error without --unstable-kv names the flag and the line for deno.json", async () => {
  const [code, message] = await run(`
    import { withSession } from "@aerys/session";
    const visit = withSession(async (_request, session) => {
      await session.update(() => session.set("a", 1));
      return new Response("ok");
    });
    await visit(new Request("http://localhost/")).catch((error) => {
      console.log(error.code);
      console.log(error.message);
    });
  `);
  assertEquals(code, "ERR_STORE");
  assert(message!.includes("--unstable-kv"), message);
  assert(message!.includes('"unstable": ["kv"]'), message);
});

Deno.test("SessionOptions.kv that rejects fails each request with ERR_STORE and its cause", async () => {
  const cause = new Error("no such file");
  const handler = withSession(async (request, session) => {
    if (request.method === "POST") {
      await session.update(() => session.set("a", 1));
    }
    return new Response("ok");
  }, { kv: Promise.reject(cause) });
  // Even if the first request comes later than the rejection.
  await new Promise((resolve) => setTimeout(resolve));
  const visit = (method: string) =>
    handler(new Request("http://localhost/", { method }));
  for (let i = 0; i < 2; i++) {
    const error = await assertCode(() => visit("POST"), "ERR_STORE");
    assertEquals(error.cause, cause);
    assertMatch(error.message, /no such file/);
  }
  // A request that needs no session does not suffer.
  assertEquals(await (await visit("GET")).text(), "ok");
});
