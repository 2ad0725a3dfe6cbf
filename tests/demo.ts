import { createApp } from "../demo/app.ts";
import { Client } from "./client.ts";

/** The demo on a port of its own, and a browser that has not been there. */
export class Demo implements AsyncDisposable {
  readonly browser: Client;
  readonly #kv: Deno.Kv;
  readonly #stopping = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(kv: Deno.Kv, seenByApp: Deno.Kv) {
    this.#kv = kv;
    const { signal } = this.#stopping;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      createApp({ kv: seenByApp, signal }),
    );
    this.browser = new Client(`http://127.0.0.1:${this.#server.addr.port}`);
  }

  /** Starts it; `wrap` may stand between it and its database. */
  static async start(
    wrap: (kv: Deno.Kv) => Deno.Kv = (kv) => kv,
  ): Promise<Demo> {
    const kv = await Deno.openKv(":memory:");
    return new Demo(kv, wrap(kv));
  }

  /** Ends what would never end, and waits for the rest. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#server.shutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#kv.close();
  }
}

/** What the page says under one of its terms. */
export function told(page: string, term: string): string | undefined {
  const pattern = new RegExp(`<dt>${term}</dt>\\s*<dd[^>]*>(.*?)</dd>`, "s");
  const found = pattern.exec(page);
  return found?.[1]?.replaceAll(/<[^>]+>/g, "").trim();
}
