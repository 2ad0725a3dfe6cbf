import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { ulid } from "@std/ulid";

/** What the cookie holds: the public id, and the secret that proves it. */
export class Token {
  /** A ULID: public, sortable, fit for keys and logs. */
  readonly id: string;
  /** 32 random bytes in base64url. Never stored, logged or put in an error. */
  readonly secret: string;
  #digest: Uint8Array | undefined;

  constructor(id: string, secret: string) {
    this.id = id;
    this.secret = secret;
  }

  /** The SHA-256 of the secret, made when it is first asked for. */
  get digest(): Uint8Array {
    return this.#digest ??= digestSecret(this.secret);
  }
}

// A ULID as the server writes it, a dot, and 43 characters of base64url.
const format = /^[0-7][0-9A-HJKMNP-TV-Z]{25}\.[A-Za-z0-9_-]{43}$/;
const idLength = 26;

/** Makes a token with a secret of 256 random bits (ASVS 7.2.3). */
export function createToken(now: number): Token {
  return new Token(ulid(now), randomBytes(32).toString("base64url"));
}

/** Reads a cookie's value; `null` unless it is exactly of the format (ASVS 2.2.1). */
export function parseToken(value: string): Token | null {
  if (!format.test(value)) return null;
  return new Token(value.slice(0, idLength), value.slice(idLength + 1));
}

/** Writes a token as the cookie's value. */
export function formatToken({ id, secret }: Token): string {
  return `${id}.${secret}`;
}

/**
 * The SHA-256 of the secret as it stands in the cookie (ASVS 11.4.1). It is
 * all that is stored of the secret; being random, it needs no salt.
 *
 * `node:crypto` works on the spot, where Web Crypto would send 43 bytes to
 * another thread and back, which takes longer than the hash.
 */
export function digestSecret(secret: string): Uint8Array {
  return new Uint8Array(hash("sha256", secret, "buffer"));
}

/** Compares two digests in a time that does not tell where they differ (ASVS 11.2.4). */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
