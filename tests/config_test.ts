import { assert, assertEquals, assertThrows } from "@std/assert";
import { Session, type SessionOptions, withSession } from "@aerys/session";
import { freshSession } from "@aerys/session/fresh";
import { Config, configOf } from "../src/config.ts";
import type { KvStore } from "../src/kv.ts";

Deno.test("Config has a default for every option", () => {
  const config = new Config({});
  assertEquals(config.prefix, ["session"]);
  assertEquals(config.ttl, -1);
  assertEquals(config.maxLife, 3600);
  assertEquals(config.absoluteTtl, 30 * 24 * 3600);
  assertEquals(config.cookie, {
    secureName: "__Host-session",
    plainName: "session",
    path: "/",
    domain: undefined,
    sameSite: "Lax",
    secure: undefined,
    partitioned: false,
  });
  assertEquals(config.lock, {
    timeout: 10_000,
    lease: 5000,
    maxHold: 60_000,
    maxWaiting: 100,
  });
});

Deno.test("Config takes what is given and fills in the rest", async () => {
  const kv = { get() {}, getMany() {}, atomic() {} } as unknown as KvStore;
  const config = new Config({
    kv,
    prefix: ["app", "s"],
    ttl: 60,
    maxLife: 1,
    absoluteTtl: 2,
    cookie: { name: "__Host-id", sameSite: "Strict" },
    lock: { timeout: 1, lease: 100, maxHold: 100, maxWaiting: 1 },
  });
  assert(await config.kv() === kv);
  assertEquals(config.prefix, ["app", "s"]);
  assertEquals([config.ttl, config.maxLife, config.absoluteTtl], [60, 1, 2]);
  const { secureName, plainName, sameSite, path } = config.cookie;
  assertEquals([secureName, plainName], ["__Host-id", "id"]);
  assertEquals([sameSite, path], ["Strict", "/"]);
  assertEquals(config.lock, {
    timeout: 1,
    lease: 100,
    maxHold: 100,
    maxWaiting: 1,
  });
});

Deno.test("Config holds a lock for at least one lease by default", () => {
  assertEquals(new Config({ lock: { lease: 90_000 } }).lock.maxHold, 90_000);
});

Deno.test("Config does not follow later changes of the prefix", () => {
  const prefix = ["a"];
  const config = new Config({ prefix });
  prefix.push("b");
  assertEquals(config.prefix, ["a"]);
});

Deno.test("Config names the cookie by what browsers allow", () => {
  // options, name where the cookie is Secure, name where it is not
  const table: [SessionOptions["cookie"], string, string][] = [
    [{}, "__Host-session", "session"],
    [{ secure: true }, "__Host-session", "session"],
    [{ secure: false }, "session", "session"],
    [{ path: "/app" }, "__Secure-session", "session"],
    [{ domain: "a.example" }, "__Secure-session", "session"],
    [{ domain: ".a.example" }, "__Secure-session", "session"],
    [{ name: "id" }, "id", "id"],
    [{ name: "id", secure: false }, "id", "id"],
    [{ name: "__Host-id" }, "__Host-id", "id"],
    [{ name: "__Secure-id", path: "/app" }, "__Secure-id", "id"],
    [{ name: "__Http-id" }, "__Http-id", "id"],
    [{ name: "__Host-Http-id" }, "__Host-Http-id", "id"],
  ];
  for (const [cookie = {}, secureName, plainName] of table) {
    const config = new Config({ cookie }).cookie;
    assertEquals([config.secureName, config.plainName], [
      secureName,
      plainName,
    ]);
  }
});

Deno.test("configOf() makes one configuration for one options object", () => {
  const options = {};
  assert(configOf(options) === configOf(options));
  assert(configOf(options) !== configOf({}));
});

