import type { Session } from "@aerys/session";
import { assertEquals } from "@std/assert";
import { Browser, testKv } from "./support.ts";

/** What a request may do with its session. */
const steps: Record<string, (session: Session) => Promise<unknown>> = {
  async "save() of a new session"(session) {
    await session.open();
    session.set("user", "ada");
    await session.save();
  },
  async "save()"(session) {
    await session.open();
    session.set("user", "bob");
    await session.save();
  },
  async "unlock()"(session) {
    await session.open();
    await session.unlock();
  },
  async "regenerate()"(session) {
    await session.open();
    await session.regenerate();
    await session.save();
  },
  async "save() of nothing"(session) {
    await session.open();
    session.clear();
    await session.save();
  },
  async "destroy()"(session) {
    await session.open();
    await session.destroy();
  },
};

const histories = [
  ["save() of a new session"],
  ["save() of a new session", "save()"],
  ["save() of a new session", "unlock()"],
  ["save() of a new session", "regenerate()"],
  ["save() of a new session", "save() of nothing"],
  ["save() of a new session", "destroy()"],
  [
    "save() of a new session",
    "save()",
    "unlock()",
    "regenerate()",
    "destroy()",
  ],
];

// One exception: the commit that took the lock takes it again after unlock(),
// which has changed nothing else; that lock then ends with its lease.
// Deno sends a commit again when its connection breaks, and the first copy may
// still be on its way: it can arrive at any time after.
for (const history of histories) {
  Deno.test(`no commit has an effect when it arrives again after ${history.join(", ")}`, async () => {
    using kv = await testKv();
    const browser = new Browser({ kv });
    const commits: { by: string; again: () => Promise<unknown> }[] = [];
    for (const by of history) {
      kv.intercept = (call, run) => {
        const takesLock = by === "unlock()" && call.sets.includes("lock");
        if (call.op === "commit" && !takesLock) {
          commits.push({ by, again: run });
        }
        return run();
      };
      await browser.visit(steps[by]!);
    }
    for (const { by, again } of commits) {
      assertEquals([by, await again()], [by, { ok: false }]);
    }
  });
}

for (const end of ["regenerate()", "save() of nothing", "destroy()"]) {
  Deno.test(`Session.${end} ends a session for good, even if the commit that created it arrives again`, async () => {
    using kv = await testKv();
    const browser = new Browser({ kv });
    let again!: () => Promise<unknown>;
    kv.intercept = (call, run) => {
      if (call.op === "commit") again = run;
      return run();
    };
    await browser.visit(steps["save() of a new session"]!);
    kv.reset();
    const old = browser.clone();
    await browser.visit(steps[end]!);
    await again();
    await old.visit(async (session) => {
      await session.read();
      assertEquals([session.isNew, session.get("user")], [true, null]);
    });
  });
}
