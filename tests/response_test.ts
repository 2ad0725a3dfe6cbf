import { assert, assertEquals, assertThrows } from "@std/assert";
import { withTraces } from "../src/response.ts";
import { created, read, unused } from "./traces.ts";

Deno.test("withTraces() gives the very response when there is nothing to tell", () => {
  const response = new Response();
  assert(withTraces(response, unused) === response);
});

Deno.test("withTraces() keeps status, headers and body", async () => {
  const response = new Response("text", {
    status: 418,
    statusText: "I'm a teapot",
    headers: { "x-own": "kept", "content-type": "text/x-own" },
  });
  const copy = withTraces(response, created);
  assertEquals([copy.status, copy.statusText], [418, "I'm a teapot"]);
  assertEquals(copy.headers.get("x-own"), "kept");
  assertEquals(copy.headers.get("content-type"), "text/x-own");
  assertEquals(await copy.text(), "text");
});

Deno.test("withTraces() keeps the handler's own cookies, all of them", () => {
  const response = new Response();
  response.headers.append("set-cookie", "a=1; Path=/");
  response.headers.append(
    "set-cookie",
    "b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
  );
  response.headers.append("set-cookie", "ss=3");
  assertEquals(withTraces(response, created).headers.getSetCookie(), [
    "a=1; Path=/",
    "b=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    "ss=3",
    "s=1",
  ]);
});

Deno.test("withTraces() leaves no second cookie of the session's name", () => {
  const response = new Response();
  response.headers.append("set-cookie", "s=old");
  response.headers.append("set-cookie", "a=1");
  assertEquals(withTraces(response, created).headers.getSetCookie(), [
    "a=1",
    "s=1",
  ]);
  assertEquals(withTraces(response, read).headers.getSetCookie(), [
    "s=old",
    "a=1",
  ]);
});

Deno.test("withTraces() puts headers on responses whose own are immutable", () => {
  const redirect = withTraces(
    Response.redirect("http://localhost/next", 303),
    created,
  );
  assertEquals(redirect.status, 303);
  assertEquals(redirect.headers.get("location"), "http://localhost/next");
  assertEquals(redirect.headers.getSetCookie(), ["s=1"]);
});

Deno.test("withTraces() puts headers on the response of a fetch()", async () => {
  const fetched = await fetch("data:text/plain,hello");
  assertThrows(() => fetched.headers.set("x-own", "1"), TypeError);
  const copy = withTraces(fetched, created);
  assertEquals(copy.headers.getSetCookie(), ["s=1"]);
  assertEquals(await copy.text(), "hello");
});

Deno.test("withTraces() passes Response.error() on untouched", () => {
  const error = Response.error();
  assert(withTraces(error, created) === error);
  assert(withTraces(error, read) === error);
});

for (const status of [204, 205, 304]) {
  Deno.test(`withTraces() copies a ${status}, which has no body`, () => {
    const copy = withTraces(new Response(null, { status }), created);
    assertEquals([copy.status, copy.body], [status, null]);
    assertEquals(copy.headers.getSetCookie(), ["s=1"]);
  });
}

Deno.test("withTraces() passes an upgrade on untouched, and refuses it a cookie", () => {
  const upgrade = new Response(null, { status: 101 });
  assert(withTraces(upgrade, read) === upgrade);
  assertThrows(() => withTraces(upgrade, created), TypeError, "101");
});
