import type { Client } from "./client.ts";

/** A server-sent event, and what it carries. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Listens to server-sent events, as the tab of a browser does. */
export class ServerEvents implements AsyncDisposable {
  readonly response: Response;
  readonly #left: AbortController;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";

  private constructor(response: Response, left: AbortController) {
    this.response = response;
    this.#left = left;
    // An event that never comes must not hang the test.
    this.#timer = setTimeout(() => this.leave(), 10_000);
    this.#reader = response.body!.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** Asks for them with the cookies that the browser has now. */
  static async from(browser: Client, path: string): Promise<ServerEvents> {
    const left = new AbortController();
    const response = await fetch(new URL(path, browser.base), {
      headers: { cookie: browser.cookie },
      signal: left.signal,
    });
    return new ServerEvents(response, left);
  }

  /** The next one; `null` when the server has ended them. */
  async next(): Promise<ServerEvent | null> {
    for (;;) {
      const found = /^event: (.*)\ndata:(.*)\n\n/.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found[0].length);
        return { event: found[1]!, data: found[2]!.trim() };
      }
      const { value, done } = await this.#reader.read();
      if (done) return null;
      this.#text += value;
    }
  }

  /** Goes away, as a tab that is closed. */
  leave(): void {
    this.#left.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.leave();
    await this.#reader.cancel().catch(() => {}); // It has failed, or ended.
  }
}
