import { setCookie } from "@std/http/cookie";
import type { Config } from "./config.ts";
import { parseToken, type Token } from "./token.ts";

// Longer headers are ignored (ASVS 4.2.5); browsers send 4096 bytes a cookie.
const maxHeaderLength = 64 * 1024;

/**
 * The token that the request carries; `null` when there is none. What is not
 * well-formed is none either, and neither are two that differ: one of them was
 * planted, and nobody can tell which. Then `onMalformed` is called.
 */
export function readToken(
  request: Request,
  config: Config,
  secure: boolean,
  onMalformed: () => void = () => {},
): Token | null {
  const header = request.headers.get("cookie");
  if (header === null || header.length > maxHeaderLength) return null;
  const start = `${cookieName(config, secure)}=`;
  if (!header.includes(start)) return null;
  let found: Token | null = null;
  let malformed = false;
  for (const part of header.split(";")) {
    if (!part.includes(start)) continue;
    const pair = trimmed(part);
    if (!pair.startsWith(start)) continue;
    const token = parseToken(pair.slice(start.length));
    if (token === null) {
      malformed = true;
      continue;
    }
    if (
      found !== null && (token.id !== found.id || token.secret !== found.secret)
    ) {
      onMalformed();
      return null;
    }
    found = token;
  }
  if (found === null && malformed) onMalformed();
  return found;
}

/**
 * Without spaces and tabs around it, and no more than these: `trim()` takes
 * other white space, too, so that a name that browsers do not see as `__Host-`
 * would pass for one.
 */
function trimmed(text: string): string {
  const isBlank = (at: number) => text[at] === " " || text[at] === "\t";
  let start = 0;
  let end = text.length;
  while (isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, end);
}

/**
 * Appends a `Set-Cookie` with the value, for `maxAge` seconds or until the
 * browser ends. An empty value for 0 seconds deletes the cookie; browsers want
 * the attributes for that with which it was set.
 */
export function writeCookie(
  headers: Headers,
  request: Request,
  config: Config,
  secure: boolean,
  { value, maxAge }: { value: string; maxAge: number | undefined },
): void {
  const { path, domain, sameSite, partitioned } = config.cookie;
  if (secure) warnOfPlainHttp(request, config);
  // A fresh object for each call: the writer changes what it is given.
  setCookie(headers, {
    name: cookieName(config, secure),
    value,
    path,
    secure,
    httpOnly: true, // ASVS 3.3.4
    // Browsers refuse None and Partitioned without Secure.
    sameSite: !secure && sameSite === "None" ? "Lax" : sameSite,
    ...(domain === undefined ? {} : { domain }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(secure && partitioned ? { unparsed: ["Partitioned"] } : {}),
  });
}

/** The cookie's name, by whether it is `Secure`. */
export function cookieName({ cookie }: Config, secure: boolean): string {
  return secure ? cookie.secureName : cookie.plainName;
}

/** Whether the cookie is `Secure` for this request. */
export function isSecure(request: Request, { cookie }: Config): boolean {
  return cookie.secure ?? !isPlainLoopback(request);
}

// What a Request shows of a URL is normalized, and has no user name in it.
const plainLoopback =
  /^http:\/\/(?:(?:[^/:]+\.)?localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?\//;

/** Whether the browser speaks plain http to its own machine. */
function isPlainLoopback(request: Request): boolean {
  return plainLoopback.test(request.url) && !isForwardedHttps(request);
}

/**
 * Whether a proxy says that the browser speaks https. It is believed, because
 * a client that lies about itself only gets a cookie that it cannot use.
 */
function isForwardedHttps({ headers }: Request): boolean {
  return /^https\b/i.test(headers.get("x-forwarded-proto") ?? "") ||
    /(?:^|[;,\s])proto="?https\b/i.test(headers.get("forwarded") ?? "");
}

function warnOfPlainHttp(request: Request, config: Config): void {
  if (
    config.warned || config.cookie.secure !== undefined ||
    !request.url.startsWith("http://") || isForwardedHttps(request)
  ) return;
  config.warned = true;
  console.warn(
    `The session cookie is Secure, but a request came over plain http to ` +
      `${
        new URL(request.url).hostname
      }. Behind a TLS proxy that is right: set ` +
      `cookie: { secure: true } to say so. Without one, browsers will not keep ` +
      `the cookie: use https, or http://localhost on this machine, or ` +
      `cookie: { secure: false } at your own risk.`,
  );
}
