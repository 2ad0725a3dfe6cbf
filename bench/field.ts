import type { Contender, Ground } from "./contender.ts";
import { bare } from "./peers/bare.ts";
import { essential } from "./peers/essential.ts";
import { served } from "./peers/deno_serve.ts";
import { expressSession } from "./peers/express_session.ts";
import { honoSessions } from "./peers/hono_sessions.ts";
import { ironSession } from "./peers/iron_session.ts";
import { bareOverNode } from "./peers/node_http.ts";
import { own, ownOfAll } from "./peers/own.ts";
import { remixSession } from "./peers/remix_session.ts";

/** The name of this library among the contenders. */
export const ownName = "@aerys/session";

/** The same where a handler asks for every value. */
export const ownOfAllName = `${ownName}, every value`;

/** The floor, and the same once more: how far it is from itself is the noise. */
export const floorName = "bare calls";
export const noiseName = "bare calls, again";

/** The floor with the work that a session cannot do without either. */
export const essentialName = "bare calls, hashed and encoded";

/** All that are compared, on one database with the same values; over sockets if wanted. */
export async function field(
  ground: Ground,
  { loopback }: { loopback: boolean },
): Promise<Contender[]> {
  const inProcess = [
    bare(floorName, ground),
    bare(noiseName, ground),
    essential(essentialName, ground),
    own(ownName, ground),
    ownOfAll(ownOfAllName, ground),
    honoSessions(ground),
    remixSession(ground),
    ironSession(ground),
  ];
  if (!loopback) return inProcess;
  return [
    ...inProcess,
    served(bare(floorName, ground)),
    served(own(ownName, ground)),
    await bareOverNode(ground),
    await expressSession(ground),
  ];
}
