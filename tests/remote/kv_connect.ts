import { random, sleep } from "./chance.ts";
import { type Engine, openEngine } from "./engine.ts";
import type { Remote } from "./processes.ts";
import { Relay } from "./relay.ts";

/** What may become of a write that goes wrong. */
const kinds = [
  /** Answered with 500, and not applied. */
  "refused",
  /** Applied, and answered with 500. */
  "answered 500",
  /** Applied, and answered with 400, after which Deno does not send it again. */
  "answered 400",
  /** Applied, and its connection cut instead of an answer. */
  "cut",
  /** Its connection cut, and applied later: often when Deno has sent it again. */
  "overtaken",
  /** Applied and answered, but late. */
  "slow",
] as const;

type Kind = typeof kinds[number] | "restart";

/** How a server fails. */
export interface Faults {
  /** The part of all writes that go wrong. */
  readonly rate: number;
  readonly seed: number;
  /** At which write the server goes down and starts again; never if not given. */
  readonly restartAt?: number;
}

const slowness = 300;
const outage = 500;

/** A KV Connect server over the engine of Deno KV, which fails as it is told. */
export class KvConnect implements Remote, AsyncDisposable {
  readonly token = crypto.randomUUID();
  /** How often it failed, by how. */
  readonly injected: Record<Kind, number>;
  readonly #file: string;
  readonly #answering = new Set<Promise<unknown>>();
  #faults: Faults = { rate: 0, seed: 0 };
  #random = random(0);
  #writes = 0;
  #engine!: Engine;
  #server!: Deno.HttpServer<Deno.NetAddr>;
  #relay!: Relay;
  #restarted: Promise<void> | undefined;

  private constructor(file: string) {
    this.#file = file;
    const none = [...kinds, "restart"].map((kind) => [kind, 0]);
    this.injected = Object.fromEntries(none);
  }

  static async start(file: string): Promise<KvConnect> {
    const server = new KvConnect(file);
    await server.#start(0);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#relay.port}`;
  }

  /** Fails like this from now on. */
  fail(faults: Faults): void {
    this.#faults = faults;
    this.#random = random(faults.seed);
    this.#writes = 0;
  }

  /** Fails no more. */
  async recover(): Promise<void> {
    this.fail({ rate: 0, seed: 0 });
    await this.#restarted;
    await this.#settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#restarted;
    await this.#stop();
  }

  async #start(port: number): Promise<void> {
    this.#engine = await openEngine(this.#file);
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request, { remoteAddr }) => {
        const answer = this.#answer(request, remoteAddr.port);
        this.#answering.add(answer);
        return answer.finally(() => this.#answering.delete(answer));
      },
    );
    this.#relay = new Relay(port, this.#server.addr.port);
  }

  async #stop(): Promise<void> {
    await this.#relay[Symbol.asyncDispose]();
    await this.#settled();
    await this.#server.shutdown();
    this.#engine.close();
  }

  async #restart(): Promise<void> {
    const { port } = this.#relay;
    this.injected.restart++;
    await this.#stop();
    await sleep(outage);
    await this.#start(port);
  }

  async #settled(): Promise<void> {
    while (this.#answering.size > 0) await Promise.allSettled(this.#answering);
  }

  async #answer(request: Request, client: number): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${this.token}`) {
      return new Response(null, { status: 401 });
    }
    const { pathname } = new URL(request.url);
    if (pathname === "/") return Response.json(this.#metadata());
    let body: Uint8Array;
    try {
      body = await request.bytes();
    } catch {
      return new Response(null, { status: 400 }); // The connection was cut.
    }
    if (pathname === "/v2/snapshot_read") {
      return protobuf(await this.#engine.snapshotRead(body));
    }
    if (pathname === "/v2/atomic_write") return await this.#write(body, client);
    return new Response(null, { status: 404 });
  }

  #metadata(): unknown {
    return {
      version: 3,
      databaseId: "1f7a3ba6-4f4c-4c2e-9a7e-1d2c4e9e0a11",
      endpoints: [{ url: "/v2", consistency: "strong" }],
      token: this.token,
      expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
    };
  }

  async #write(body: Uint8Array, client: number): Promise<Response> {
    if (++this.#writes === this.#faults.restartAt) {
      this.#restarted = this.#restart();
    }
    const kind = this.#nextFault();
    if (kind !== null) this.injected[kind]++;
    if (kind === "refused") return new Response(null, { status: 500 });
    if (kind === "slow") await sleep(slowness);
    if (kind === "overtaken") {
      this.#relay.cut(client);
      await sleep(2 * slowness * this.#random());
    }
    const result = await this.#engine.atomicWrite(body);
    if (kind === "answered 500") return new Response(null, { status: 500 });
    if (kind === "answered 400") return new Response(null, { status: 400 });
    if (kind === "cut") this.#relay.cut(client);
    return protobuf(result);
  }

  #nextFault(): Kind | null {
    if (this.#random() >= this.#faults.rate) return null;
    const all = kinds.reduce((sum, kind) => sum + this.injected[kind], 0);
    return kinds[all % kinds.length]!;
  }
}

/** An answer that `@deno/kv` takes; Deno does not look at the type. */
function protobuf(body: BodyInit): Response {
  const headers = { "content-type": "application/x-protobuf" };
  return new Response(body, { headers });
}
