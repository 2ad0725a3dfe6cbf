/**
 * The same against the server `denokv`, which `DENOKV` or the `PATH` names:
 *
 * ```sh
 * cargo install denokv --locked
 * deno test --allow-all tests/remote/denokv.ts
 * ```
 */
import { assertEquals } from "@std/assert";
import { Browser } from "../support.ts";
import { sleep } from "./chance.ts";
import { Ledger } from "./ledger.ts";
import {
  browserOf,
  createSessions,
  increment,
  openRemote,
  readSessions,
  type Remote,
} from "./processes.ts";
import { Relay } from "./relay.ts";

const hostname = "127.0.0.1";
const timeout = 10_000;
const binary = Deno.env.get("DENOKV") ?? "denokv";
const ignore = !await isThere();
if (ignore) {
  console.log(
    "Ignored, for lack of denokv: run cargo install denokv --locked, or set DENOKV to its path",
  );
}

async function isThere(): Promise<boolean> {
  const stdio = { stdout: "null", stderr: "null" } as const;
  try {
    const args = ["--help"];
    return (await new Deno.Command(binary, { args, ...stdio }).output())
      .success;
  } catch {
    return false;
  }
}

/** A server that can be killed at any time. */
class Denokv implements Remote, AsyncDisposable {
  readonly token = crypto.randomUUID();
  readonly port = freePort();
  readonly url = `http://${hostname}:${this.port}/`;
  readonly #directory: string;
  #child!: Deno.ChildProcess;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async start(): Promise<Denokv> {
    const server = new Denokv(await Deno.makeTempDir());
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const file = `${this.#directory}/kv.db`;
    const addr = `${hostname}:${this.port}`;
    const serve = ["serve", "--access-token", this.token, "--addr", addr];
    this.#child = new Deno.Command(binary, {
      args: ["--sqlite-path", file, ...serve],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    while (!await this.#answers()) await sleep(20);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #answers(): Promise<boolean> {
    try {
      (await Deno.connect({ hostname, port: this.port })).close();
      return true;
    } catch {
      return false;
    }
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}

/** Lets three processes increment for six seconds while something happens, and compares. */
async function account(
  remote: Remote,
  lease: number,
  meanwhile?: () => Promise<void>,
): Promise<Ledger> {
  const cookies = await createSessions(remote);
  const task = { cookies, increments: 1e9, time: 6000, timeout, lease };
  const [reports] = await Promise.all([increment(remote, task), meanwhile?.()]);
  const ledger = new Ledger(reports, await readSessions(remote, cookies));
  console.log(`${ledger}`);
  ledger.check(timeout);
  return ledger;
}

/** Does it three times while the processes are at work. */
async function thrice(act: () => Promise<void> | void): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await sleep(1500);
    await act();
  }
}

Deno.test({
  name: "Session works on denokv as it does on a file",
  ignore,
  async fn() {
    await using server = await Denokv.start();
    using kv = await openRemote(server);
    const browser = new Browser({ kv });
    for (const count of [1, 2, 3]) {
      await browser.visit(async (session) => {
        await session.open();
        await session.regenerate();
        session.set("count", count);
        await session.save();
      });
    }
    const cookie = browser.cookie;
    await browser.visit(async (session) => {
      await session.read();
      assertEquals(session.get("count"), 3);
      await session.open();
      await session.destroy();
    });
    assertEquals(browser.cookie, "");
    await browserOf({ kv }, cookie).visit(async (session) => {
      await session.read();
      assertEquals(session.isNew, true);
    });
  },
});

Deno.test({
  name: "Session.save() tells three processes the truth on denokv",
  ignore,
  async fn() {
    await using server = await Denokv.start();
    assertEquals((await account(server, 5000)).errors, {});
  },
});

Deno.test({
  name:
    "Session.save() tells three processes the truth on denokv when it is killed and started again",
  ignore,
  async fn() {
    await using server = await Denokv.start();
    await account(server, 300, () =>
      thrice(async () => {
        await server.kill();
        await sleep(300);
        await server.start();
      }));
  },
});

Deno.test({
  name:
    "Session.save() tells three processes the truth on denokv when connections break",
  ignore,
  async fn() {
    await using server = await Denokv.start();
    await using relay = new Relay(0, server.port);
    const url = `http://${hostname}:${relay.port}/`;
    await account({ url, token: server.token }, 300, () =>
      thrice(async () => {
        for (let i = 0; i < 10; i++) {
          relay.cutAll();
          await sleep(50);
        }
      }));
  },
});
