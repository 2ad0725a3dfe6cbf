import { Session, type SessionOptions } from "@aerys/session";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Browser, browserWith, count, increment, testKv } from "./support.ts";

const url = "https://shop.example/";

/** The headers of a response to a request that creates a session. */
async function headersOf(
  options: SessionOptions,
  own: HeadersInit = {},
): Promise<Headers> {
  using kv = await testKv();
  const { response } = await new Browser({ ...options, kv }, url).exchange(
    increment,
    () => new Response("ok", { headers: own }),
  );
  return response.headers;
}

async function cookieOf(options: SessionOptions): Promise<string[]> {
  const headers = await headersOf(options);
  assertEquals(headers.getSetCookie().length, 1);
  return headers.getSetCookie()[0]!.split("; ");
}

Deno.test("ASVS 2.2.1 a cookie value that is not exactly of the format never reaches the database", async () => {
  using kv = await testKv();
  const { token } = await browserWith({ kv }, { count: 1 }, url);
  const values = ["", "1", `${token}A`, ` ${token}`, token!.toLowerCase()];
  for (const value of [...values, `"${token}"`, "../x", "' OR 1=1 --"]) {
    kv.reset();
    const headers = { cookie: `__Host-session=${value}` };
    const session = new Session(new Request(url, { headers }), { kv });
    await (await session.read()).open();
    assertEquals([kv.calls.length, session.size], [0, 0], value);
  }
});

Deno.test("ASVS 3.3.1 the cookie is Secure, and its name begins with __Host- or else with __Secure-", async () => {
  const hostOnly = await cookieOf({});
  assertMatch(hostOnly[0]!, /^__Host-session=/);
  assert(hostOnly.includes("Secure"));
  for (const cookie of [{ domain: "shop.example" }, { path: "/app" }]) {
    const shared = await cookieOf({ cookie });
    assertMatch(shared[0]!, /^__Secure-session=/);
    assert(shared.includes("Secure"));
  }
});

Deno.test("ASVS 3.3.2 the cookie says SameSite, which is Lax unless set otherwise", async () => {
  assert((await cookieOf({})).includes("SameSite=Lax"));
  for (const sameSite of ["Strict", "Lax", "None"] as const) {
    const attributes = await cookieOf({ cookie: { sameSite } });
    assert(attributes.includes(`SameSite=${sameSite}`));
  }
});

Deno.test("ASVS 3.3.3 a __Host- cookie has the path / and no domain, and nothing else can be configured", async () => {
  const attributes = await cookieOf({});
  assert(attributes.includes("Path=/"));
  assert(!attributes.some((attribute) => /^domain/i.test(attribute)));
  const name = "__Host-session";
  for (const other of [{ domain: "shop.example" }, { path: "/app" }]) {
    assertThrows(
      () => new Session(new Request(url), { cookie: { name, ...other } }),
      TypeError,
      name,
    );
  }
});

Deno.test("ASVS 3.3.4 the cookie is HttpOnly, and its value stands nowhere else in the response", async () => {
  using kv = await testKv();
  const browser = new Browser({ kv }, url);
  const { response } = await browser.exchange(increment);
  const cookies = response.headers.getSetCookie();
  assert(cookies.every((cookie) => cookie.split("; ").includes("HttpOnly")));
  const headers = [...response.headers].filter(([name]) =>
    name !== "set-cookie"
  );
  const rest = JSON.stringify(headers) + response.url + await response.text();
  for (const part of browser.token!.split(".")) assert(!rest.includes(part));
});

Deno.test("ASVS 3.3.5 a cookie whose name and value exceed 4096 bytes is refused when it is configured", async () => {
  const name = (length: number) => "n".repeat(length);
  const longest = 4096 - 71;
  const [pair] = await cookieOf({ cookie: { name: name(longest) } });
  assertEquals(pair!.length, 4096);
  assertThrows(
    () =>
      new Session(new Request(url), { cookie: { name: name(longest + 1) } }),
    TypeError,
    "4096",
  );
});

Deno.test("ASVS 4.2.5 an over-long Cookie header is ignored, and the request does not fail", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 }, url);
  browser.cookies.set("padding", "x".repeat(70_000));
  kv.reset();
  assertEquals(await browser.visit(count), null);
  assertEquals(kv.calls.length, 0);
});

Deno.test("ASVS 14.2.1 no token is taken from a URL, a body or another header", async () => {
  using kv = await testKv();
  const { token } = await browserWith({ kv }, { count: 1 }, url);
  kv.reset();
  const pair = `__Host-session=${token}`;
  const requests = [
    new Request(`${url}?${pair}`),
    new Request(`${url};${pair}/#${pair}`),
    new Request(url, { method: "POST", body: new URLSearchParams(pair) }),
    new Request(url, { headers: { authorization: `Bearer ${token}` } }),
    new Request(url, { headers: { "set-cookie": pair, "x-session": token! } }),
  ];
  for (const request of requests) {
    const session = await new Session(request, { kv }).read();
    assertEquals([session.size, kv.calls.length], [0, 0], request.url);
  }
});

Deno.test("ASVS 14.2.2 no shared cache may store a response that depends on the session", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 }, url);
  const cacheControl = "public, s-maxage=600, max-age=60";
  const { response } = await browser.exchange(
    count,
    () => new Response("1", { headers: { "cache-control": cacheControl } }),
  );
  const { headers } = response;
  assertEquals(headers.get("cache-control"), "max-age=60, private");
  assertEquals(headers.get("vary"), "Cookie");
  const setting = await headersOf({}, { "cache-control": cacheControl });
  assertEquals(setting.get("cache-control"), "max-age=60, private");
});

Deno.test("ASVS 14.3.2 a response that sets the cookie is not stored by any cache", async () => {
  const headers = await headersOf({});
  assertEquals(headers.getSetCookie().length, 1);
  assertEquals(headers.get("cache-control"), "no-store");
});

Deno.test("ASVS 14.3.1 destroy() deletes the cookie, and leaves Clear-Site-Data to the application", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 }, url);
  const { response } = await browser.exchange(
    async (session) => {
      await session.open();
      await session.destroy();
    },
    () => new Response("", { headers: { "clear-site-data": '"cookies"' } }),
  );
  const { headers } = response;
  assertEquals(browser.cookies.size, 0);
  assertEquals(headers.get("clear-site-data"), '"cookies"');
});
