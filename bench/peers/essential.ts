import { decodeContents, encodeContents } from "../../src/data.ts";
import {
  createToken,
  formatToken,
  parseToken,
  sameDigest,
  type Token,
} from "../../src/token.ts";
import { Values } from "../../src/values.ts";
import { type Contender, type Ground, inProcess, ttl } from "../contender.ts";

const expireIn = ttl * 1000;
const owner = new Uint8Array(31);
const none = new Map<string, unknown>();

/**
 * The bare calls, with the work that a session cannot do without either: the
 * secret is hashed and compared, values are checked and encoded as bytes, and
 * the answer is kept out of caches; what can be done while KV is at work is
 * done then. Between this and the library lie its states, its line and its care
 * for all that can go wrong.
 */
export function essential(
  name: string,
  { kv, values }: Ground,
): Contender {
  const tokenOf = (request: Request) =>
    parseToken(request.headers.get("cookie")!.slice("id=".length))!;

  const encode = ({ digest }: Token, values: Values) => {
    const payload = encodeContents({ values, flash: none });
    const bytes = new Uint8Array(32 + payload.length);
    bytes.set(digest);
    bytes.set(payload, 32);
    return bytes;
  };
  const mustMatch = ({ digest }: Token, bytes: Uint8Array) => {
    if (!sameDigest(bytes.subarray(0, 32), digest)) throw new Error("a thief");
  };
  const decode = (bytes: Uint8Array) =>
    decodeContents(bytes.subarray(32)).values;
  const increment = (values: Values) => {
    const count = values.get("count") as number + 1;
    values.set("count", count);
    return count;
  };
  const both = (token: Token) => {
    const { id } = token;
    const reading = kv.getMany<[Uint8Array, Uint8Array]>([data(id), lock(id)]);
    void token.digest; // Takes its time meanwhile.
    return reading;
  };
  const answer = (count: number) => {
    const response = new Response(String(count));
    response.headers.set("cache-control", "private");
    response.headers.append("vary", "Cookie");
    return response;
  };

  return {
    name,
    floor: "bare calls",
    ...inProcess,
    handlers: {
      async begin() {
        const token = createToken(Date.now());
        const entries = Object.entries({ ...values, count: 0 });
        const all = new Values(new Map(entries));
        await kv.set(data(token.id), encode(token, all), { expireIn });
        const cookie = `id=${formatToken(token)}`;
        return new Response("0", { headers: { "set-cookie": cookie } });
      },
      async read(request) {
        const token = tokenOf(request);
        const reading = kv.get<Uint8Array>(data(token.id));
        void token.digest;
        const { value } = await reading;
        mustMatch(token, value!);
        return answer(decode(value!).get("count") as number);
      },
      async open(request) {
        const token = tokenOf(request);
        const [entry, held] = await both(token);
        mustMatch(token, entry.value!);
        const key = held.key;
        const locking = kv.atomic().check(entry).check(held)
          .set(key, owner, { expireIn }).commit();
        const all = decode(entry.value!);
        const locked = await locking;
        if (!locked.ok) throw new Error("Cannot lock: another came first");
        const count = increment(all);
        const { versionstamp } = locked;
        await kv.atomic().check({ key, versionstamp })
          .set(data(token.id), encode(token, all), { expireIn }).delete(key)
          .commit();
        return answer(count);
      },
      async update(request) {
        const token = tokenOf(request);
        const [entry, held] = await both(token);
        mustMatch(token, entry.value!);
        const all = decode(entry.value!);
        const count = increment(all);
        await kv.atomic().check(entry).check(held)
          .set(data(token.id), encode(token, all), { expireIn }).commit();
        return answer(count);
      },
    },
  };
}

function data(id: string): Deno.KvKey {
  return ["essential", "data", id];
}

function lock(id: string): Deno.KvKey {
  return ["essential", "lock", id];
}
