import { assertEquals, assertMatch } from "@std/assert";
import type { SessionOptions } from "@aerys/session";
import { maxPayloadLength } from "../src/store.ts";
import { DocsPage } from "./docs_page.ts";
import { Browser, browserWith, count, increment, testKv } from "./support.ts";

const page = new DocsPage("docs/production.md");

Deno.test("docs/production.md: a restored copy revives what was ended since, and another prefix does not", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/kv.db`;
  const copy = `${directory}/copy.db`;
  const during = async (
    browser: Browser | null,
    prefix: string,
    run: (browser: Browser) => unknown,
  ) => {
    using kv = await Deno.openKv(path);
    const options = { kv, prefix: [prefix] };
    const next = browser?.clone(options) ?? new Browser(options);
    await run(next);
    return next;
  };
  try {
    const ada = await during(null, "a", (browser) => browser.visit(increment));
    await Deno.copyFile(path, copy);
    await during(ada, "a", (browser) =>
      browser.visit(async (session) => {
        await session.open();
        await session.destroy();
      }));
    const logged = async (prefix: string) => {
      let found: unknown;
      await during(ada, prefix, async (browser) => {
        found = await browser.visit(count);
      });
      return found;
    };
    assertEquals(await logged("a"), null);
    await Deno.copyFile(copy, path);
    assertEquals(await logged("a"), 1);
    assertEquals(await logged("b"), null);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("docs/production.md: a session holds as much, and a record is as much longer, as the page says", async () => {
  const most = maxPayloadLength.toLocaleString("en");
  assertMatch(page.text, new RegExp(`A session holds ${most} bytes`));
  using kv = await testKv();
  let bytes = 0;
  const options: SessionOptions = {
    kv,
    onEvent: (event) => {
      if (event.type === "saved") bytes = event.bytes;
    },
  };
  const browser = await browserWith(options, { count: 1 });
  const [id] = browser.token!.split(".");
  const { value } = await kv.kv.get<Uint8Array>(["session", "data", id!]);
  assertEquals(value!.length - bytes, 90);
  assertMatch(page.text, /A\s+record\s+is\s+90\s+bytes\s+longer/);
});

Deno.test("docs/production.md: the events to watch are events, with these members, and all but two", async () => {
  const source = new URL("../src/events.ts", import.meta.url);
  const text = await Deno.readTextFile(source);
  const [, declared] = text.split("export type SessionEvent =");
  const types = [...declared!.matchAll(/type: ((?:"\w+"(?: \| )?)+)/g)]
    .flatMap(([, all]) => all!.split(" | ").map((type) => type.slice(1, -1)));
  const [, table] = page.text.split("| event ");
  const [rows] = table!.split("\n\n");
  const named = rows!.split("\n").slice(2)
    .flatMap((row) => [...row.split("|")[1]!.matchAll(/`(\w+)`/g)])
    .map(([, name]) => name!);
  const members = named.filter((name) => !types.includes(name));
  assertEquals(members, ["code", "waited", "held", "bytes", "reason"]);
  for (const member of members) assertMatch(declared!, RegExp(`${member}:`));
  const left = types.filter((type) => !named.includes(type));
  assertEquals(left.sort(), ["read", "unlocked"]);
});
