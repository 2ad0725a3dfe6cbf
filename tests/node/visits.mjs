/**
 * What requests do with sessions, as plain JavaScript that runs in Deno and on
 * Node. Each takes the database first, and a cookie as `name=value`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { SessionError, withSession } from "@aerys/session";

/** One of each kind of value that a session keeps. */
const values = {
  text: "grüße \u{1F36A}",
  number: -0,
  big: 2n ** 64n,
  none: undefined,
  list: [1, null, Number.NaN],
  plain: { nested: { deep: true } },
  map: new Map([["a", new Set([1])]]),
  date: new Date(0),
  pattern: /a+/gi,
  bytes: new Uint8Array([0, 127, 255]),
  url: new URL("https://example.com/?q=1"),
};

/** Makes a request, and gives the cookie that a browser has then. */
export async function visit(kv, cookie, handle) {
  const headers = cookie === "" ? {} : { cookie };
  const lock = { timeout: 60_000 };
  const handler = withSession(async (_request, session) => {
    await handle(session);
    return new Response();
  }, { kv, lock });
  const request = new Request("http://localhost/", { headers });
  const [header] = (await handler(request)).headers.getSetCookie();
  return header === undefined ? cookie : header.split(";")[0];
}

/** Begins a session that holds all kinds of values. */
export async function store(kv) {
  return await visit(kv, "", async (session) => {
    await session.open();
    for (const [key, value] of Object.entries(values)) session.set(key, value);
    await session.save();
  });
}

/** Throws unless all the values are there. */
export async function check(kv, cookie) {
  await visit(kv, cookie, async (session) => {
    await session.read();
    assert.equal(String(session.get("url")), String(values.url));
    for (const [key, value] of Object.entries(values)) {
      assert.ok(session.has(key), key);
      if (key !== "url") assert.deepStrictEqual(session.get(key), value);
    }
  });
}

/** Gives the session a new id. */
export async function rotate(kv, cookie) {
  return await visit(kv, cookie, async (session) => {
    await session.open();
    await session.regenerate();
    await session.save();
  });
}

/** Ends the session. */
export async function logOut(kv, cookie) {
  await visit(kv, cookie, async (session) => {
    await session.open();
    await session.destroy();
  });
}

/** Gives how many values the session holds. */
export async function size(kv, cookie) {
  let size;
  await visit(kv, cookie, async (session) => {
    await session.read();
    size = session.size;
  });
  return size;
}

let increments = Promise.resolve();

/** Begins so many requests at once that each add one to a value. */
export function begin(kv, cookie, key, times) {
  const all = Array.from(
    { length: times },
    (_, i) =>
      visit(kv, cookie, async (session) => {
        const add = () => session.set(key, (session.get(key) ?? 0) + 1);
        if (i % 2 === 0) return await session.update(add);
        await session.open();
        add();
        await session.save();
      }),
  );
  increments = Promise.all(all);
}

/** Waits for the requests that were begun. */
export async function end() {
  await increments;
}

/** Gives what becomes of an `open()` that `unlock()` cancels, and of one that nobody awaits. */
export async function impatient(kv, cookie) {
  const codes = [];
  const note = (error) => codes.push(error.code);
  await visit(kv, cookie, async (holder) => {
    await holder.open();
    await visit(kv, cookie, async (session) => {
      const opening = session.open().catch(note);
      await session.unlock();
      await opening;
    });
    await holder.unlock();
  });
  await visit(kv, cookie, async (session) => {
    await session.open();
    void session.save();
  });
  await visit(kv, cookie, (session) => void session.open()).catch(note);
  return codes;
}

/** Gives what `save()` says of a value of Node's own, and `open()` without a database. */
export async function refusals(kv) {
  const { Buffer } = await import("node:buffer");
  const messages = [];
  const note = (error) => {
    assert.ok(error instanceof SessionError);
    messages.push(`${error.code}: ${error.message}`);
  };
  await visit(kv, "", async (session) => {
    await session.open();
    session.set("buffer", Buffer.from("a"));
    await session.save().catch(note);
  });
  await visit(undefined, "", async (session) => {
    await session.open();
    session.set("a", 1);
    await session.save().catch(note);
  });
  return messages;
}
