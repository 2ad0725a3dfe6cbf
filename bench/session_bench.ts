/**
 * Sessions beside the bare KV calls that they cannot do without. Compare within
 * a group, in one run; the machine decides the rest.
 *
 * @module
 */
import { withSession } from "@aerys/session";

const kv = await Deno.openKv(":memory:");
const payload = { user: "ada", cart: ["tea", "milk"], since: "2026-01-01" };
const bytes = new TextEncoder().encode(JSON.stringify({ payload, count: 1 }));

const create = withSession(async (_request, session) => {
  await session.open();
  session.set("payload", payload);
  session.set("count", 1);
  await session.save();
  return new Response();
}, { kv });
const created = await create(new Request("http://localhost/"));
const cookie = created.headers.getSetCookie()[0]!.split(";")[0]!;
const request = () => new Request("http://localhost/", { headers: { cookie } });

const ignore = withSession(() => new Response(), { kv });
const read = withSession(async (_request, session) => {
  await session.read();
  return new Response(String(session.get("count")));
}, { kv });
const increment = withSession(async (_request, session) => {
  await session.open();
  session.set("count", session.get<number>("count")! + 1);
  await session.save();
  return new Response();
}, { kv });
const update = withSession(async (_request, session) => {
  await session.update(() => {
    session.set("count", session.get<number>("count")! + 1);
  });
  return new Response();
}, { kv });

Deno.bench({
  name: "no session at all",
  group: "ignored",
  baseline: true,
  fn: () => void ((_request: Request) => new Response())(request()),
});
Deno.bench({
  name: "session ignored",
  group: "ignored",
  fn: async () => void await ignore(request()),
});

await kv.set(["bare"], bytes);

Deno.bench({
  name: "bare get",
  group: "read",
  baseline: true,
  fn: async () => {
    request();
    await kv.get(["bare"]);
    new Response();
  },
});
Deno.bench({
  name: "read()",
  group: "read",
  fn: async () => void await read(request()),
});

Deno.bench({
  name: "bare getMany, commit (lock), commit (data, unlock)",
  group: "write",
  baseline: true,
  fn: async () => {
    request();
    const [data, lock] = await kv.getMany([["bare"], ["lock"]]);
    const locked = await kv.atomic().check(data!).check(lock!)
      .set(["lock"], bytes).commit();
    if (!locked.ok) throw new Error("nobody else locks");
    const { versionstamp } = locked;
    await kv.atomic().check({ key: ["lock"], versionstamp })
      .set(["bare"], bytes).delete(["lock"]).commit();
    new Response();
  },
});
Deno.bench({
  name: "open(), save()",
  group: "write",
  fn: async () => void await increment(request()),
});
Deno.bench({
  name: "update()",
  group: "write",
  fn: async () => void await update(request()),
});
