/** The calls of Deno KV that the contenders make. */
export type Calls = Pick<
  Deno.Kv,
  "get" | "getMany" | "set" | "delete" | "atomic"
>;

type Kind = "read" | "commit";

/** How many calls were made. */
export interface Count {
  reads: number;
  commits: number;
}

/** The database, counting the calls. */
export function counted(kv: Calls): { kv: Calls; count: Count } {
  const count = { reads: 0, commits: 0 };
  const counting = around(kv, (kind, call) => {
    if (kind === "read") count.reads++;
    else count.commits++;
    return call();
  });
  return { kv: counting, count };
}

/** The database as if it were `ms` away. */
export function delayed(kv: Calls, ms: number): Calls {
  return around(kv, async (_kind, call) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return await call();
  });
}

function around(
  kv: Calls,
  through: <T>(kind: Kind, call: () => Promise<T>) => Promise<T>,
): Calls {
  const calls: Pick<Calls, "get" | "set" | "delete" | "atomic"> = {
    get: (...args) => through("read", () => kv.get(...args)),
    set: (...args) => through("commit", () => kv.set(...args)),
    delete: (...args) => through("commit", () => kv.delete(...args)),
    atomic: () => {
      const operation = kv.atomic();
      const commit = operation.commit.bind(operation);
      operation.commit = () => through("commit", commit);
      return operation;
    },
  };
  // The type of a list of keys of any length is more than TypeScript infers.
  const getMany = (...args: Parameters<Calls["getMany"]>) =>
    through("read", () => kv.getMany(...args));
  return { ...calls, getMany: getMany as Calls["getMany"] };
}
