import type { Session, SessionEvent, SessionOptions } from "@aerys/session";
import { decodeRecord } from "../src/record.ts";
import { Browser, browserWith, ManualClock, TestKv } from "./support.ts";
import { requestOf, testKv, withClock } from "./support.ts";
import { withSession } from "@aerys/session";

/** How long a call to the database takes, in ms of a clock that stands still otherwise. */
export const callTime = 5;

/**
 * A database, a browser with a session in it, and what a listener is told. In
 * what {@linkcode Stage.told} gives, the id of that session is `"A"`, and
 * those that follow are `"B"`, `"C"` and so on.
 */
export class Stage implements Disposable {
  readonly kv: TestKv;
  readonly clock: ManualClock;
  readonly options: SessionOptions;
  readonly browser: Browser;
  readonly #events: SessionEvent[];
  readonly #names = new Map<string, string>();

  private constructor(
    browser: Browser,
    [kv, clock]: [TestKv, ManualClock],
    events: SessionEvent[],
  ) {
    this.browser = browser;
    this.options = browser.options;
    this.kv = kv;
    this.clock = clock;
    this.#events = events;
  }

  /** A session with a `user`; from now on every call to the database takes its time. */
  static async open(options: SessionOptions = {}): Promise<Stage> {
    const kv = await testKv();
    const clock = new ManualClock();
    const events: SessionEvent[] = [];
    const onEvent = (event: SessionEvent) => void events.push(event);
    const browser = await browserWith(
      withClock({ onEvent, ...options, kv }, clock),
      { user: "ada" },
    );
    const stage = new Stage(browser, [kv, clock], events);
    stage.told(); // Now the session has its name.
    stage.slow();
    return stage;
  }

  /** A browser that has been here never before. */
  stranger(): Browser {
    return new Browser(this.options);
  }

  /** The same browser's requests to another process, which tells nobody. */
  elsewhere(): Browser {
    const { lock = {} } = this.options;
    const kv = new TestKv(this.kv.kv);
    return this.browser.clone(withClock({ lock, kv }, this.clock));
  }

  /** Makes a request whose handler may fail. */
  async visit(
    handle: (session: Session) => unknown,
    browser: Browser = this.browser,
  ): Promise<void> {
    const handler = withSession(async (_request, session) => {
      await handle(session);
      return new Response();
    }, browser.options);
    await handler(requestOf(browser)).catch(() => {});
  }

  /** Lets every call to the database take its time again. */
  slow(): void {
    this.kv.intercept = (_call, run) => {
      this.clock.advance(callTime);
      return run();
    };
  }

  /** What was told since the last time. */
  told(): SessionEvent[] {
    return this.#events.splice(0).map((event) => {
      const named: Record<string, unknown> = { ...event };
      for (const member of ["previousId", "id"]) {
        const id = named[member];
        if (typeof id === "string") named[member] = this.nameOf(id);
      }
      return named as unknown as SessionEvent;
    });
  }

  /** The letter that stands for an id. */
  nameOf(id: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = String.fromCharCode("A".charCodeAt(0) + this.#names.size);
    this.#names.set(id, name);
    return name;
  }

  /** How much the values take that are stored under the name. */
  async bytes(name: string): Promise<number> {
    const ids = [...this.#names.keys()];
    const id = ids.find((id) => this.#names.get(id) === name)!;
    const { value } = await this.kv.kv.get(["session", "data", id]);
    return decodeRecord(value).payload.length;
  }

  [Symbol.dispose](): void {
    this.kv[Symbol.dispose]();
  }
}

/** Opens the session and changes it. */
export async function change(session: Session): Promise<void> {
  await session.open();
  session.set("user", "somebody else");
}
