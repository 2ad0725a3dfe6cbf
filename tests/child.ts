import { importMap } from "../tools/own_import_map.ts";

const root = new URL("../", import.meta.url);

/** How a child ended, and all that it printed. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** A program of this repository that runs as a process of its own. */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #printed: Promise<unknown>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #output = "";
  #onOutput = () => {};

  /**
   * @param file The program, from the root of the repository.
   * @param env What is added to the environment.
   * @param permissions The flags that grant permissions.
   */
  constructor(
    file: string,
    env: Record<string, string> = {},
    permissions: readonly string[] = ["--allow-all"],
  ) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", ...permissions],
        ...[`--import-map=${importMap}`, file],
      ],
      cwd: root,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    // A child that hangs must not hang the test.
    this.#timer = setTimeout(() => this.#kill("SIGKILL"), 60_000);
    const { stdout, stderr } = this.#process;
    this.#printed = Promise.all([this.#collect(stdout), this.#collect(stderr)]);
  }

  /** The address that it serves, once it has printed one. */
  async address(): Promise<string> {
    const ended = this.#printed.then(() => true);
    for (;;) {
      const found = /http:\/\/[\w.]+:\d+/.exec(this.#output);
      if (found !== null) return found[0];
      const more = new Promise<boolean>((resolve) => {
        this.#onOutput = () => resolve(false);
      });
      if (await Promise.race([ended, more])) {
        throw new Error(`${Deno.execPath()} served nothing:\n${this.#output}`);
      }
    }
  }

  /** Sends a signal, and waits for the end. */
  async stop(signal: Deno.Signal): Promise<Ended> {
    this.#kill(signal);
    return await this.ended();
  }

  /** Waits for the end. */
  async ended(): Promise<Ended> {
    const [{ code }] = await Promise.all([this.#process.status, this.#printed]);
    clearTimeout(this.#timer);
    return { code, output: this.#output };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended already.
    }
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      this.#output += decoder.decode(bytes, { stream: true });
      this.#onOutput();
    }
  }
}
