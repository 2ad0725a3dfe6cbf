/** What the session did to the request. */
export interface Traces {
  /** Whether the answer depends on the session. */
  readonly used: boolean;
  /** Writes the session's `Set-Cookie`, where there is one. */
  readonly setCookie: ((headers: Headers) => void) | null;
  /** The cookie's name. */
  readonly cookieName: string;
}

/** The response with the headers that the session calls for; the body streams on untouched. */
export function withTraces(response: Response, traces: Traces): Response {
  const { used, setCookie, cookieName } = traces;
  if (!used && setCookie === null) return response;
  // An error has no headers, and a copy of an upgrade would not upgrade.
  if (response.type === "error" || response.status === 101) {
    if (setCookie === null || response.type === "error") return response;
    throw new TypeError(
      "Cannot answer 101 Switching Protocols: the session has a new cookie, and an upgrade " +
        "cannot carry it. Create or regenerate the session in an ordinary request",
    );
  }
  // Always a copy: the handler's headers may be immutable (redirects, fetch), and
  // a Response that it keeps for all must not keep one user's cookie.
  const copy = new Response(response.body, response);
  const { headers } = copy;
  if (setCookie !== null) {
    const others = headers.getSetCookie()
      .filter((cookie) => !cookie.startsWith(`${cookieName}=`));
    headers.delete("set-cookie");
    for (const cookie of others) headers.append("set-cookie", cookie);
    setCookie(headers);
  }
  headers.set(
    "cache-control",
    cacheControl(headers.get("cache-control"), setCookie !== null),
  );
  if (used) addVary(headers);
  return copy;
}

/**
 * The handler's own directives, kept from shared caches (RFC 9111 §7.3: a
 * `Set-Cookie` alone does not inhibit caching; ASVS 14.2.2, 14.3.2).
 */
function cacheControl(own: string | null, setsCookie: boolean): string {
  // Commas inside quoted strings do not separate.
  const directives = (own?.match(/(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g) ?? [])
    .map((directive) => directive.trim())
    .filter((directive) => directive !== "")
    .filter((directive) =>
      !/^(?:public|s-maxage|private)\b(?!-)/i.test(directive)
    );
  if (directives.length === 0 && own === null && setsCookie) return "no-store";
  return [...directives, "private"].join(", ");
}

function addVary(headers: Headers): void {
  const names = (headers.get("vary") ?? "").split(",").map((name) =>
    name.trim().toLowerCase()
  );
  if (!names.includes("cookie") && !names.includes("*")) {
    headers.append("vary", "Cookie");
  }
}
