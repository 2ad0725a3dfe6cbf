import { assert, assertEquals } from "@std/assert";
import { importMap } from "../tools/own_import_map.ts";
import { Browser, count, increment } from "./support.ts";

const command = [
  "run",
  "--quiet",
  "--no-check",
  "--allow-all",
  "--unstable-kv",
  `--import-map=${importMap}`,
  new URL("worker.ts", import.meta.url).href,
];

interface Data {
  count: number;
}

const ignore = Deno.build.os === "windows"; // It has no SIGSTOP.

/** Another process; in the end it is killed, whatever state it is in. */
class Worker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(...args: string[]) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...command, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#output = this.#child.stdout
      .pipeThrough(new TextDecoderStream())
      .getReader();
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    let end;
    while ((end = this.#text.indexOf("\n")) === -1) {
      const { value, done } = await this.#output.read();
      if (done) throw new Error("the process has ended");
      this.#text += value;
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  /** Lets it go on after a `SIGSTOP`, which may be still to come, until it prints a line. */
  async thaw(): Promise<string> {
    const timer = setInterval(() => this.#kill("SIGCONT"), 20);
    try {
      return await this.line();
    } finally {
      clearInterval(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("SIGKILL");
    await this.#output.cancel();
    await this.#child.status;
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended.
    }
  }
}

/** A database in a file, a session in it with a count of 0, and workers on both. */
async function withFile(
  lease: number,
  run: (
    browser: Browser<Data>,
    start: (task: string) => Worker,
  ) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/kv`;
  await using workers = new AsyncDisposableStack();
  workers.defer(() => Deno.remove(directory, { recursive: true }));
  using kv = await Deno.openKv(file);
  const browser = new Browser<Data>({ kv, lock: { lease, timeout: 50_000 } });
  await browser.visit(async (session) => {
    await session.open();
    session.set("count", 0);
    await session.save();
  });
  await run(
    browser,
    (task) => workers.use(new Worker(file, browser.token!, `${lease}`, task)),
  );
}

Deno.test("Session.save() keeps 400 of 400 increments of four processes", async () => {
  await withFile(20_000, async (browser, start) => {
    const workers = Array.from({ length: 4 }, () => start("increment"));
    const lines = await Promise.all(workers.map((worker) => worker.line()));
    assertEquals(lines, ["done", "done", "done", "done"]);
    assertEquals(await browser.visit(count), 400);
  });
});

for (
  const [task, lines] of [
    ["freeze", ["ERR_LOCK_LOST"]],
    ["wake", ["aborted ERR_LOCK_LOST", "ERR_LOCK_LOST"]],
  ] as const
) {
  const when = task === "freeze" ? "at once" : "after its signal aborted";
  Deno.test({
    name:
      `Session.save() of a process that slept past its lease writes nothing, ${when}`,
    ignore,
    fn: () =>
      withFile(500, async (browser, start) => {
        const worker = start(task);
        assertEquals(await worker.line(), "locked");
        assertEquals(await browser.visit(increment), 1);
        const [first, ...others] = lines;
        assertEquals(await worker.thaw(), first);
        for (const line of others) assertEquals(await worker.line(), line);
        assertEquals(await browser.visit(count), 1);
      }),
  });
}

Deno.test({
  name:
    "Session.open() takes the lock of a killed process over after its lease, and not before",
  ignore,
  fn: () =>
    withFile(500, async (browser, start) => {
      assertEquals(await start("die").line(), "locked");
      const started = performance.now();
      assertEquals(await browser.visit(increment), 1);
      const waited = performance.now() - started;
      console.log(`waited ${Math.round(waited)} ms for a lease of 500 ms`);
      assert(waited >= 500, `${waited} ms`);
      // 1.2 leases and a poll of 40 ms; the rest is for slow machines.
      assert(waited < 640 + 5000, `${waited} ms`);
    }),
});
