/**
 * Lets requests wait for one session, or with `bare` for a plain promise, and
 * prints what memory each takes. Its arguments are how many, and `bare`.
 */
import { withSession } from "@aerys/session";
import type { Handler } from "./contender.ts";

const waiting = Number(Deno.args[0]);
const bare = Deno.args[1] === "bare";
const ttl = 3600;

using kv = await Deno.openKv(":memory:");
const options = {
  kv,
  ttl,
  lock: { timeout: 120_000, maxHold: 120_000, maxWaiting: waiting },
};

const { promise: released, resolve: release } = Promise.withResolvers<void>();
let held: () => void;
const holding = new Promise<void>((resolve) => held = resolve);

const hold = withSession<{ count: number }>(async (_request, session) => {
  await session.open();
  session.set("count", session.get("count") ?? 0);
  held();
  await released;
  await session.save();
  return new Response();
}, options);
const open = withSession<{ count: number }>(async (_request, session) => {
  await session.open();
  session.set("count", (session.get("count") ?? 0) + 1);
  await session.save();
  return new Response(String(session.get("count")));
}, options);
const begin = withSession<{ count: number }>(async (_request, session) => {
  await session.open();
  session.set("count", 0);
  await session.save();
  return new Response();
}, options);
let count = 0;
const handler: Handler = !bare ? open : async () => {
  await released;
  return new Response(String(++count));
};

const [set] = (await begin(new Request("https://shop.example/"))).headers
  .getSetCookie();
const cookie = set!.split(";")[0]!;
const request = () =>
  new Request("https://shop.example/", { headers: { cookie } });

const holder = hold(request());
await holding;
const before = memory();
const responses = Array.from({ length: waiting }, () => handler(request()));
for (let look = 0; look < 20; look++) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const after = memory();
release();
await holder;
const counts = await Promise.all(
  responses.map(async (response) => Number(await (await response).text())),
);
if (new Set(counts).size !== waiting) {
  throw new Error("two of the waiting requests saw the same count");
}
console.log(JSON.stringify({
  heap: (after.heap - before.heap) / waiting,
  rss: (after.rss - before.rss) / waiting,
}));

function memory(): { heap: number; rss: number } {
  const { gc } = globalThis as { gc?: () => void };
  for (let time = 0; time < 3; time++) gc!();
  const { heapUsed, rss } = Deno.memoryUsage();
  return { heap: heapUsed, rss };
}
