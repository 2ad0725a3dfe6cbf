import { assertEquals, assertMatch } from "@std/assert";
import {
  SessionError,
  type SessionErrorCode,
  type SessionOptions,
  withSession,
} from "@aerys/session";
import { Child } from "./child.ts";
import { Client } from "./client.ts";
import { DocsPage, exportsOf, ProgramFiles } from "./docs_page.ts";
import {
  assertCode,
  type Browser,
  browserWith,
  count,
  increment,
  sessionOf,
  testKv,
} from "./support.ts";

const page = new DocsPage("docs/production.md");
const flags = ["--allow-all", "--config=deno.json"];
const serving = { DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0" };

Deno.test("docs/production.md: the first program keeps its sessions in the file that KV names", async () => {
  await using files = await ProgramFiles.write([
    page.programUnder("The database"),
  ]);
  const [file] = files.paths;
  const env = { ...serving, KV: `${file}.db` };
  let browser: Client | undefined;
  for (const answer of ["Visit 1", "Visit 2"]) {
    await using child = new Child(file!, env, flags);
    const next = new Client(await child.address());
    for (const cookie of browser?.cookies ?? []) next.cookies.set(...cookie);
    assertEquals((await next.get("/")).text, answer);
    browser = next;
  }
});

interface Ending {
  endAllSessions(
    kv: Deno.Kv,
    options: Pick<SessionOptions, "prefix">,
  ): Promise<number>;
}

Deno.test("docs/production.md: endAllSessions() ends the sessions of its prefix, also one that is held", async () => {
  const { endAllSessions } = await exportsOf<Ending>(
    page.programUnder("Ending all sessions"),
  );
  using kv = await testKv();
  const browsers: Browser[] = [];
  for (let i = 0; i < 205; i++) {
    browsers.push(await browserWith({ kv }, { count: i }));
  }
  const prefix = ["other"];
  const other = await browserWith({ kv, prefix }, { count: 7 });
  const held = await sessionOf(browsers[3]!).open();
  assertEquals(await endAllSessions(kv.kv, {}), 205);
  await assertCode(() => held.save(), "ERR_LOCK_LOST");
  for (const browser of browsers) {
    assertEquals(await browser.visit(count), null);
  }
  assertEquals(await browsers[0]!.visit(increment), 1);
  assertEquals(await other.visit(count), 7);
  assertEquals(await endAllSessions(kv.kv, { prefix }), 1);
  assertEquals(await endAllSessions(kv.kv, { prefix }), 0);
});

interface Answering {
  onError(error: unknown): Response;
}

Deno.test("docs/production.md: onError() answers 503 while a session is busy, and the handler's answer after", async () => {
  const { onError } = await exportsOf<Answering>(
    page.programUnder("Errors and 503"),
  );
  using kv = await testKv();
  const holder = await browserWith({ kv }, { count: 1 });
  const options = { kv, lock: { timeout: 50 } };
  const handler = withSession(async (_request, session) => {
    await session.open();
    await session.unlock();
    return new Response("Mine");
  }, options);
  await using server = Deno.serve(
    { onError, port: 0, hostname: "127.0.0.1", onListen() {} },
    handler,
  );
  const client = new Client(`http://127.0.0.1:${server.addr.port}`);
  for (const cookie of holder.cookies) client.cookies.set(...cookie);
  const session = await sessionOf(holder).open();
  const busy = await client.get("/");
  assertEquals(busy.response.status, 503);
  assertEquals(busy.response.headers.get("retry-after"), "1");
  await session.unlock();
  assertEquals((await client.get("/")).text, "Mine");
});

Deno.test("docs/production.md: onError() takes what passes for 503, and the rest for a mistake that it logs", async () => {
  const { onError } = await exportsOf<Answering>(
    page.programUnder("Errors and 503"),
  );
  const answer = (code: SessionErrorCode) =>
    onError(new SessionError(code, "Cannot")).status;
  const { error } = console;
  const logged: unknown[] = [];
  console.error = (error: unknown) => logged.push(error);
  try {
    assertEquals(answer("ERR_QUEUE_FULL"), 503);
    assertEquals(answer("ERR_LOCK_LOST"), 503);
    assertEquals(answer("ERR_STORE"), 503);
    assertEquals(logged, []);
    assertEquals(answer("ERR_STILL_LOCKED"), 500);
    assertEquals(answer("ERR_CORRUPT"), 500);
    assertEquals(onError("what is no error").status, 500);
    assertEquals(logged.length, 3);
  } finally {
    console.error = error;
  }
});

Deno.test({
  name: "docs/production.md: SIGTERM ends the streams, and then the process",
  ignore: Deno.build.os === "windows", // It has no SIGTERM.
  fn: async () => {
    await using files = await ProgramFiles.write([
      page.programUnder("Shutting down, and crashes"),
    ]);
    const env = { ...serving, DENO_KV_DB_MODE: "memory" };
    await using child = new Child(files.paths[0]!, env, flags);
    const browser = new Client(await child.address());
    assertEquals((await browser.get("/events")).response.status, 204);
    await browser.get("/");
    const { cookie } = browser;
    const url = new URL("/events", browser.base);
    const stream = await fetch(url, { headers: { cookie } });
    const reader = stream.body!.pipeThrough(new TextDecoderStream())
      .getReader();
    const first = reader.read(); // It is answered at the first change.
    let told = "";
    first.then(({ value }) => told = value!);
    while (told === "") await browser.get("/");
    assertMatch(told, /^data: \d+\n\n$/);
    const rest = reader.read().then(() => reader.closed);
    const cut = rest.then(() => false, () => true);
    assertEquals((await child.stop("SIGTERM")).code, 0);
    assertEquals(await cut, true);
  },
});

interface Forgery {
  isForged(request: Request): boolean;
}

Deno.test("docs/production.md: isForged() tells what another origin's page asks for", async () => {
  const { isForged } = await exportsOf<Forgery>(
    page.programUnder("What is yours: forged requests, and too many of them"),
  );
  const host = "example.com:8000";
  const asks = (method: string, headers: Record<string, string>) =>
    isForged(
      new Request("http://inside/", { method, headers: { host, ...headers } }),
    );
  const own = "https://example.com:8000";
  const foreign = "https://evil.example";
  for (const site of ["cross-site", "same-site"]) {
    assertEquals(asks("POST", { "sec-fetch-site": site }), true);
    assertEquals(asks("GET", { "sec-fetch-site": site }), false);
  }
  for (const site of ["same-origin", "none"]) {
    assertEquals(asks("DELETE", { "sec-fetch-site": site }), false);
  }
  assertEquals(asks("POST", { origin: own }), false);
  assertEquals(asks("POST", { origin: foreign }), true);
  assertEquals(asks("POST", { origin: "null" }), true);
  assertEquals(asks("POST", {}), false);
  assertEquals(asks("GET", { origin: foreign }), false);
  const upgrade = "WebSocket";
  assertEquals(asks("GET", { upgrade, origin: foreign }), true);
  assertEquals(asks("GET", { upgrade, origin: own }), false);
});
