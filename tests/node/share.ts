import { assertEquals } from "@std/assert";
import type { Session } from "@aerys/session";
import type { NodeProcess } from "./node_process.ts";
import * as visits from "./visits.mjs";

/** Lets Deno and Node work on the same sessions, one after the other and at once. */
export async function share(kv: Deno.Kv, peer: NodeProcess): Promise<void> {
  // What one wrote the other reads, also under a new id, and until it is ended.
  const cookie = await visits.store(kv);
  await peer.call("check", cookie);
  const rotated = await peer.call("rotate", cookie) as string;
  await visits.check(kv, rotated);
  assertEquals(await visits.size(kv, cookie), 0);
  const again = await visits.rotate(kv, rotated);
  await peer.call("check", again);
  assertEquals(await peer.call("size", rotated), 0);
  await visits.logOut(kv, again);
  assertEquals(await peer.call("size", again), 0);

  const other = await peer.call("store") as string;
  await visits.check(kv, other);
  await visits.visit(kv, other, async (session: Session) => {
    await session.open(); // All wait for this one.
    await peer.call("begin", other, "node", 20);
    visits.begin(kv, other, "deno", 20);
    session.set("deno", 1);
    session.set("node", 1);
    await session.save();
  });
  await Promise.all([visits.end(), peer.call("end")]);
  await visits.visit(kv, other, async (session: Session) => {
    await session.read();
    assertEquals(session.get("deno"), 21);
    assertEquals(session.get("node"), 21);
  });
  await peer.call("logOut", other);
  assertEquals(await visits.size(kv, other), 0);
}
