import { assert, assertEquals } from "@std/assert";
import { SessionError } from "@aerys/session";
import { DatabaseSync } from "node:sqlite";
import { importMap } from "../tools/own_import_map.ts";
import { randomOf, seed } from "./proof/random.ts";
import { Browser, count, increment } from "./support.ts";

const ignore = Deno.build.os === "windows"; // It has no SIGSTOP.
const kills = Number(Deno.env.get("KILLS") ?? 25);
const lease = 300;

const command = [
  ...["run", "--quiet", "--no-check", "--allow-all", "--unstable-kv"],
  `--import-map=${importMap}`,
  new URL("worker.ts", import.meta.url).href,
];

/** A process that counts until it is killed. */
class Counter implements AsyncDisposable {
  readonly name: string;
  /** What it has said: the number of an increment that was saved, or a code. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;

  constructor(name: string, args: string[], onLine: (from: Counter) => void) {
    this.name = name;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...command, ...args, name],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#read = this.#listen(onLine);
  }

  /** The last increment of which it was told that it is stored. */
  get told(): number {
    return Number(this.lines.findLast((line) => /^\d+$/.test(line)) ?? 0);
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Resolves when it is dead, and all that it had said was heard. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await Promise.all([this.#child.status, this.#read]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It is dead already.
    }
    await Promise.all([this.#child.status, this.#read]);
  }

  async #listen(onLine: (from: Counter) => void): Promise<void> {
    let text = "";
    for await (
      const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      const lines = (text + chunk).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        this.lines.push(line);
        if (/^\d+$/.test(line)) onLine(this);
      }
    }
  }
}

/** A database in a file with a session in it. */
async function withFile(
  options: { timeout: number; lease: number },
  run: (browser: Browser, file: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(directory, { recursive: true }));
  using kv = await Deno.openKv(`${directory}/kv`);
  const browser = new Browser({ kv, lock: options });
  await browser.visit(async (session) => {
    await session.open();
    session.set("count", 0).set("by", {});
    await session.save();
  });
  await run(browser, `${directory}/kv`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test({
  name:
    `Session.save() keeps what it acknowledged when processes are killed ${kills} times, seed ${seed}`,
  ignore,
  fn: () =>
    withFile({ lease, timeout: 50_000 }, async (browser, file) => {
      const random = randomOf(seed);
      const all: Counter[] = [];
      let onLine = (_from: Counter) => {};
      await using counters = new AsyncDisposableStack();
      const start = () => {
        const args = [file, browser.token!, `${lease}`, "count"];
        const name = `process ${all.length}`;
        const counter = new Counter(name, args, (from) => onLine(from));
        all.push(counter);
        return counters.use(counter);
      };
      const nextFrom = (wanted: (from: Counter) => boolean) =>
        new Promise<void>((resolve, reject) => {
          const timer = setTimeout(
            () => reject(new Error("nobody gets the session any more")),
            30_000,
          );
          onLine = (from) => {
            if (!wanted(from)) return;
            clearTimeout(timer);
            resolve();
          };
        });
      const running = Array.from({ length: 4 }, start);
      await nextFrom((from) => from === running[0]);
      let slowest = 0;
      let stops = 0;
      for (let i = 0; i < kills; i++) {
        await pause(random() * 150);
        if (random() < 0.4) {
          // Shorter than the lease, or longer: then its lock is lost.
          const frozen = running[Math.floor(random() * 4)]!;
          frozen.signal("SIGSTOP");
          stops++;
          await pause(random() * 2 * lease);
          frozen.signal("SIGCONT");
        }
        const at = Math.floor(random() * 4);
        const victim = running[at]!;
        const killed = performance.now();
        const next = nextFrom((from) => from !== victim);
        await victim.kill();
        running[at] = start();
        await next;
        slowest = Math.max(slowest, performance.now() - killed);
      }
      await Promise.all(running.map((counter) => counter.kill()));

      // Whoever died with the lock keeps nobody out, and nothing is torn.
      await browser.visit(increment);
      const by = await browser.visit(async (session) => {
        await session.read();
        return session.get("by") as Record<string, number>;
      });
      const sum = Object.values(by).reduce((sum, n) => sum + n, 0);
      assertEquals(await browser.visit(count), sum + 1);
      let told = 0;
      let untold = 0;
      const codes = new Map<string, number>();
      for (const counter of all) {
        const stored = by[counter.name] ?? 0;
        const lines = counter.lines.filter((line) => /^\d+$/.test(line));
        const others = counter.lines.filter((line) => !/^\d+$/.test(line));
        for (const code of others) codes.set(code, (codes.get(code) ?? 0) + 1);
        // An increment is stored before it is told; of a dead process one may be untold.
        const unclear = others.filter((code) => code === "ERR_STORE").length;
        const late = stored - counter.told;
        assert(late >= 0, `${counter.name}: told ${counter.told} of ${stored}`);
        assert(stored - lines.length <= 1 + unclear, `${counter.name}: twice`);
        assertEquals(new Set(lines).size, lines.length);
        told += lines.length;
        untold += stored - lines.length;
      }
      const others = [...codes].map(([code, n]) => `, ${code} ${n}`).join("");
      console.log(
        `${kills} kills, ${stops} stops, ${told} increments told, ${untold} stored untold${others}; ` +
          `slowest recovery ${Math.round(slowest)} ms, lease ${lease} ms`,
      );
      assert(told > kills);
      // 1.2 leases and a poll of 40 ms; the rest is for slow machines.
      assert(slowest < lease * 1.2 + 40 + 10_000, `${slowest} ms`);
    }),
});

/** Keeps everybody else from writing to the file, until the result is disposed of. */
function writeLock(file: string): Disposable {
  const database = new DatabaseSync(file);
  database.exec("BEGIN IMMEDIATE");
  return {
    [Symbol.dispose]() {
      database.exec("ROLLBACK");
      database.close();
    },
  };
}

Deno.test("Session.save() and open() wait while another program locks the database", async () => {
  await withFile({ lease: 5000, timeout: 30_000 }, async (browser, file) => {
    await browser.visit(async (session) => {
      await session.open();
      session.set("count", 1);
      const lock = writeLock(file);
      const saved = session.save();
      const others = Promise.all([
        browser.clone({ ...browser.options }).visit(increment),
        browser.visit((other) =>
          other.update((own) => void own.set("count", own.get("count") + 1))
        ),
      ]);
      await pause(3000);
      assertEquals(session.state, "pending");
      lock[Symbol.dispose]();
      await saved;
      await others;
    });
    assertEquals(await browser.visit(count), 3);
  });
});

Deno.test("Session.save() and open() fail with a SessionError when another program locks the database for too long", async () => {
  await withFile({ lease: 1000, timeout: 500 }, async (browser, file) => {
    const code = async (work: () => Promise<unknown>) => {
      try {
        await work();
        return null;
      } catch (error) {
        if (error instanceof SessionError) return error.code;
        throw error;
      }
    };
    await browser.visit(async (session) => {
      await session.open();
      session.set("count", 1000);
      const lock = writeLock(file);
      const saved = code(() => session.save());
      const opened = code(() => browser.visit(increment));
      await pause(3000);
      lock[Symbol.dispose]();
      assertEquals(await saved, "ERR_STORE");
      assert(["ERR_STORE", "ERR_LOCK_TIMEOUT"].includes(await opened ?? ""));
      assertEquals(session.get("count"), 0);
    });
    // A commit that was under way may still come.
    const before = await browser.visit(count);
    assert(before === 0 || before === 1000, `${before}`);
    const patient = { ...browser.options, lock: { timeout: 30_000 } };
    const after = await browser.clone(patient).visit(increment);
    assert(after === 1 || after === 1001, `${after}`);
  });
});
