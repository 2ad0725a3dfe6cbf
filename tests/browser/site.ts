// deno-lint-ignore no-import-prefix -- only these tests need a certificate
import { generate } from "npm:selfsigned@^5";
import { createApp } from "../../demo/app.ts";

/** How a browser reaches a site. */
export type Scheme = "http" | "https";

/** What a browser has sent to a site. */
export interface Seen {
  readonly method: string;
  /** The path of the address. */
  readonly path: string;
  /** The `Cookie` header. */
  readonly cookie: string | null;
}

/** A certificate of one's own, which browsers take only if told to. */
const certificate = await generate(undefined, { keyType: "ec" });

/** A server on a port of its own that notes what it is asked. */
export class Site implements AsyncDisposable {
  /** Every request so far, in the order of arrival. */
  readonly seen: Seen[] = [];
  readonly scheme: Scheme;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(
    scheme: Scheme,
    handler: (request: Request) => Response | Promise<Response>,
  ) {
    this.scheme = scheme;
    const { cert, private: key } = certificate;
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      ...(scheme === "https" ? { cert, key } : {}),
    }, (request) => {
      const { method, headers } = request;
      const path = new URL(request.url).pathname;
      this.seen.push({ method, path, cookie: headers.get("cookie") });
      return handler(request);
    });
  }

  /** The site under its usual name: over http the one whose cookies need no https. */
  get origin(): string {
    return this.at(this.scheme === "http" ? "localhost" : "shop.test");
  }

  /** The same server on a host of another name. */
  at(host: string): string {
    return `${this.scheme}://${host}:${this.#server.addr.port}`;
  }

  /** Lets what is under way end. */
  async stop(): Promise<void> {
    await this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The demo, with a database of its own. */
export class Demo extends Site {
  readonly #kv: Deno.Kv;
  readonly #stopping: AbortController;

  private constructor(scheme: Scheme, kv: Deno.Kv, seenByApp: Deno.Kv) {
    const stopping = new AbortController();
    super(scheme, createApp({ kv: seenByApp, signal: stopping.signal }));
    this.#kv = kv;
    this.#stopping = stopping;
  }

  /** Starts it; `wrap` may stand between it and its database. */
  static async start(
    scheme: Scheme,
    wrap: (kv: Deno.Kv) => Deno.Kv = (kv) => kv,
  ): Promise<Demo> {
    const kv = await Deno.openKv(":memory:");
    return new Demo(scheme, kv, wrap(kv));
  }

  override async stop(): Promise<void> {
    this.#stopping.abort();
    await super.stop();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    this.#kv.close();
  }
}
