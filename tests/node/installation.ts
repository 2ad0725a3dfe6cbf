const root = new URL("../../", import.meta.url);

// No question asked, and the network only for what no cache holds.
const env = {
  NO_UPDATE_NOTIFIER: "1",
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_prefer_offline: "true",
  npm_config_yes: "true",
};

/** Runs a command to its end, and gives what it printed; throws if it failed. */
async function run(
  cwd: string | URL,
  command: string,
  ...args: string[]
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    env,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (success) return text(stdout);
  const what = `${command} ${args.join(" ")}`;
  throw new Error(`${what} failed:\n${text(stdout)}\n${text(stderr)}`);
}

/** Why nothing can be installed and run on Node here; `null` if it can. */
export async function whyNoNode(): Promise<string | null> {
  try {
    const version = await run(".", "node", "--version");
    const [major = 0, minor = 0] = version.slice(1).split(".").map(Number);
    if (major < 20 || major === 20 && minor < 16) {
      return `Node ${version} is older than 20.16`;
    }
    await run(".", "npm", "view", "srvx@1", "version", "--fetch-retries=0");
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A directory beside a clone, in which npm has installed the package. */
export class Installation implements AsyncDisposable {
  readonly #parent: string;
  readonly app: string;

  private constructor(parent: string) {
    this.#parent = parent;
    this.app = `${parent}/app`;
  }

  /** Builds the package, and runs these commands of npm. */
  static async create(commands: readonly string[]): Promise<Installation> {
    const installation = new Installation(await Deno.makeTempDir());
    const { app } = installation;
    try {
      const clone = `${installation.#parent}/session`;
      await Deno.mkdir(clone);
      await Deno.mkdir(app);
      const tool = ["run", "-A", "--no-config", "tools/node_package.ts", clone];
      await run(root, Deno.execPath(), ...tool);
      for (const command of commands) {
        const [npm = "", ...args] = command.split(" ");
        await run(app, npm, ...args);
      }
      return installation;
    } catch (error) {
      await installation[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes a file beside `node_modules`. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.app}/${name}`, text);
  }

  /** Copies a file of the repository there. */
  async copy(path: string): Promise<void> {
    await Deno.copyFile(
      new URL(path, root),
      `${this.app}/${path.split("/").at(-1)}`,
    );
  }

  /** Runs a command there, and gives what it printed; throws if it failed. */
  async run(command: string, ...args: string[]): Promise<string> {
    return await run(this.app, command, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#parent, { recursive: true });
  }
}
