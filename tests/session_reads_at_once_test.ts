import { assertEquals } from "@std/assert";
import {
  assertCode,
  browserWith,
  gate,
  requestOf,
  sessionOf,
  testKv,
  tick,
} from "./support.ts";
import { withSession } from "@aerys/session";

Deno.test("Session.read() has the values when it resolves, whatever later read() is under way", async () => {
  using kv = await testKv();
  const session = sessionOf(await browserWith({ kv }, { user: "ada" }));
  const answer = gate();
  let calls = 0;
  kv.intercept = async (_call, run) => {
    const isLate = ++calls > 1;
    const found = await run();
    if (isLate) await answer.promise;
    return found;
  };
  const early = session.read();
  const late = session.read();
  await early;
  assertEquals(session.get("user"), "ada");
  answer.open();
  await late;
  assertEquals(session.get("user"), "ada");
});

Deno.test("Session.update() that tries again shows no flash that another request has taken", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 0 });
  await browser.visit((session) =>
    session.update(() => void session.flash("notice", "Saved"))
  );
  const shown: unknown[] = [];
  await browser.visit(async (session) => {
    let tries = 0;
    await session.update(async () => {
      if (++tries === 1) {
        await browser.visit(async (other) => {
          await other.read();
          shown.push(other.get("notice"));
        });
      }
      session.set("count", 1);
    });
    shown.push(session.get("notice"));
  });
  assertEquals(shown, ["Saved", null]);
});

Deno.test("Session.unlock() brings a flash back that read() took and set() put out of sight", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 0 });
  await browser.visit((session) =>
    session.update(() => void session.flash("notice", "Saved"))
  );
  await browser.visit(async (session) => {
    await session.read();
    await session.open();
    session.set("notice", "other");
    await session.unlock();
    assertEquals(session.get("notice"), "Saved");
    await session.open();
    session.delete("notice");
    await session.save();
    assertEquals(session.get("notice"), null);
  });
});

for (const how of ["update()", "save()"]) {
  Deno.test(`Session.${how} whose answer was lost is found applied though a read() took its flash since`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { count: 0 });
    let shown: unknown;
    await browser.visit(async (session) => {
      const change = () => {
        session.set("count", (session.get("count") ?? 0) + 1);
        session.flash("notice", "Saved");
        kv.intercept = async (call, run) => {
          const answer = await run();
          if (call.op !== "commit" || !call.sets.includes("data")) {
            return answer;
          }
          kv.reset();
          await browser.visit(async (other) => {
            await other.read();
            shown = other.get("notice");
          });
          throw new Error("the connection was lost");
        };
      };
      if (how === "update()") return await session.update(change);
      await session.open();
      change();
      await session.save();
    });
    await browser.visit(async (session) => {
      await session.read();
      assertEquals(
        [session.get("count"), shown, session.get("notice")],
        [1, "Saved", null],
      );
    });
  });
}

for (const end of ["regenerate", "destroy"] as const) {
  Deno.test(`Session.changes() that ended at ${end}() elsewhere leaves no way to begin another session`, async () => {
    using kv = await testKv();
    const browser = await browserWith({ kv }, { user: "ada" });
    await browser.visit(async (session) => {
      await session.read();
      await browser.visit(async (other) => {
        await other.open();
        await other[end]();
        if (end === "regenerate") await other.save();
      });
      assertEquals((await session.changes().next()).done, true);
      await assertCode(
        () => session.update(() => session.set("seen", 1)),
        "ERR_LOCK_LOST",
      );
    });
    assertEquals(browser.cookies.size, end === "regenerate" ? 1 : 0);
  });
}

Deno.test("Session.changes() waits where it is asked for the next one while the session is locked", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 0 });
  const session = sessionOf(browser);
  const changes = session.changes();
  await changes.next();
  const own = session.update(() => session.set("count", 1));
  const next = changes.next();
  await own;
  await tick();
  await browser.visit((other) => other.update(() => other.set("count", 2)));
  assertEquals((await next).done, false);
  assertEquals(session.get("count"), 2);
  await changes.return!();
});

Deno.test("Session.changes() keeps a stream private that asks for it after the response is made", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { user: "ada" });
  const handler = withSession((_request, session) => {
    const changes = session.changes();
    return new Response(
      new ReadableStream({
        async pull(stream) {
          await changes.next();
          stream.enqueue(
            new TextEncoder().encode(session.get<string>("user")!),
          );
        },
        async cancel() {
          await changes.return!();
        },
      }, { highWaterMark: 0 }),
    );
  }, { kv });
  const { headers, body } = await handler(requestOf(browser));
  assertEquals(headers.get("vary"), "Cookie");
  assertEquals(headers.get("cache-control"), "private");
  await body!.cancel();
});

Deno.test("Session.save() stores with a flash what it stores without", async () => {
  using kv = await testKv();
  let deep: unknown = 1;
  for (let depth = 0; depth < 499; depth++) deep = { deep };
  const browser = await browserWith({ kv }, { deep });
  await browser.visit((session) =>
    session.update(() => void session.flash("notice", "Saved"))
  );
});
