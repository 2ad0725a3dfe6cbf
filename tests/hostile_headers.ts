/** The cookie's name over https. */
export const name = "__Host-session";

/**
 * Headers in which there is no session, with whether they hold a well-formed
 * token nonetheless. Both tokens are of stored sessions.
 */
export function hostileHeaders(
  token: string,
  other: string,
): [what: string, header: string, wellFormed?: true][] {
  const own = `${name}=${token}`;
  const [id = "", secret = ""] = token.split(".");
  const [otherId = "", otherSecret = ""] = other.split(".");
  const value = (text: string) => `${name}=${text}`;
  const lastOf = secret.at(-1) === "A" ? "E" : "A";
  return [
    ["empty", ""],
    ["only separators", ";;; ; ;;"],
    ["only equals signs", "===;==;="],
    ["a name alone", name],
    ["a name and =", value("")],
    ["= before the name", `=${own}`],
    ["a dot", value(".")],
    ["the id alone", value(id)],
    ["the id and a dot", value(`${id}.`)],
    ["the secret alone", value(secret)],
    ["the secret first", value(`${secret}.${id}`)],
    ["two dots", value(`${id}..${secret}`)],
    ["a third part", value(`${token}.x`)],
    ["one character less", value(token.slice(0, -1))],
    ["one character more", value(`${token}A`)],
    ["the first character missing", value(token.slice(1))],
    ["the token twice in one value", value(`${token}${token}`)],
    ["two tokens with a comma", value(`${token},${token}`)],
    ["lower case", value(token.toLowerCase())],
    ["the id in lower case", value(`${id.toLowerCase()}.${secret}`)],
    ["an id that is out of range", value(`8${id.slice(1)}.${secret}`)],
    ["a letter that a ULID has not", value(`${id.slice(0, -1)}I.${secret}`)],
    ["padding", value(`${token}=`)],
    ["base64 instead of base64url", value(`${id}.${"+/".repeat(21)}A`)],
    ["quotes", value(`"${token}"`)],
    ["one quote", value(`"${token}`)],
    ["a space before the value", value(` ${token}`)],
    ["a space before =", `${name} =${token}`],
    ["a space in the value", value(token.replace(".", ". "))],
    ["a percent-encoded dot", value(`${id}%2E${secret}`)],
    ["a percent-encoded name", `__Host%2Dsession=${token}`],
    ["percent-encoded zeros", value(`${id}%00.${secret}`)],
    ["broken percent-encoding", value("%%%")],
    ["non-ASCII", value("\xe9".repeat(70))],
    ["full-width digits as bytes", value(`${id}.${"\xef\xbc\x91".repeat(43)}`)],
    ["control characters", value(`${id}.\x01\x02\x7f${secret.slice(3)}`)],
    ["markup", value("<script>alert(1)</script>")],
    ["a path", value("../../../etc/passwd")],
    ["JSON", value('{"id":1}')],
    ["__proto__", value("__proto__")],
    ["a cookie named __proto__", `__proto__=${token}`],
    ["another case of the name", `__host-session=${token}`],
    ["the name without its prefix", `session=${token}`],
    ["another prefix", `__Secure-session=${token}`],
    ["a longer name", `${name}s=${token}`],
    ["a name that ends with it", `x${name}=${token}`],
    ["a name in brackets", `${name}[]=${token}`],
    ["the name as a value", `a=${own}`],
    ["the pair in quotes", `a="; ${name}"=${token}`],
    ["a comma as separator", `a=b, ${own}`],
    // Browsers take these for names without a prefix, which any neighbour may set.
    ["a no-break space before the name", `\xa0${own}`],
    ["a no-break space after the name", `${name}\xa0=${token}`],
    ["a vertical tab before the name", `a=b;\x0b${own}`],
    ["a form feed before the name", `a=b;\x0c${own}`],
    ["attributes of the old RFC", `$Version=1; $${own}`],
    ["two different ones", `${own}; ${value(other)}`],
    ["two different ones, far apart", `${own}; a=b; c=d; ${value(other)}`],
    ["two secrets of one id", `${own}; ${value(`${id}.${otherSecret}`)}`],
    ["5,000 bytes", value("A".repeat(5000))],
    ["3,000 ill-formed ones", `${value("x")}; `.repeat(3000)],
    ["70,000 bytes before it", `a=${"x".repeat(70_000)}; ${own}`],
    ["70,000 bytes after it", `${own}; a=${"x".repeat(70_000)}`],
    ["an unknown id", value(`01JZ8Q4V5X6Y7Z8A9BACDEFGHJ.${secret}`), true],
    ["zeros", value(`${"0".repeat(26)}.${"0".repeat(43)}`), true],
    ["a wrong secret", value(`${id}.${"A".repeat(43)}`), true],
    [
      "a secret with another end",
      value(`${id}.${secret.slice(0, -1)}${lastOf}`),
      true,
    ],
    [
      "a secret in another case",
      value(`${id}.${secret.toLowerCase()}`),
      true,
    ],
    [
      "a secret backwards",
      value(`${id}.${[...secret].reverse().join("")}`),
      true,
    ],
    ["the secret of another session", value(`${id}.${otherSecret}`), true],
    ["the id of another session", value(`${otherId}.${secret}`), true],
  ];
}

/** A header made of noise, of real tokens, or of what is left of them. */
export function mutated(
  next: () => number,
  token: string,
  other: string,
): string {
  const upTo = (n: number) => Math.floor(next() * n);
  const byte = () => {
    // What a header cannot hold is left to the server to refuse.
    const code = upTo(256);
    return [0, 10, 13].includes(code) ? ";" : String.fromCharCode(code);
  };
  const piece = () => {
    const pieces = [name, "=", ";", "; ", " ", ".", token, other, byte()];
    return pieces[upTo(pieces.length)]!;
  };
  const many = (times: number, part: () => string) =>
    Array.from({ length: times }, part).join("");
  switch (upTo(5)) {
    case 0:
      return many(upTo(100), byte);
    case 1:
      return many(upTo(12), piece);
    case 2: // Characters changed, put in or taken out.
      return many(1 + upTo(3), () => "x").split("").reduce((text) => {
        const at = upTo(text.length);
        return text.slice(0, at) + (next() < 0.7 ? byte() : "") +
          text.slice(at + upTo(2));
      }, `a=b; ${name}=${token}; c=d`);
    case 3: // One character of the token made another that fits.
      return `${name}=${swapped(upTo, token)}; ${many(upTo(4), piece)}`;
    default:
      return `${name}=${token}; ${name}=${other}`.slice(0, upTo(180));
  }
}

function swapped(upTo: (n: number) => number, token: string): string {
  const at = upTo(token.length);
  const fits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  return token.slice(0, at) + fits[upTo(fits.length)] + token.slice(at + 1);
}
