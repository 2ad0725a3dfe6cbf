/** A program that runs on Node; in the end it is killed, whatever state it is in. */
export class NodeProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #text = "";

  /** @param env What is added to the environment. */
  constructor(cwd: string, args: string[], env: Record<string, string> = {}) {
    this.#child = new Deno.Command("node", {
      args,
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#output = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .getReader();
    this.#input = this.#child.stdin.getWriter();
    // A program that hangs must not hang the test.
    this.#timer = setTimeout(() => this.#kill(), 120_000);
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    let end;
    while ((end = this.#text.indexOf("\n")) === -1) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error(`node has ended, and printed: ${this.#text}`);
      this.#text += value;
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** The address that it serves, once it has printed it. */
  async address(): Promise<string> {
    for (;;) {
      const found = /http:\/\/[\w.]+:\d+/.exec(await this.line());
      if (found !== null) return found[0];
    }
  }

  /** Sends a line of JSON, and resolves to the next one that it prints. */
  async call(...args: unknown[]): Promise<unknown> {
    const line = new TextEncoder().encode(`${JSON.stringify(args)}\n`);
    await this.#input.write(line);
    return JSON.parse(await this.line());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#kill();
    await this.#output.cancel();
    await this.#input.abort();
    await this.#child.status;
  }

  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}
