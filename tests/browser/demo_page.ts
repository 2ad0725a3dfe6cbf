import type { BrowserContext, Page } from "./chromium.ts";

/** The demo in a tab. */
export class DemoPage {
  readonly page: Page;
  /** What went wrong in the page: exceptions, and what the policy forbids. */
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  /** Opens it in a new tab. */
  static async open(visitor: BrowserContext): Promise<DemoPage> {
    const demo = new DemoPage(await visitor.newPage());
    await demo.page.goto("/");
    return demo;
  }

  /** What the page says under one of its terms. */
  async told(term: string): Promise<string> {
    const row = this.page.locator("dl > div").filter({
      has: this.page.getByText(term, { exact: true }),
    });
    return await row.locator("dd").innerText();
  }

  /** Sends the form with the name; waits for the page that follows. */
  async login(name: string): Promise<void> {
    await this.page.getByLabel("Name").fill(name);
    await this.#submit("Log in", "Log out");
  }

  async logout(): Promise<void> {
    await this.#submit("Log out", "Log in");
  }

  /** Presses "20 at once", and waits for the verdict. */
  async race(): Promise<string> {
    await this.page.getByRole("button", { name: "20 at once" }).click();
    const verdict = this.page.locator("#verdict").filter({
      hasNotText: "under way",
    });
    return await verdict.innerText();
  }

  /** The newest line of the list of changes, once it is like this. */
  line(pattern: RegExp) {
    return this.page.locator("#changes > li:first-child").filter({
      hasText: pattern,
    });
  }

  /** The list of changes, the newest first. */
  async lines(): Promise<string[]> {
    const lines = await this.page.locator("#changes > li").allInnerTexts();
    return lines.map((line) => line.replaceAll(/\s+/g, " "));
  }

  /** What the page says of its listening. */
  async listening(): Promise<string> {
    return await this.page.locator("#listening").innerText();
  }

  /** Brings the tab to the front or to the back; without a window, all are in front. */
  async show(visible: boolean): Promise<void> {
    await this.page.evaluate(
      `Object.defineProperty(document, "hidden", {
        configurable: true,
        value: ${!visible},
      });
      document.dispatchEvent(new Event("visibilitychange"));`,
    );
  }

  /** How often the locked counter has counted in this session. */
  async count(): Promise<number> {
    return await this.page.evaluate(async () =>
      (await (await fetch("/locked")).json()).count
    );
  }

  async #submit(button: string, next: string): Promise<void> {
    await this.page.getByRole("button", { name: button }).click();
    await this.page.getByRole("button", { name: next }).waitFor();
  }
}
