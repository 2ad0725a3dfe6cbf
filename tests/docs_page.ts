const root = new URL("../", import.meta.url);

/** A page of `docs/`. */
export class DocsPage {
  readonly name: string;
  readonly text: string;

  constructor(name: string) {
    this.name = name;
    this.text = Deno.readTextFileSync(new URL(name, root));
  }

  /** Its programs, in order. */
  get programs(): string[] {
    return [...this.text.matchAll(/^```ts\n(.*?)^```/gms)]
      .map(([, code]) => code!);
  }

  /** The program that stands under a heading, of which it must be the only one. */
  programUnder(heading: string): string {
    const [, section] = this.text.split(`\n## ${heading}\n`);
    const [own] = (section ?? "").split("\n## ");
    const [code, ...others] = [...own!.matchAll(/^```ts\n(.*?)^```/gms)];
    if (code === undefined || others.length > 0) {
      throw new Error(`${this.name}: not one program under "${heading}"`);
    }
    return code[1]!;
  }

  /** The links to files of this repository, as URLs with an anchor. */
  get links(): URL[] {
    const inline = /\]\(((?!https?:)[^)]+)\)/g;
    const here = new URL(this.name, root);
    return [...this.text.matchAll(inline)]
      .map(([, path]) => new URL(path!, here));
  }
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-")
  );
}

/** Programs in files, while a test runs. */
export class ProgramFiles implements AsyncDisposable {
  readonly paths: readonly string[];
  readonly #directory: string;

  private constructor(directory: string, paths: readonly string[]) {
    this.#directory = directory;
    this.paths = paths;
  }

  static async write(programs: readonly string[]): Promise<ProgramFiles> {
    const directory = await Deno.makeTempDir();
    const paths = programs.map((_, index) => `${directory}/${index}.ts`);
    for (const [index, code] of programs.entries()) {
      await Deno.writeTextFile(paths[index]!, code);
    }
    return new ProgramFiles(directory, paths);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }
}

/** What a program exports, run in this process. */
export async function exportsOf<T>(program: string): Promise<T> {
  await using files = await ProgramFiles.write([program]);
  return await import(`file://${files.paths[0]}`);
}
