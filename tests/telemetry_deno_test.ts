import { assert, assertEquals } from "@std/assert";
import { Child } from "./child.ts";
import { Client } from "./client.ts";
import { Receiver, type Span } from "./telemetry/receiver.ts";

/** The kind of spans of requests that are served, in OTLP. */
const server = 2;

/** What Deno exports of a server after these requests, and what they were answered. */
async function exported(
  receiver: Receiver,
  requests: (browser: Client) => Promise<void>,
): Promise<void> {
  const { env } = receiver;
  await using child = new Child("tests/telemetry/server.ts", env);
  const browser = new Client(await child.address());
  await requests(browser);
  await browser.get("/stop");
  // It exports the rest when it ends by itself.
  const { code, output } = await child.ended();
  assertEquals(code, 0, output);
}

/** When a span began and ended, in ms. */
function times(span: Span): { start: number; end: number } {
  const ms = (nanoseconds: string) => Number(BigInt(nanoseconds) / 1000n) / 1e3;
  const { startTimeUnixNano, endTimeUnixNano } = span;
  return { start: ms(startTimeUnixNano), end: ms(endTimeUnixNano) };
}

/** The children of the span of the request with this path, in order of their ends. */
function childrenOf(path: string, spans: readonly Span[]): readonly Span[] {
  const request = spans.find(({ attributes, kind }) =>
    attributes["url.path"] === path && kind === server
  );
  assert(request !== undefined, `no request to ${path}`);
  const children = spans.filter(({ traceId, parentSpanId }) =>
    traceId === request.traceId && parentSpanId === request.spanId
  ).sort((a, b) => times(a).end - times(b).end);
  for (const child of children) {
    const [inner, outer] = [times(child), times(request)];
    // Their clocks may be 2 ms apart.
    assert(outer.start - 2 <= inner.start && inner.end <= outer.end + 2);
    assert(inner.start <= inner.end);
  }
  return children;
}

Deno.test("sessionTelemetry() shows each operation within its request in what Deno exports", async () => {
  await using receiver = new Receiver();
  const ids: string[] = [];
  await exported(receiver, async (browser) => {
    for (const path of ["/save", "/read", "/fail", "/login", "/logout"]) {
      ids.push((await browser.get(path)).text);
    }
    browser.cookies.set("session", "malformed");
    await browser.get("/read?malformed");
  });
  const [id, , , login] = ids;
  const { spans } = receiver;
  const drawn = (path: string) =>
    childrenOf(path, spans).map(({ name, attributes }) => [
      name,
      attributes["session.id"],
    ]);
  assertEquals(drawn("/save"), [["session.open", undefined], [
    "session.save",
    id,
  ]]);
  assertEquals(drawn("/read"), [["session.read", id]]);
  assertEquals(drawn("/login"), [
    ["session.open", id],
    ["session.regenerate", login],
    ["session.save", login],
  ]);
  assertEquals(drawn("/logout"), [
    ["session.open", login],
    ["session.destroy", login],
  ]);

  const [opened, failed] = childrenOf("/fail", spans);
  assertEquals([opened!.name, failed!.name], ["session.open", "session.save"]);
  assertEquals(failed!.status, { code: 2, message: "ERR_NOT_STORABLE" });
  assertEquals(failed!.attributes["error.type"], "ERR_NOT_STORABLE");

  const rejected = spans.flatMap(({ events }) => events)
    .filter(({ name }) => name === "session.rejected");
  const reason = { "session.rejection.reason": "malformed" };
  assertEquals(rejected.map(({ attributes }) => attributes), [reason]);
});

Deno.test("sessionTelemetry() measures in what Deno exports", async () => {
  await using receiver = new Receiver();
  await exported(receiver, async (browser) => {
    for (let i = 0; i < 3; i++) await browser.get("/save");
    await browser.get("/fail");
    await browser.get("/logout");
  });
  const { metrics } = receiver;
  const count = (name: string) =>
    metrics.get(name)!.points.map(({ count }) => Number(count));
  const operation = metrics.get("session.operation.duration")!;
  const counts = operation.points.map(({ attributes, count }) => [
    attributes["session.operation.name"],
    attributes["error.type"],
    Number(count),
  ]);
  assertEquals(counts.sort(), [
    ["destroy", undefined, 1],
    ["open", undefined, 5],
    ["save", undefined, 3],
    ["save", "ERR_NOT_STORABLE", 1],
  ]);
  assertEquals(operation.unit, "s");
  assertEquals(operation.points[0]!.explicitBounds!.at(-1), 60);
  // The first request has no session to wait for, and no lock.
  assertEquals(count("session.lock.wait.duration"), [4]);
  assertEquals(count("session.size"), [3]);
  const created = metrics.get("session.created")!;
  assertEquals(created.points.map(({ asDouble }) => asDouble), [1]);
  assertEquals(created.unit, "{session}");
});

Deno.test("mod.ts does not load @opentelemetry/api", async () => {
  const root = new URL("../", import.meta.url);
  const load = async (file: string) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--import-map=tools/npm_import_map.json", file],
      cwd: root,
    }).output();
    return new TextDecoder().decode(stdout);
  };
  assert(!(await load("mod.ts")).includes("@opentelemetry"));
  assert((await load("src/telemetry.ts")).includes("@opentelemetry"));
});
