/**
 * Opens and saves a session now and then, and prints how long it waited for
 * it. Its arguments are the file, the cookie, and for how long, in ms.
 */
import { withSession } from "@aerys/session";

const [path, cookie, ms] = Deno.args as [string, string, string];
const pause = 150;

using kv = await Deno.openKv(path);
let waited = 0;
const handler = withSession<{ count: number }>(async (_request, session) => {
  const before = performance.now();
  await session.open();
  waited = performance.now() - before;
  session.set("count", session.get("count")! + 1);
  await session.save();
  return new Response();
}, { kv, ttl: 3600 });

const waits: number[] = [];
const end = performance.now() + Number(ms);
while (performance.now() < end) {
  await handler(
    new Request("https://shop.example/", { headers: { cookie } }),
  );
  waits.push(waited);
  await new Promise((resolve) =>
    setTimeout(resolve, pause * (0.5 + Math.random()))
  );
}
console.log(JSON.stringify(waits));
