/** A browser without a window: it keeps cookies, and follows no redirect. */
export class Client {
  readonly base: string;
  readonly cookies = new Map<string, string>();

  constructor(base: string) {
    this.base = base;
  }

  /** The `Cookie` header that the next request sends. */
  get cookie(): string {
    return [...this.cookies].map((pair) => pair.join("=")).join("; ");
  }

  /** Another browser, with these cookies now. */
  clone(): Client {
    const clone = new Client(this.base);
    for (const [name, value] of this.cookies) clone.cookies.set(name, value);
    return clone;
  }

  /** Makes a request and reads all of the answer. */
  async send(
    method: string,
    path: string,
    options: { body?: BodyInit; headers?: Record<string, string> } = {},
  ): Promise<{ response: Response; text: string }> {
    const response = await fetch(new URL(path, this.base), {
      ...options,
      method,
      headers: { ...options.headers, cookie: this.cookie },
      redirect: "manual",
    });
    for (const header of response.headers.getSetCookie()) this.#keep(header);
    return { response, text: await response.text() };
  }

  async get(path: string): Promise<{ response: Response; text: string }> {
    return await this.send("GET", path);
  }

  /** Sends a form. */
  async post(
    path: string,
    fields: Record<string, string> = {},
  ): Promise<{ response: Response; text: string }> {
    return await this.send("POST", path, { body: new URLSearchParams(fields) });
  }

  #keep(header: string): void {
    const [pair = "", ...attributes] = header.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/s);
    if (attributes.includes("Max-Age=0")) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
