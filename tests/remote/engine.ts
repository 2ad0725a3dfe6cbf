/** The engine of Deno KV, which takes and gives the bodies of KV Connect as they are. */
export interface Engine {
  snapshotRead(body: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  atomicWrite(body: Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  close(): void;
}

/** What `@deno/kv` keeps in a database that it opened natively. */
interface Native {
  readonly dbId: number;
  readonly napi: Record<
    "snapshotRead" | "atomicWrite",
    (
      id: number,
      body: Uint8Array,
      debug: boolean,
    ) => Promise<Uint8Array<ArrayBuffer>>
  >;
  close(): void;
}

// Not a literal, so that only who opens an engine needs the package.
const kvPackage = ["npm:@deno/kv", "^0.14.0"].join("@");

/** Opens the database in a file; throws where there is no engine for this machine. */
export async function openEngine(file: string): Promise<Engine> {
  const { openKv } = await import(kvPackage);
  const kv: Native = await openKv(file, { implementation: "sqlite" });
  const { napi, dbId } = kv;
  return {
    snapshotRead: (body) => napi.snapshotRead(dbId, body, false),
    atomicWrite: (body) => napi.atomicWrite(dbId, body, false),
    close: () => kv.close(),
  };
}

/** Why no engine can be opened here; `null` if one can. */
export async function whyNoEngine(): Promise<string | null> {
  try {
    (await openEngine(":memory:")).close();
    return null;
  } catch (error) {
    const { cause = error } = error as Error;
    return cause instanceof Error ? cause.message : String(cause);
  }
}
