/**
 * AN EXAMPLE'S STAND-IN for a user store, with one user in memory. What to keep
 * of it: a slow hash with a salt, a comparison in constant time, and the same
 * work for a name that does not exist.
 *
 * @module
 */
import { timingSafeEqual } from "node:crypto";

interface User {
  readonly salt: Uint8Array<ArrayBuffer>;
  readonly hash: Uint8Array;
}

const iterations = 600_000; // OWASP Password Storage Cheat Sheet, for PBKDF2
const users = new Map<string, User>([["ada", await user("enchantress")]]);
const nobody = await user(crypto.randomUUID());

/** Whether there is such a user with such a password; takes as long when not. */
export async function passwordMatches(
  name: string,
  password: string,
): Promise<boolean> {
  const { salt, hash } = users.get(name) ?? nobody;
  return timingSafeEqual(hash, await derive(password, salt));
}

async function user(password: string): Promise<User> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  return { salt, hash: await derive(password, salt) };
}

async function derive(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, [
    "deriveBits",
  ]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 256));
}
