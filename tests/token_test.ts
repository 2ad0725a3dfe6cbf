import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  createToken,
  digestSecret,
  formatToken,
  parseToken,
  sameDigest,
} from "../src/token.ts";

const id = "01JXQ4Z0E8G6V2K9T5R3N7B1AC";
const secret = "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE";

Deno.test("createToken() makes a ULID of the instant and 32 random bytes", () => {
  const token = createToken(Date.UTC(2025, 5, 15));
  assertMatch(token.id, /^01JXRE5J00[0-9A-HJKMNP-TV-Z]{16}$/);
  const later = createToken(Date.UTC(2025, 5, 15) + 1);
  assertMatch(later.id, /^01JXRE5J01/);
  const base64 = token.secret.replaceAll("-", "+").replaceAll("_", "/");
  assertEquals(atob(base64).length, 32);
});

Deno.test("createToken() makes ids and secrets that do not follow from each other", () => {
  const tokens = Array.from({ length: 200 }, () => createToken(0));
  assertEquals(new Set(tokens.map(({ id }) => id)).size, 200);
  assertEquals(new Set(tokens.map(({ secret }) => secret)).size, 200);
  // A monotonic id would count up within a millisecond.
  const sorted = tokens.map(({ id }) => id).sort();
  assert(tokens.some(({ id }, i) => id !== sorted[i]));
});

Deno.test("parseToken() reads what formatToken() wrote", () => {
  for (let i = 0; i < 200; i++) {
    const token = createToken(i * 1e9);
    assertEquals(parseToken(formatToken(token)), token);
  }
  const token = parseToken(`${id}.${secret}`)!;
  assertEquals([token.id, token.secret], [id, secret]);
  assertEquals(token.digest, digestSecret(secret));
});

const malformed: Record<string, string> = {
  "nothing": "",
  "a dot": ".",
  "an id alone": id,
  "no secret": `${id}.`,
  "no id": `.${secret}`,
  "another separator": `${id}-${secret}`,
  "two separators": `${id}..${secret}`,
  "a lowercase id": `${id.toLowerCase()}.${secret}`,
  "a letter that no ULID has": `${id.slice(0, -1)}U.${secret}`,
  "an I for a 1": `${id.slice(0, -1)}I.${secret}`,
  "an id too late for a ULID": `8${id.slice(1)}.${secret}`,
  "a short id": `${id.slice(1)}.${secret}`,
  "a long id": `0${id}.${secret}`,
  "a short secret": `${id}.${secret.slice(1)}`,
  "a long secret": `${id}.${secret}A`,
  "padding": `${id}.${secret.slice(1)}=`,
  "base64 that is not base64url": `${id}.${secret.slice(1)}+`,
  "a space before": ` ${id}.${secret}`,
  "a space after": `${id}.${secret} `,
  "a line feed after": `${id}.${secret}\n`,
  "a NUL inside": `${id}.${secret.slice(1)}\0`,
  "letters that look alike": `${id}.${secret.slice(1)}А`,
  "a digit of another script": `${id.slice(0, -1)}١.${secret}`,
  "quotes": `"${id}.${secret}"`,
  "percent encoding": `${id}%2E${secret}`,
  "two tokens": `${id}.${secret}${id}.${secret}`,
};

for (const [what, value] of Object.entries(malformed)) {
  Deno.test(`parseToken() is null for ${what}`, () => {
    assertEquals(parseToken(value), null);
  });
}

Deno.test("parseToken() is null for every cut and every other length", () => {
  const value = `${id}.${secret}`;
  for (let length = 0; length < value.length; length++) {
    assertEquals(parseToken(value.slice(0, length)), null);
    assertEquals(parseToken(value.slice(value.length - length)), null);
  }
  assertEquals(parseToken("A".repeat(100_000)), null);
});

Deno.test("digestSecret() is the SHA-256 of the secret as it stands in the cookie", () => {
  // printf %s 'abc' | sha256sum
  const digest = digestSecret("abc");
  assertEquals(
    [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("sameDigest() tells digests apart wherever they differ", () => {
  const digest = digestSecret(secret);
  assert(sameDigest(digest, digest.slice()));
  for (let i = 0; i < digest.length; i++) {
    const other = digest.slice();
    other[i]! ^= 1 << (i % 8);
    assertEquals(sameDigest(digest, other), false);
  }
});

Deno.test("sameDigest() tells digests of different lengths apart", () => {
  const digest = digestSecret(secret);
  assertEquals(sameDigest(digest, digest.subarray(1)), false);
  assertEquals(sameDigest(digest.subarray(0, 31), digest), false);
  assertEquals(sameDigest(digest, new Uint8Array()), false);
  assertEquals(sameDigest(new Uint8Array(), digest), false);
  assertEquals(sameDigest(new Uint8Array(32), new Uint8Array(33)), false);
});
