import type { Contender, Deed, Handler } from "./contender.ts";

/** A browser that visits one contender. */
export class Visitor {
  readonly #contender: Contender;
  readonly #cookies = new Map<string, string>();
  #headers = { cookie: "" };

  constructor(contender: Contender) {
    this.#contender = contender;
  }

  /** The `Cookie` header that it sends. */
  get cookie(): string {
    return this.#headers.cookie;
  }

  /** Makes a request whose answer is not looked at, and keeps its cookies. */
  async visit(deed: Deed, handler: Handler): Promise<void> {
    const { origin, loopback } = this.#contender;
    const response = await handler(
      new Request(`${origin}/${deed}`, { headers: this.#headers }),
    );
    if (loopback) await response.text();
    if (deed !== "ignore" && deed !== "read") this.#keep(response);
  }

  /** Makes a request; answers its text. */
  async ask(deed: Deed): Promise<string> {
    const response = await this.#send(deed, this.cookie);
    this.#keep(response);
    return await response.text();
  }

  /** Reads as somebody would who has this cookie; answers the text. */
  async readAs(cookie: string): Promise<string> {
    return await (await this.#send("read", cookie)).text();
  }

  /** The count that its session holds. */
  async count(): Promise<number> {
    return Number(await this.ask("read"));
  }

  async #send(deed: Deed, cookie: string): Promise<Response> {
    const { origin, handlers, name } = this.#contender;
    const response = await handlers[deed]!(
      new Request(`${origin}/${deed}`, { headers: { cookie } }),
    );
    if (!response.ok) throw new Error(`${name} cannot ${deed}`);
    return response;
  }

  #keep({ headers }: Response): void {
    const set = headers.getSetCookie();
    if (set.length === 0) return;
    for (const header of set) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(header)!;
      if (value === "") this.#cookies.delete(name!);
      else this.#cookies.set(name!, value!);
    }
    const pairs = [...this.#cookies].map((pair) => pair.join("="));
    this.#headers = { cookie: pairs.join("; ") };
  }
}

/** So many visitors, each with a session of its own. */
export async function visitors(
  contender: Contender,
  count: number,
): Promise<Visitor[]> {
  return await Promise.all(Array.from({ length: count }, async () => {
    const visitor = new Visitor(contender);
    await visitor.ask("begin");
    return visitor;
  }));
}
