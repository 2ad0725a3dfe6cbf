/** What the session did to the request. */
export interface Traces {
  /** Whether the answer depends on the session. */
  readonly used: boolean;
  /** Writes the session's `Set-Cookie`, where there is one. */
  readonly setCookie: ((headers: Headers) => void) | null;
  /** Whether the browser loses the session without that cookie. */
  readonly essential: boolean;
  /** The cookie's name. */
  readonly cookieName: string;
}

/** The response with the headers that the session calls for; the body streams on untouched. */
export function withTraces(response: Response, traces: Traces): Response {
  const { used, setCookie, essential, cookieName } = traces;
  if (!used && setCookie === null) return response;
  // An error has no headers, and a copy of an upgrade would not upgrade.
  if (response.type === "error" || response.status === 101) {
    if (!essential || response.type === "error") return response;
    throw new TypeError(
      "Cannot answer 101 Switching Protocols: the session has a new cookie, and an upgrade " +
        "cannot carry it. Create or regenerate the session in an ordinary request",
    );
  }
  if (setCookie === null) {
    try {
      keepPrivate(response.headers, { used, setsCookie: false });
      return response;
    } catch {
      // Its headers are immutable (redirects, fetch), so a copy gets them.
    }
  }
  // Always a copy for a cookie: a Response that the handler keeps for all must
  // not keep one user's.
  const copy = new Response(response.body, response);
  const { headers } = copy;
  if (setCookie !== null) {
    const others = headers.getSetCookie()
      .filter((cookie) => !cookie.startsWith(`${cookieName}=`));
    headers.delete("set-cookie");
    for (const cookie of others) headers.append("set-cookie", cookie);
    setCookie(headers);
  }
  keepPrivate(headers, { used, setsCookie: setCookie !== null });
  return copy;
}

/** Keeps the response from shared caches, and from those who carry another cookie. */
function keepPrivate(
  headers: Headers,
  { used, setsCookie }: { used: boolean; setsCookie: boolean },
): void {
  headers.set(
    "cache-control",
    cacheControl(headers.get("cache-control"), setsCookie),
  );
  if (used) addVary(headers);
}

/**
 * The handler's own directives, kept from shared caches (RFC 9111 §7.3: a
 * `Set-Cookie` alone does not inhibit caching; ASVS 14.2.2, 14.3.2).
 */
function cacheControl(own: string | null, setsCookie: boolean): string {
  if (own === null) return setsCookie ? "no-store" : "private";
  // Commas inside quoted strings do not separate.
  const directives = (own.match(/(?:[^,"]|"(?:\\.|[^"\\])*"?)+/g) ?? [])
    .map((directive) => directive.trim())
    .filter((directive) => directive !== "")
    .filter((directive) =>
      !/^(?:public|s-maxage|private)\b(?!-)/i.test(directive)
    );
  return [...directives, "private"].join(", ");
}

function addVary(headers: Headers): void {
  const own = headers.get("vary");
  const names = own?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  if (!names.includes("cookie") && !names.includes("*")) {
    headers.append("vary", "Cookie");
  }
}
