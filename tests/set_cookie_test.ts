import { assert, assertEquals } from "@std/assert";
import type { CookieOptions } from "@aerys/session";
import { Config } from "../src/config.ts";
import { isSecure, writeCookie } from "../src/cookie.ts";

/** Writes the cookie for a request. */
function write(
  headers: Headers,
  request: Request,
  config: Config,
  value: string,
  maxAge?: number,
): void {
  const secure = isSecure(request, config);
  writeCookie(headers, request, config, secure, { value, maxAge });
}

/** The attributes of the one cookie that is written, in the order of the alphabet. */
function written(write: (headers: Headers) => void): string[] {
  const headers = new Headers();
  write(headers);
  const cookies = headers.getSetCookie();
  assertEquals(cookies.length, 1);
  return cookies[0]!.split("; ").sort();
}

const always = ["HttpOnly", "Path=/", "SameSite=Lax"];

// Options, the request's URL, and the cookie that is written.
const attributes: [CookieOptions, string, string[]][] = [
  [{}, "https://a.example/", [...always, "Secure", "__Host-session=v"]],
  [{}, "http://localhost/", [...always, "session=v"]],
  [{ secure: true }, "http://localhost/", [
    ...always,
    "Secure",
    "__Host-session=v",
  ]],
  [{ secure: false }, "https://a.example/", [...always, "session=v"]],
  [{ name: "id" }, "https://a.example/", [...always, "Secure", "id=v"]],
  [{ path: "/app" }, "https://a.example/", [
    "HttpOnly",
    "Path=/app",
    "SameSite=Lax",
    "Secure",
    "__Secure-session=v",
  ]],
  [{ domain: "a.example" }, "https://b.a.example/", [
    ...always,
    "Domain=a.example",
    "Secure",
    "__Secure-session=v",
  ]],
  [{ sameSite: "Strict" }, "https://a.example/", [
    "HttpOnly",
    "Path=/",
    "SameSite=Strict",
    "Secure",
    "__Host-session=v",
  ]],
  [{ sameSite: "None", partitioned: true }, "https://a.example/", [
    "HttpOnly",
    "Partitioned",
    "Path=/",
    "SameSite=None",
    "Secure",
    "__Host-session=v",
  ]],
  // Both need Secure, so on plain http the browser would drop the cookie.
  [{ sameSite: "None", partitioned: true }, "http://localhost/", [
    ...always,
    "session=v",
  ]],
];

for (const [cookie, url, expected] of attributes) {
  Deno.test(`writeCookie() to ${url} with ${JSON.stringify(cookie)}`, () => {
    const config = new Config({ cookie });
    const request = new Request(url);
    for (let i = 0; i < 2; i++) {
      assertEquals(
        written((headers) => write(headers, request, config, "v")),
        [...expected].sort(),
      );
    }
    assertEquals(
      written((headers) => write(headers, request, config, "v", 60)),
      [...expected, "Max-Age=60"].sort(),
    );
    // What it deletes has the attributes of what it set.
    assertEquals(
      written((headers) => write(headers, request, config, "", 0)),
      [...expected, "Max-Age=0"].map((part) => part.replace(/=v$/, "=")).sort(),
    );
  });
}

Deno.test("writeCookie() leaves the handler's own cookies alone", () => {
  const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"]]);
  const request = new Request("https://a.example/");
  write(headers, request, new Config({}), "v");
  const cookies = headers.getSetCookie();
  assertEquals([cookies.length, cookies[0], cookies[1]], [3, "a=1", "b=2"]);
});

/** What the console is warned of meanwhile. */
function warnings(run: () => void): string[] {
  const given: string[] = [];
  const { warn } = console;
  console.warn = (...parts: unknown[]) => given.push(parts.join(" "));
  try {
    run();
  } finally {
    console.warn = warn;
  }
  return given;
}

Deno.test("writeCookie() warns once that browsers will not keep the cookie on plain http", () => {
  const config = new Config({});
  const request = new Request("http://a.example/?query");
  const given = warnings(() => {
    for (let i = 0; i < 3; i++) {
      write(new Headers(), request, config, "private");
    }
  });
  assertEquals(given.length, 1);
  assert(given[0]!.includes("a.example"));
  assert(given[0]!.includes("cookie: { secure: true }"));
  assert(!given[0]!.includes("query"));
  assert(!given[0]!.includes("private"));
});

Deno.test("writeCookie() does not warn where the browser keeps the cookie, or all is said", () => {
  const table: [CookieOptions, string, Record<string, string>][] = [
    [{}, "https://a.example/", {}],
    [{}, "http://localhost/", {}],
    [{}, "http://a.example/", { "x-forwarded-proto": "https" }],
    [{}, "http://a.example/", { forwarded: "proto=https" }],
    [{ secure: true }, "http://a.example/", {}],
    [{ secure: false }, "http://a.example/", {}],
  ];
  for (const [cookie, url, headers] of table) {
    const request = new Request(url, { headers });
    const given = warnings(() =>
      write(new Headers(), request, new Config({ cookie }), "v")
    );
    assertEquals(given, [], url);
  }
});
