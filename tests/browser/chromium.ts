// deno-lint-ignore-file no-import-prefix -- only these tests need Playwright
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
} from "npm:playwright-core@^1";

export type { BrowserContext, Page } from "npm:playwright-core@^1";

const names = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
];

/** A Chromium with a new profile and without a window. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /**
   * Starts the Chromium that `CHROMIUM` or the `PATH` names. In it every name
   * under `.test` is this machine, so that there are sites of several domains.
   */
  static async launch(): Promise<Chromium> {
    const browser = await chromium.launch({
      executablePath: await findChromium(),
      // Playwright turns off what the back button uses.
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
      args: [
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--host-resolver-rules=MAP *.test 127.0.0.1",
      ],
    });
    return new Chromium(browser);
  }

  /** Somebody with cookies of their own, for whom the site's path is a whole address. */
  visitor(
    site: { readonly origin: string },
    options: BrowserContextOptions = {},
  ): Promise<BrowserContext> {
    return this.#browser.newContext({
      baseURL: site.origin,
      ignoreHTTPSErrors: true,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

async function findChromium(): Promise<string> {
  const named = Deno.env.get("CHROMIUM");
  const separator = Deno.build.os === "windows" ? ";" : ":";
  const directories = Deno.env.get("PATH")?.split(separator) ?? [];
  const paths = named !== undefined
    ? [named]
    : directories.flatMap((path) => names.map((name) => `${path}/${name}`));
  for (const path of paths) {
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch {
      // Not here.
    }
  }
  const why = named === undefined
    ? `the PATH has none of ${names.join(", ")}`
    : `CHROMIUM is ${named}, and there is no such file`;
  throw new Error(
    `Cannot test in a browser: ${why}. Install one, as with apt-get install ` +
      "chromium, and have it in the PATH or set CHROMIUM to its path",
  );
}
