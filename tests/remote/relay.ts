const hostname = "127.0.0.1";

/** Stands between clients and a server, so that their connections can be cut. */
export class Relay implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  /** How to cut each connection, by the port that the server sees. */
  readonly #cuts = new Map<number, () => void>();
  readonly #open = new Set<Promise<void>>();

  /** @param port 0 for any that is free. */
  constructor(port: number, to: number) {
    this.#listener = Deno.listen({ hostname, port });
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept(to);
  }

  /** Cuts the connection that the server sees as coming from this port. */
  cut(port: number): void {
    this.#cuts.get(port)?.();
  }

  /** Cuts every connection; there can be new ones. */
  cutAll(): void {
    for (const cut of [...this.#cuts.values()]) cut();
  }

  /** Cuts every connection, and refuses new ones. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    this.cutAll();
    await Promise.all(this.#open);
  }

  async #accept(to: number): Promise<void> {
    for await (const client of this.#listener) {
      const piped = this.#pipe(client, to);
      this.#open.add(piped);
      piped.finally(() => this.#open.delete(piped));
    }
  }

  async #pipe(client: Deno.TcpConn, to: number): Promise<void> {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect({ hostname, port: to });
    } catch {
      return client.close();
    }
    const { port } = server.localAddr;
    const cut = new AbortController();
    this.#cuts.set(port, () => cut.abort());
    const { signal } = cut;
    await Promise.allSettled([
      client.readable.pipeTo(server.writable, { signal }),
      server.readable.pipeTo(client.writable, { signal }),
    ]);
    this.#cuts.delete(port);
  }
}
