import { assertEquals } from "@std/assert";
import { Config } from "../src/config.ts";
import { cookieName, isSecure, readToken } from "../src/cookie.ts";
import { createToken, formatToken } from "../src/token.ts";

const token = createToken(1_750_000_000_000);
const value = formatToken(token);
const other = formatToken(createToken(1_750_000_000_000));
const config = new Config({});

function requestWith(cookie?: string): Request {
  const headers = cookie === undefined ? {} : { cookie };
  return new Request("https://a.example/", { headers });
}

// The Cookie header, and whether the token is found in it.
const headers: Record<string, [string | undefined, boolean]> = {
  "no header": [undefined, false],
  "an empty header": ["", false],
  "the cookie": [`__Host-session=${value}`, true],
  "the cookie among others": [`a=1; __Host-session=${value}; b=2`, true],
  "the cookie without spaces": [`a=1;__Host-session=${value};b=2`, true],
  "another cookie": [`other=${value}`, false],
  "the name without its prefix": [`session=${value}`, false],
  "a longer name": [`__Host-session2=${value}`, false],
  "a name that ends like it": [`x__Host-session=${value}`, false],
  "a name in another case": [`__host-session=${value}`, false],
  "the name as a value": [`a=__Host-session; b=${value}`, false],
  "no value": ["__Host-session=", false],
  "the name alone": ["__Host-session", false],
  "a malformed value": [`__Host-session=${value}x`, false],
  "the same cookie twice": [
    `__Host-session=${value}; __Host-session=${value}`,
    true,
  ],
  // Browsers do not see the prefix, so a neighbour may set it; some parsers do.
  "a name after a no-break space": [`\u00a0__Host-session=${value}`, false],
  "a name before white space": [`__Host-session\t=${value}`, false],
  "two cookies that differ": [
    `__Host-session=${value}; __Host-session=${other}`,
    false,
  ],
  "a malformed one and a good one": [
    `__Host-session=x; __Host-session=${value}`,
    true,
  ],
  "neighbours that no parser likes": [
    `=; =x; ;; a; __Host-session=${value}; "=\u00e9`,
    true,
  ],
  "an overlong header": [
    `a=${"x".repeat(65_536)}; __Host-session=${value}`,
    false,
  ],
};

for (const [what, [cookie, found]] of Object.entries(headers)) {
  Deno.test(`readToken() finds ${found ? "the" : "no"} token in ${what}`, () => {
    assertEquals(
      readToken(requestWith(cookie), config, true),
      found ? token : null,
    );
  });
}

Deno.test("cookieName() leaves the prefix out only on plain http to the own machine", () => {
  const secure = "__Host-session";
  const plain = "session";
  const table: [string, Record<string, string>, string][] = [
    ["https://a.example/", {}, secure],
    ["http://a.example/", {}, secure],
    ["https://localhost/", {}, secure],
    ["http://localhost/", {}, plain],
    ["http://localhost:8000/", {}, plain],
    ["http://LOCALHOST/", {}, plain],
    ["http://app.localhost/", {}, plain],
    ["http://127.0.0.1:8000/", {}, plain],
    ["http://127.1.2.3/", {}, plain],
    ["http://[::1]:8000/", {}, plain],
    ["http://[::2]/", {}, secure],
    ["http://128.0.0.1/", {}, secure],
    ["http://0.0.0.0/", {}, secure],
    ["http://192.168.0.1/", {}, secure],
    ["http://localhost.a.example/", {}, secure],
    ["http://notlocalhost/", {}, secure],
    ["http://127.0.0.1.a.example/", {}, secure],
    ["http://a.example/?http://localhost/", {}, secure],
    // A proxy on the same machine says that the browser came by https.
    ["http://localhost/", { "x-forwarded-proto": "https" }, secure],
    ["http://localhost/", { "x-forwarded-proto": "HTTPS, http" }, secure],
    ["http://localhost/", { "x-forwarded-proto": "http" }, plain],
    ["http://localhost/", { forwarded: "proto=https" }, secure],
    ["http://localhost/", { forwarded: 'for=1.2.3.4;proto="https"' }, secure],
    ["http://localhost/", { forwarded: "for=1.2.3.4, proto=https" }, secure],
    ["http://localhost/", { forwarded: "proto=http" }, plain],
  ];
  for (const [url, headers, name] of table) {
    const request = new Request(url, { headers });
    assertEquals(cookieName(config, isSecure(request, config)), name, url);
  }
});

Deno.test("cookieName() follows cookie.secure where it is given", () => {
  for (const url of ["https://a.example/", "http://localhost/"]) {
    const name = (secure: boolean) => {
      const config = new Config({ cookie: { secure } });
      return cookieName(config, isSecure(new Request(url), config));
    };
    assertEquals(name(true), "__Host-session");
    assertEquals(name(false), "session");
  }
});
