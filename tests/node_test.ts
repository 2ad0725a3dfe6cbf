import { assert, assertEquals, assertMatch } from "@std/assert";
import { Client } from "./client.ts";
import { Installation, whyNoNode } from "./node/installation.ts";
import { NodeProcess } from "./node/node_process.ts";
import { share } from "./node/share.ts";
import { types } from "./node/types.ts";
import { whyNoEngine } from "./remote/engine.ts";
import { KvConnect } from "./remote/kv_connect.ts";
import { openRemote } from "./remote/processes.ts";

const root = new URL("../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/node.md", root));
const config = JSON.parse(
  await Deno.readTextFile(new URL("deno.json", root)),
);

function blocks(language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms");
  return [...page.matchAll(pattern)].map((match) => match[1]!);
}

const [build, install] = blocks("sh").map((block) => block.trim());
const [server, hono] = blocks("js");

const reason = await whyNoNode() ?? await whyNoEngine();
if (reason !== null) console.log(`Ignored, for lack of Node: ${reason}`);
const ignore = reason !== null;

let installing: Promise<Installation> | undefined;

/** What these tests share, installed by the first of them. */
function installation(): Promise<Installation> {
  return installing ??= create();
}

async function create(): Promise<Installation> {
  const installed = await Installation.create([
    install!,
    "npm install hono@4 typescript@5 @types/node@20",
  ]);
  for (const file of ["visits.mjs", "peer.mjs"]) {
    await installed.copy(`tests/node/${file}`);
  }
  await installed.copy("examples/node/server.mjs");
  await installed.write("hono.mjs", hono!);
  return installed;
}

Deno.test.afterAll(async () => {
  const installed = await installing?.catch(() => undefined);
  await installed?.[Symbol.asyncDispose]();
});

/** A server of this page, on a port of its own. */
async function serve(file: string): Promise<NodeProcess> {
  const { app } = await installation();
  const env = { HOST: "127.0.0.1", PORT: "0", KV: `${file}.db` };
  return new NodeProcess(app, [file], env);
}

/** Another process on this database. */
async function peerOn(kv: string, token = ""): Promise<NodeProcess> {
  const { app } = await installation();
  const args = ["peer.mjs", "@deno/kv", kv];
  const env = { DENO_KV_ACCESS_TOKEN: token };
  return new NodeProcess(app, args, env);
}

Deno.test("docs/node.md: the package is built by a task, and the server is the example", async () => {
  const [, name = ""] = /^npx -y deno@2 task (\S+)$/.exec(build!) ?? [];
  assertMatch(config.tasks[name].command, /tools\/node_package\.ts$/);
  assert(install!.includes(`/aerys-session-${config.version}.tgz `));
  const example = new URL("examples/node/server.mjs", root);
  assertEquals(server, await Deno.readTextFile(example));
  assertEquals(blocks("\\w*").length, 4, "a block of which no test knows");
});

Deno.test({
  name: "the npm package exports on Node what the library exports in Deno",
  ignore,
  async fn() {
    const installed = await installation();
    for (const path of Object.keys(config.exports)) {
      const name = `@aerys/session${path.slice(1)}`;
      const code = `console.log(Object.keys(await import("${name}")).join())`;
      const names = await installed.run(
        "node",
        "--eval",
        `(async () => {${code}})()`,
      );
      assertEquals(names, Object.keys(await import(name)).join(), name);
    }
  },
});

Deno.test({
  name: "the npm package brings types that tsc takes and that refuse mistakes",
  ignore,
  async fn() {
    const installed = await installation();
    await installed.write("types.mts", types);
    const flags = "--noEmit --strict --exactOptionalPropertyTypes " +
      "--target es2022 --lib es2022 --types node --module nodenext";
    const tsc = "node_modules/typescript/bin/tsc";
    await installed.run("node", tsc, ...flags.split(" "), "types.mts");
  },
});

Deno.test({
  name: "examples/node/server.mjs serves sessions over node:http",
  ignore,
  async fn() {
    await using server = await serve("server.mjs");
    const browser = new Client(await server.address());

    const untouched = (await browser.get("/favicon.ico")).response;
    assertEquals(untouched.status, 404);
    assertEquals(untouched.headers.get("cache-control"), null);
    assertEquals(untouched.headers.get("vary"), null);
    assertEquals((await browser.get("/name")).text, "Hello stranger");
    assertEquals(browser.cookies.size, 0);

    const { response, text } = await browser.get("/");
    assertEquals(text, "Visit 1");
    assertEquals(response.headers.get("vary"), "Cookie");
    assertEquals(response.headers.get("cache-control"), "no-store");
    assertMatch(
      response.headers.get("set-cookie")!,
      /^session=[0-9A-Z]{26}\.[\w-]{43}; HttpOnly; SameSite=Lax; Path=\/$/,
    );
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => browser.get("/")),
    );
    assertEquals(
      answers.map(({ text }) => text).sort(),
      Array.from({ length: 20 }, (_, i) => `Visit ${i + 2}`).sort(),
    );
    assert(
      answers.every(({ response }) => !response.headers.has("set-cookie")),
    );

    const anonymous = browser.clone();
    assertEquals((await browser.post("/login")).response.status, 303);
    assert(browser.cookie !== anonymous.cookie);
    assertEquals((await browser.get("/name")).text, "Hello ada");
    assertEquals((await browser.get("/")).text, "Visit 22");
    assertEquals((await anonymous.get("/name")).text, "Hello stranger");

    const ada = browser.clone();
    assertEquals((await browser.post("/logout")).text, "Bye");
    assertEquals(browser.cookies.size, 0);
    assertEquals((await ada.get("/name")).text, "Hello stranger");
  },
});

Deno.test({
  name: "honoSession() serves sessions on Node",
  ignore,
  async fn() {
    await using server = await serve("hono.mjs");
    const browser = new Client(await server.address());
    assertEquals((await browser.get("/")).text, "Visit 1");
    await Promise.all(Array.from({ length: 20 }, () => browser.get("/")));
    assertEquals((await browser.get("/")).text, "Visit 22");
  },
});

Deno.test({
  name: "Session of Deno and of Node share sessions on one SQLite file",
  ignore,
  async fn() {
    const { app } = await installation();
    const file = `${app}/shared.db`;
    using kv = await Deno.openKv(file);
    await using peer = await peerOn(file);
    await share(kv, peer);
  },
});

Deno.test({
  name: "Session of Deno and of Node share sessions over KV Connect",
  ignore,
  async fn() {
    const { app } = await installation();
    await using server = await KvConnect.start(`${app}/served.db`);
    using kv = await openRemote(server);
    await using peer = await peerOn(server.url, server.token);
    await share(kv, peer);
  },
});

Deno.test({
  name:
    "Session on Node keeps sessions in memory, waits for what nobody awaits, and says what Node cannot do",
  ignore,
  async fn() {
    await using peer = await peerOn("");
    const cookie = await peer.call("store");
    await peer.call("check", cookie);
    assertEquals(await peer.call("impatient", cookie), [
      "ERR_LOCK_CANCELLED",
      "ERR_STILL_LOCKED",
    ]);
    await peer.call("check", cookie);
    const refusals = await peer.call("refusals") as string[];
    assertEquals(refusals.length, 2);
    assertMatch(refusals[0]!, /^ERR_NOT_STORABLE: .*"buffer"/);
    assertMatch(refusals[1]!, /^ERR_STORE: .*pass the option kv/i);
  },
});
