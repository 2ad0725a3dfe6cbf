import { assertEquals } from "@std/assert";
import {
  LockError,
  type Session,
  type SessionOptions,
  withSession,
} from "@aerys/session";
import {
  CountingClock,
  gate,
  ManualClock,
  until,
  withClock,
} from "../support.ts";
import { Chromium, type Page } from "./chromium.ts";
import { Site } from "./site.ts";

type Data = { user: string; late: boolean };
type Step = (
  session: Session<Data>,
  pause: () => Promise<void>,
) => Promise<unknown>;

/** What a request does with its session, and where it is slow. */
const slow: Record<string, Step> = {
  "has not touched its session yet": async (session, pause) => {
    await pause();
    await session.open();
    session.set("late", true);
    await session.save();
  },
  "has read its session": async (session, pause) => {
    await session.read();
    await pause();
    await session.update(() => session.set("late", true));
  },
  "has not begun its answer": async (session, pause) => {
    await session.open();
    session.set("late", true);
    await session.save();
    await pause();
  },
};

/** An application with one slow path, which waits until it is let go on. */
class App implements AsyncDisposable {
  /** Opens when the slow request has got as far as it is let. */
  readonly arrived = gate();
  /** Lets the slow request go on. */
  readonly goOn = gate();
  /** Whether the login or logout found what the slow request had saved. */
  sawLate: boolean | null = null;
  readonly origin: string;
  readonly #site: Site;
  readonly #step: Step;

  constructor(step: Step, options: SessionOptions) {
    this.#step = step;
    const answer = withSession<Data>(this.#answer.bind(this), options);
    this.#site = new Site("https", answer);
    this.origin = this.#site.origin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.goOn.open(); // A test that fails does not get there.
    await this.#site[Symbol.asyncDispose]();
  }

  async #answer(request: Request, session: Session<Data>): Promise<Response> {
    const { pathname } = new URL(request.url);
    try {
      await this.#route(pathname, session);
    } catch (error) {
      if (!(error instanceof LockError)) throw error;
      return new Response(error.code, { status: 503 });
    }
    const user = session.get("user") ?? "nobody";
    return new Response(`<p>${user}</p>`, {
      headers: { "content-type": "text/html" },
    });
  }

  async #route(pathname: string, session: Session<Data>): Promise<unknown> {
    switch (pathname) {
      case "/":
        return await session.read();
      case "/first":
        return await session.update(() => session.set("late", false));
      case "/slow":
        return await this.#step(session, async () => {
          this.arrived.open();
          await this.goOn.promise;
        });
      case "/login":
        await this.#enter(session);
        session.set("user", "Ada");
        await session.regenerate();
        return await session.save();
      case "/logout":
        await this.#enter(session);
        return await session.destroy();
    }
  }

  async #enter(session: Session<Data>): Promise<void> {
    await session.open();
    this.sawLate = session.get("late");
  }
}

/** With a ttl, each use of a session that is old enough extends its cookie. */
const lifetimes: SessionOptions[] = [{ ttl: -1 }, { ttl: 100 }];

/** A request to the slow path that is under way: its status, once it is answered. */
function fetchSlow(page: Page): Promise<number> {
  const status = page.evaluate(async () => (await fetch("/slow")).status);
  status.catch(() => {}); // Whoever awaits it later is told.
  return status;
}

for (const [state, step] of Object.entries(slow)) {
  for (const end of ["login", "logout"] as const) {
    Deno.test(`a request that ${state} does not undo a ${end} in another tab`, async () => {
      await using chromium = await Chromium.launch();
      for (const lifetime of lifetimes) {
        using kv = await Deno.openKv(":memory:");
        const clock = new ManualClock();
        const options = withClock({ kv, ...lifetime }, clock);
        await using app = new App(step, options);
        await using visitor = await chromium.visitor(app);
        const slowTab = await visitor.newPage();
        const tab = await visitor.newPage();
        await slowTab.goto("/first");
        if (end === "logout") await tab.goto("/login");
        clock.advance(20_000);

        const late = fetchSlow(slowTab);
        await app.arrived.promise;
        await tab.goto(`/${end}`);
        const after = await visitor.cookies();
        assertEquals(after.length, end === "login" ? 1 : 0);
        app.goOn.open();
        await late;

        assertEquals(await visitor.cookies(), after);
        for (const page of [tab, slowTab]) {
          assertEquals(await userOf(page), end === "login" ? "Ada" : "nobody");
        }
      }
    });
  }
}

/** What a request may have its session locked with. */
const held: Record<string, Step> = {
  "open()": async (session, pause) => {
    await session.open();
    await pause();
    session.set("late", true);
    await session.save();
  },
  "update()": async (session, pause) => {
    await session.update(async () => {
      session.set("late", true);
      await pause();
    });
  },
};

for (const [method, step] of Object.entries(held)) {
  for (const end of ["login", "logout"] as const) {
    Deno.test(`a ${end} waits for a request that holds the session with ${method}, and prevails`, async () => {
      using kv = await Deno.openKv(":memory:");
      const clock = new CountingClock();
      await using app = new App(step, withClock({ kv }, clock));
      await using chromium = await Chromium.launch();
      const visitor = await chromium.visitor(app);
      const [slowTab, tab] = [await visitor.newPage(), await visitor.newPage()];
      await slowTab.goto("/first");
      const late = fetchSlow(slowTab);
      await app.arrived.promise;
      const timers = clock.waiting;
      const ended = tab.goto(`/${end}`);
      ended.catch(() => {});
      await until(() => clock.waiting > timers); // A request that waits has one.
      app.goOn.open();
      assertEquals(await late, 200);
      await ended;
      assertEquals(await userOf(slowTab), end === "login" ? "Ada" : "nobody");
      assertEquals(app.sawLate, true);
    });
  }
}

async function userOf(page: Page): Promise<string> {
  await page.goto("/");
  return await page.locator("p").innerText();
}
