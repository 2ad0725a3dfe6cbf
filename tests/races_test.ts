import { assertEquals } from "@std/assert";
import {
  LockError,
  type LockOptions,
  type Session,
  withSession,
} from "@aerys/session";
import { Browser, gate, TestKv } from "./support.ts";

type Counts = Record<string, number>;

/** Two handles on one database share no line of waiters: each is as another process. */
async function openTwo(
  where: string,
): Promise<AsyncDisposable & { kvs: TestKv[] }> {
  const file = where === "in a file" ? await Deno.makeTempFile() : null;
  const one = await Deno.openKv(file ?? ":memory:");
  const two = file === null ? one : await Deno.openKv(file);
  return {
    kvs: [new TestKv(one), new TestKv(two)],
    async [Symbol.asyncDispose]() {
      one.close();
      if (file === null) return;
      two.close();
      for (const suffix of ["", "-shm", "-wal"]) {
        await Deno.remove(file + suffix).catch(() => {});
      }
    },
  };
}

/** A server for each database handle, and a browser that knows them as one site. */
class Site implements AsyncDisposable {
  readonly #servers: readonly Deno.HttpServer<Deno.NetAddr>[];
  #cookie = "";

  constructor(
    kvs: readonly TestKv[],
    lock: LockOptions,
    handle: (session: Session<Counts>, key: string) => Promise<Response>,
  ) {
    this.#servers = kvs.map((kv) =>
      Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        withSession<Counts>((request, session) => {
          return handle(session, new URL(request.url).pathname);
        }, { kv, lock }),
      )
    );
  }

  /** Requests a page of one of the servers. */
  async get(
    page: string,
    server = 0,
  ): Promise<{ status: number; body: unknown }> {
    const { port } = this.#servers[server % this.#servers.length]!.addr;
    const response = await fetch(`http://127.0.0.1:${port}${page}`, {
      headers: { cookie: this.#cookie },
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie !== undefined) this.#cookie = cookie.split(";")[0]!;
    return { status: response.status, body: await response.json() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }
}

/** Adds 1 under the lock; between reading and writing everybody else may run. */
async function add(session: Session<Counts>, key: string): Promise<Response> {
  if (key === "/") {
    await session.read();
  } else {
    await session.open();
    const value = session.get(key) ?? 0;
    await new Promise((resolve) => setTimeout(resolve));
    session.set(key, value + 1);
    await session.save();
  }
  return Response.json(Object.fromEntries(session.entries()));
}

// No lease and no wait runs out, however slow the machine is.
const patient = { lease: 120_000, timeout: 120_000, maxWaiting: 200 };

for (const where of ["in memory", "in a file"]) {
  for (const processes of [1, 2]) {
    const place = processes === 1 ? where : `${where}, in two processes`;

    for (const requests of [20, 200]) {
      Deno.test(`Session.save() keeps ${requests} of ${requests} parallel increments, ${place}`, async () => {
        await using two = await openTwo(where);
        await using site = new Site(two.kvs.slice(0, processes), patient, add);
        await site.get("/other");
        const answers = await Promise.all(
          Array.from({ length: requests }, (_, i) => site.get("/count", i)),
        );
        // Each has seen a count of its own.
        const counts = answers.map(({ body }) => (body as Counts)["/count"]!);
        assertEquals(
          counts.sort((a, b) => a - b),
          Array.from(counts, (_, i) => i + 1),
        );
        const { body } = await site.get("/");
        assertEquals(body, { "/other": 1, "/count": requests });
      });
    }

    Deno.test(`Session.save() keeps all of 20 keys that parallel requests set, ${place}`, async () => {
      await using two = await openTwo(where);
      await using site = new Site(two.kvs.slice(0, processes), patient, add);
      await site.get("/key");
      const keys = Array.from({ length: 20 }, (_, i) => `/key${i}`);
      await Promise.all(keys.map((key, i) => site.get(key, i)));
      const { body } = await site.get("/");
      assertEquals(
        Object.keys(body as Counts).sort(),
        ["/key", ...keys].sort(),
      );
    });
  }
}

Deno.test("Session.open() reads again when the session changes between its reading and its locking", async () => {
  await using two = await openTwo("in memory");
  const [kv, other] = two.kvs as [TestKv, TestKv];
  const browser = new Browser<Counts>({ kv });
  await browser.visit((session) => add(session, "/count"));
  kv.intercept = async (call, run) => {
    if (call.op === "commit") {
      kv.reset();
      const quick = browser.clone({ kv: other });
      await quick.visit((session) => add(session, "/count"));
    }
    return await run();
  };
  await browser.visit((session) => add(session, "/count"));
  assertEquals(
    await browser.visit(async (session) => {
      await session.read();
      return session.get("/count");
    }),
    3,
  );
});

Deno.test("Session.open() lets 100 requests wait, and refuses all others with ERR_QUEUE_FULL", async () => {
  await using two = await openTwo("in memory");
  const full = gate();
  let refused = 0;
  const { maxWaiting: _, ...defaultLine } = patient;
  await using site = new Site(
    two.kvs.slice(0, 1),
    defaultLine,
    async (session, key) => {
      try {
        await session.open();
      } catch (error) {
        if (!(error instanceof LockError)) throw error;
        if (++refused === 99) full.open();
        return Response.json(error.code, { status: 503 });
      }
      // The first one holds the session until nobody more can come.
      if (session.size > 0) await full.promise;
      session.set(key, (session.get(key) ?? 0) + 1);
      await session.save();
      return Response.json(session.get(key));
    },
  );
  await site.get("/count");
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => site.get("/count")),
  );
  const codes = answers.filter(({ status }) => status === 503).map(({ body }) =>
    body
  );
  assertEquals(codes, Array(99).fill("ERR_QUEUE_FULL"));
  assertEquals((await site.get("/count")).body, 1 + 101 + 1);
});
