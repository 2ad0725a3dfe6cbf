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
    const verdict = this.page.getByRole("status").filter({
      hasNotText: "under way",
    });
    return await verdict.innerText();
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
