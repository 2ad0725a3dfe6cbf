import type { Session } from "@aerys/session";
import { honoSession, type SessionVariables } from "@aerys/session/hono";
import { assertEquals } from "@std/assert";
import {
  type Context,
  createFactory,
  createMiddleware,
  Hono,
  visit,
} from "./hono.ts";
import { Browser, testKv } from "./support.ts";

/** Fails to compile unless both types are the same. */
function same<A, B>(
  _proof: (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)
    ? true
    : false,
): void {}

interface Shop {
  user: string;
}

type ShopEnv = { Variables: SessionVariables<Shop> };

/** A handler that knows the types of the session's values. */
async function greet(c: Context<ShopEnv>): Promise<Response> {
  const session = c.get("session");
  same<typeof session, Session<Shop>>(true);
  same<typeof c.var.session, Session<Shop>>(true);
  await session.update(() => session.set("user", "ada"));
  // @ts-expect-error: no such key
  session.get("role");
  return c.text(session.get("user")!);
}

Deno.test("honoSession() fits app.use() and routes, with and without Data", async () => {
  using kv = await testKv();
  const options = { kv };
  const apps = [
    new Hono<ShopEnv>().use(honoSession(options)).get("/", greet),
    new Hono<ShopEnv>().use(honoSession<Shop>(options)).get("/", greet),
    new Hono<ShopEnv>().use("/*", honoSession<Shop>(options)).get("/", greet),
    new Hono<ShopEnv>().get("/", honoSession<Shop>(options), greet),
    new Hono<ShopEnv>().on("GET", "/", honoSession(options), greet),
    new Hono<ShopEnv>().all("/", honoSession(options), greet),
    new Hono<{ Variables: SessionVariables<Shop> & { other: string } }>()
      .use(honoSession<Shop>(options)).get("/", (c) => {
        same<typeof c.var.session, Session<Shop>>(true);
        same<typeof c.var.other, string>(true);
        return c.text("ada");
      }),
  ];
  for (const app of apps) {
    const response = await visit(app, new Browser({ kv }));
    assertEquals(await response.text(), "ada");
  }
});

Deno.test("honoSession() fits an app that declares no variables", async () => {
  using kv = await testKv();
  const app = new Hono();
  app.use(honoSession({ kv }));
  app.use("/app/*", honoSession<Shop>({ kv }));
  // deno-lint-ignore no-explicit-any -- as apps without types are
  new Hono<any>().use(honoSession<Shop>({ kv }));
  app.get("/", (c) => {
    // @ts-expect-error: the app declares no such variable
    return c.text(typeof c.get("session"));
  });
  assertEquals(await (await app.request("/")).text(), "object");
});

Deno.test("honoSession() fits createFactory() and createMiddleware()", async () => {
  using kv = await testKv();
  const factory = createFactory<ShopEnv>({
    initApp: (app) => void app.use(honoSession<Shop>({ kv })),
  });
  const middleware = createMiddleware<ShopEnv>(honoSession<Shop>({ kv }));
  const handlers = factory.createHandlers(honoSession<Shop>({ kv }), greet);
  const apps = [
    factory.createApp().get("/", greet),
    new Hono<ShopEnv>().get("/", ...handlers),
    // Through createMiddleware() an app learns of the variable by itself.
    new Hono().use(middleware).get("/", (c) => {
      same<typeof c.var.session, Session<Shop>>(true);
      return greet(c);
    }),
    new Hono().get("/", factory.createMiddleware(middleware), greet),
  ];
  for (const app of apps) {
    const response = await visit(app, new Browser({ kv }));
    assertEquals(await response.text(), "ada");
  }
});

Deno.test("honoSession<Data>() refuses an app that declares another session", () => {
  const app = new Hono<ShopEnv>();
  // @ts-expect-error: this user is a number
  app.use(honoSession<{ user: number }>());
  // @ts-expect-error: this session has no user
  app.use(honoSession<{ a: number }>());
  const other = new Hono<{ Variables: { session: string } }>();
  // @ts-expect-error: this session is a string
  other.use(honoSession());
});