// The options, and how the error calls the one that is wrong.
const refused: [SessionOptions, string][] = [
  ...[-2, 0.5, NaN, Infinity, 2 ** 31, "60", null].map((ttl) =>
    [{ ttl } as SessionOptions, "ttl"] as [SessionOptions, string]
  ),
  [{ maxLife: 0 }, "maxLife"],
  [{ maxLife: -1 }, "maxLife"],
  [{ maxLife: 1.5 }, "maxLife"],
  [{ absoluteTtl: 0 }, "absoluteTtl"],
  [{ absoluteTtl: -1 }, "absoluteTtl"],
  [{ absoluteTtl: Infinity }, "absoluteTtl"],
  [{ lock: { timeout: 0 } }, "lock.timeout"],
  [{ lock: { timeout: Infinity } }, "lock.timeout"],
  [{ lock: { lease: 99 } }, "lock.lease"],
  [{ lock: { lease: 1000.5 } }, "lock.lease"],
  [{ lock: { maxHold: 4999 } }, "lock.maxHold"],
  [{ lock: { lease: 200, maxHold: 199 } }, "lock.maxHold"],
  [{ lock: { maxWaiting: 0 } }, "lock.maxWaiting"],
  ...["data.db", {}, null, { get() {}, getMany() {} }].map((kv) =>
    [{ kv } as unknown as SessionOptions, "kv"] as [SessionOptions, string]
  ),
  [{ onEvent: "log" } as unknown as SessionOptions, "onEvent"],
  [
    { cookie: { partitioned: "yes" } } as unknown as SessionOptions,
    "cookie.partitioned",
  ],
  [{ prefix: [] }, "prefix"],
  [{ prefix: [""] }, "prefix"],
  [{ prefix: ["a", ""] }, "prefix"],
  [{ prefix: "a" as unknown as string[] }, "prefix"],
  [{ prefix: [1] as unknown as string[] }, "prefix"],
  [{ prefix: ["\ud800"] }, "prefix"],
  [{ prefix: ["x".repeat(1025)] }, "prefix"],
  [{ prefix: ["é".repeat(513)] }, "prefix"],
  [{ cookie: { name: "" } }, "cookie.name"],
  [{ cookie: { name: "a b" } }, "cookie.name"],
  [{ cookie: { name: "a=b" } }, "cookie.name"],
  [{ cookie: { name: "a;b" } }, "cookie.name"],
  [{ cookie: { name: "a\n" } }, "cookie.name"],
  [{ cookie: { name: "é" } }, "cookie.name"],
  [{ cookie: { name: "__host-a" } }, "cookie.name"],
  [{ cookie: { name: "__SECURE-a" } }, "cookie.name"],
  [{ cookie: { name: "__Host-" } }, "cookie.name"],
  [{ cookie: { name: "__Host-a", path: "/b" } }, "cookie.name"],
  [{ cookie: { name: "__Host-a", domain: "a.example" } }, "cookie.name"],
  [{ cookie: { name: "x".repeat(4026) } }, "cookie.name"],
  [{ cookie: { path: "" } }, "cookie.path"],
  [{ cookie: { path: "a" } }, "cookie.path"],
  [{ cookie: { path: "/a;b" } }, "cookie.path"],
  [{ cookie: { path: "/a\r\nb" } }, "cookie.path"],
  [{ cookie: { path: "/é" } }, "cookie.path"],
  [{ cookie: { path: `/${"a".repeat(1024)}` } }, "cookie.path"],
  [{ cookie: { domain: "" } }, "cookie.domain"],
  [{ cookie: { domain: "a..b" } }, "cookie.domain"],
  [{ cookie: { domain: "-a.example" } }, "cookie.domain"],
  [{ cookie: { domain: "a.example;b" } }, "cookie.domain"],
  [{ cookie: { domain: "https://a.example" } }, "cookie.domain"],
  [{ cookie: { domain: `${"a.".repeat(126)}aa` } }, "cookie.domain"],
  [{ cookie: { sameSite: "lax" as "Lax" } }, "cookie.sameSite"],
  [{ cookie: { secure: "yes" as unknown as true } }, "cookie.secure"],
  [{ cookie: { secure: false, name: "__Host-a" } }, "cookie.secure"],
  [{ cookie: { secure: false, name: "__Secure-a" } }, "cookie.secure"],
  [{ cookie: { secure: false, sameSite: "None" } }, "cookie.secure"],
  [{ cookie: { secure: false, partitioned: true } }, "cookie.secure"],
];

for (const [options, name] of refused) {
  const shown = Deno.inspect(options, { compact: true, breakLength: Infinity })
    .slice(0, 80);
  Deno.test(`withSession() refuses ${shown} and names ${name}`, () => {
    const numeric = /ttl|maxLife|lock/i.test(name);
    const type = numeric ? RangeError : TypeError;
    const told = `Invalid session option ${name}: `;
    const request = new Request("http://localhost/");
    assertThrows(() => withSession(() => new Response(), options), type, told);
    assertThrows(() => freshSession(options), type, told);
    assertThrows(() => new Session(request, options), type, told);
  });
}

Deno.test("withSession() takes every option at its limits", () => {
  const allowed: SessionOptions[] = [
    { ttl: 0, maxLife: 1, absoluteTtl: 1 },
    { ttl: 2 ** 31 - 1, maxLife: 2 ** 31 - 1, absoluteTtl: 2 ** 31 - 1 },
    { lock: { timeout: 1, lease: 100, maxHold: 100, maxWaiting: 1 } },
    { prefix: ["x".repeat(1024)] },
    { cookie: { name: "x".repeat(4025) } },
    { cookie: { name: "!#$%&'*+-.^_`|~09azAZ" } },
    { cookie: { path: `/${"a".repeat(1023)}` } },
    { cookie: { domain: "a.example" } },
    { cookie: { sameSite: "None" } },
    { cookie: { sameSite: "None", partitioned: true, secure: true } },
    { cookie: { partitioned: true } },
  ];
  for (const options of allowed) withSession(() => new Response(), options);
});
