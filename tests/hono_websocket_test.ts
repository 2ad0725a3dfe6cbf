import { assert, assertEquals } from "@std/assert";
import {
  appOf,
  collect,
  type Env,
  type Hono,
  increment,
  upgradeWebSocket,
  visit,
} from "./hono.ts";
import {
  assertFree,
  browserWith,
  ManualClock,
  testKv,
  withClock,
} from "./support.ts";

/** Serves the app while `use` runs. */
async function serve(
  app: Hono<Env>,
  use: (address: string) => Promise<void>,
): Promise<void> {
  const onListen = () => {};
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen },
    app.fetch,
  );
  try {
    await use(`127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("honoSession() lets a WebSocket through, which may use the session", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  app.get(
    "/",
    async (c, next) => {
      await c.get("session").read();
      await next();
    },
    upgradeWebSocket((c) => ({
      async onMessage(_event, socket) {
        socket.send(await (await increment(c)).text());
      },
    })),
  );
  const browser = await browserWith({ kv }, { a: 1 });
  await serve(app, async (address) => {
    const headers = { cookie: browser.cookie };
    const socket = new WebSocket(`ws://${address}/`, { headers });
    const answers: string[] = [];
    await new Promise((resolve, reject) => {
      socket.onopen = () => socket.send("");
      socket.onerror = reject;
      socket.onclose = resolve;
      socket.onmessage = ({ data }) => {
        answers.push(data);
        if (answers.length < 3) socket.send("");
        else socket.close();
      };
    });
    assertEquals(answers, ["2", "3", "4"]);
  });
  await assertFree(kv, browser, [["a", 4]]);
});

Deno.test("honoSession() gives onError() the error of an upgrade that would lose a new cookie", async () => {
  using kv = await testKv();
  const app = appOf({ kv });
  const errors = collect(app);
  app.get("/", async (c) => {
    await increment(c);
    return upgraded();
  });
  assertEquals((await app.request("/")).status, 500);
  assert(errors[0]!.message.includes("101 Switching"), errors[0]!.message);
});

Deno.test("honoSession() lets an upgrade through when the cookie is due for extension", async () => {
  using kv = await testKv();
  const clock = new ManualClock();
  const options = withClock({ kv, ttl: 100 }, clock);
  const app = appOf(options);
  app.get("/", async (c) => {
    await c.get("session").read();
    return upgraded();
  });
  const browser = await browserWith(options, { a: 1 });
  clock.advance(50_000);
  assertEquals((await visit(app, browser)).status, 101);
});

/** Looks like the response of an upgrade. */
function upgraded(): Response {
  return Object.defineProperty(new Response(), "status", { value: 101 });
}
