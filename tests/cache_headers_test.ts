import { assertEquals } from "@std/assert";
import { type Traces, withTraces } from "../src/response.ts";
import { created, read, unused } from "./traces.ts";

// The handler's Cache-Control, then that of the response when the session was
// read, and when it sets a cookie.
const cacheControl: [string | undefined, string, string][] = [
  [undefined, "private", "no-store"],
  ["no-store", "no-store, private", "no-store, private"],
  ["no-cache", "no-cache, private", "no-cache, private"],
  ["max-age=60", "max-age=60, private", "max-age=60, private"],
  ["private", "private", "private"],
  ["private, max-age=60", "max-age=60, private", "max-age=60, private"],
  ["public", "private", "private"],
  ["PUBLIC, Max-Age=60", "Max-Age=60, private", "Max-Age=60, private"],
  ["public,max-age=60", "max-age=60, private", "max-age=60, private"],
  ["s-maxage=60", "private", "private"],
  [
    "max-age=1,s-maxage=60, b",
    "max-age=1, b, private",
    "max-age=1, b, private",
  ],
  ['private="set-cookie, x"', "private", "private"],
  [
    'no-cache="a, public, b"',
    'no-cache="a, public, b", private',
    'no-cache="a, public, b", private',
  ],
  ['a="\\", public"', 'a="\\", public", private', 'a="\\", public", private'],
  ['a="open, public', 'a="open, public, private', 'a="open, public, private'],
  [
    "public-ish, publicly",
    "public-ish, publicly, private",
    "public-ish, publicly, private",
  ],
  ["s-maxage-x=1", "s-maxage-x=1, private", "s-maxage-x=1, private"],
  [", ,", "private", "private"],
];

for (const [own, whenRead, whenCreated] of cacheControl) {
  Deno.test(`withTraces() makes Cache-Control private when it was ${own}`, () => {
    const response = () =>
      new Response(
        null,
        own === undefined ? {} : { headers: { "cache-control": own } },
      );
    const header = (traces: Traces) =>
      withTraces(response(), traces).headers.get("cache-control");
    assertEquals(header(read), whenRead);
    assertEquals(header(created), whenCreated);
    assertEquals(header(unused), own ?? null);
  });
}

Deno.test("withTraces() adds Cookie to Vary when the session was used", () => {
  const table: [string | undefined, string][] = [
    [undefined, "Cookie"],
    ["Accept", "Accept, Cookie"],
    ["cookie", "cookie"],
    ["Accept, Cookie", "Accept, Cookie"],
    ["Cookie-Like", "Cookie-Like, Cookie"],
    ["*", "*"],
  ];
  for (const [own, expected] of table) {
    const response = new Response(
      null,
      own === undefined ? {} : { headers: { vary: own } },
    );
    assertEquals(withTraces(response, read).headers.get("vary"), expected);
  }
});
