/**
 * A process of its own, on a database that it shares with others. Its
 * arguments are the file, the cookie, the lease in ms, what to do, and a name.
 */
import {
  type Session,
  SessionError,
  type SessionOptions,
} from "@aerys/session";
import { Browser } from "./support.ts";

interface Data {
  count: number;
  /** How much each process has counted. */
  by: Record<string, number>;
}

const [file, cookie, lease, task, name] = Deno.args as [
  string,
  string,
  string,
  string,
  string,
];

// Whatever becomes of its parent, it ends.
const end = setTimeout(() => Deno.exit(1), 60_000);

/** Increments the count, and this process's own, which it answers. */
async function add(session: Session<Data>): Promise<number> {
  await session.open();
  const by = session.get("by") ?? {};
  const own = by[name] = (by[name] ?? 0) + 1;
  session.set("by", by).set("count", (session.get("count") ?? 0) + 1);
  await session.save();
  return own;
}

const tasks: Record<string, (browser: Browser<Data>) => Promise<void>> = {
  /** Increments 100 times, 8 at a time. */
  async increment(browser) {
    let left = 100;
    await Promise.all(Array.from({ length: 8 }, async () => {
      while (left-- > 0) await browser.visit(add);
    }));
  },

  /** Increments until it is killed, and says so each time. */
  async count(browser) {
    for (;;) {
      try {
        say(`${await browser.visit(add)}`);
      } catch (error) {
        if (!(error instanceof SessionError)) throw error;
        say(error.code);
      }
    }
  },

  /** Is frozen while it holds the session, and tries to save when it thaws. */
  async freeze(browser) {
    await browser.visit(async (session) => {
      await session.open();
      session.set("count", 1000);
      say("locked");
      Deno.kill(Deno.pid, "SIGSTOP");
      await session.save();
    });
  },

  /** The same, and looks at the signal before. */
  async wake(browser) {
    await browser.visit(async (session) => {
      await session.open();
      const { signal } = session;
      session.set("count", 1000);
      say("locked");
      Deno.kill(Deno.pid, "SIGSTOP");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      say(`aborted ${signal.reason.code}`);
      await session.save();
    });
  },

  /** Is killed while it holds the session. */
  async die(browser) {
    await browser.visit(async (session) => {
      await session.open();
      session.set("count", 1000);
      say("locked");
      Deno.kill(Deno.pid, "SIGKILL");
    });
  },
};

// Synchronous, because the process may not come to its next turn.
function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

using kv = await Deno.openKv(file);
const options: SessionOptions = {
  kv,
  lock: { lease: Number(lease), timeout: 50_000 },
};
const browser = new Browser<Data>(options);
browser.cookies.set("session", cookie);
try {
  await tasks[task]!(browser);
  say("done");
} catch (error) {
  if (!(error instanceof SessionError)) throw error;
  say(error.code);
}
clearTimeout(end);
