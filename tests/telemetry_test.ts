import { SpanStatusCode } from "@opentelemetry/api";
import { sessionTelemetry } from "@aerys/session/telemetry";
import { assert, assertEquals } from "@std/assert";
import { Browser, increment, testKv } from "./support.ts";
import { Collector } from "./telemetry.ts";
import { id, moments, previousId, spans } from "./telemetry_events.ts";

/** A time of the SDK, `[s, ns]`, in ms. */
function ms([s, ns]: readonly [number, number]): number {
  return s * 1e3 + ns / 1e6;
}

for (const [event, name, attributes] of spans) {
  Deno.test(`sessionTelemetry() makes ${JSON.stringify(event)} a span ${name} that took as long`, async () => {
    await using collector = new Collector();
    const listener = sessionTelemetry();
    const before = Date.now();
    const request = await collector.request(() => listener(event));
    const after = Date.now();
    const [span, ...others] = collector.spans;
    assertEquals(others, [request]);
    assertEquals([span!.name, span!.attributes], [name, attributes]);
    assertEquals(
      span!.parentSpanContext?.spanId,
      request.spanContext().spanId,
    );
    assertEquals(span!.instrumentationScope.name, "@aerys/session");
    const status = event.type === "failed"
      ? { code: SpanStatusCode.ERROR, message: event.code }
      : { code: SpanStatusCode.UNSET };
    assertEquals(span!.status, status);
    const { took } = event as { took: number };
    const off = ms(span!.duration) - took;
    assert(Math.abs(off) < 0.01, `${off} ms off`);
    // Where performance.now() is more exact, it may be 2 ms off.
    const end = ms(span!.endTime);
    assert(before - 2 <= end && end <= after + 2, `ended at ${end}`);
  });
}

for (const [event, name, attributes] of moments) {
  Deno.test(`sessionTelemetry() makes ${JSON.stringify(event)} an event ${name} of the active span`, async () => {
    await using collector = new Collector();
    const listener = sessionTelemetry();
    const request = await collector.request(() => listener(event));
    assertEquals(collector.spans, [request]);
    const [found, ...others] = request.events;
    assertEquals([found?.name, found?.attributes], [name, attributes]);
    assertEquals(others, []);
  });
}

Deno.test("sessionTelemetry() without an active span makes spans without a parent", async () => {
  await using collector = new Collector();
  const listener = sessionTelemetry();
  for (const [event] of [...spans, ...moments]) listener(event);
  assertEquals(collector.spans.length, spans.length);
  for (const span of collector.spans) {
    assertEquals(span.parentSpanContext, undefined);
  }
});

Deno.test("sessionTelemetry() makes no spans with spans: false, and measures all the same", async () => {
  await using collector = new Collector();
  const listener = sessionTelemetry({ spans: false });
  const request = await collector.request(() => {
    for (const [event] of [...spans, ...moments]) listener(event);
  });
  assertEquals(collector.spans, [request]);
  assertEquals(request.events, []);
  const { "session.operation.duration": operation } = await collector.metrics();
  const count = operation!.points.reduce((sum, { count }) => sum + count!, 0);
  assertEquals(count, spans.length);
});

Deno.test("sessionTelemetry() uses an SDK that is registered before the first event", async () => {
  const listener = sessionTelemetry();
  await using collector = new Collector();
  for (const [event] of spans) listener(event);
  assertEquals(collector.spans.length, spans.length);
  assert("session.operation.duration" in await collector.metrics());
});

Deno.test("sessionTelemetry() without an SDK does nothing", async () => {
  const listener = sessionTelemetry();
  for (const [event] of [...spans, ...moments]) listener(event);
  using kv = await testKv();
  const browser = new Browser({ kv, onEvent: sessionTelemetry() });
  await browser.visit(increment);
  assertEquals(await browser.visit(increment), 2);
});

Deno.test("sessionTelemetry() makes children of the span of each request, in whatever order they go on", async () => {
  await using collector = new Collector();
  using kv = await testKv();
  const browser = new Browser({ kv, onEvent: sessionTelemetry() });
  await browser.visit(increment);
  const before = collector.spans.length;
  const requests = await Promise.all(
    Array.from(
      { length: 5 },
      () => collector.request(() => browser.clone().visit(increment)),
    ),
  );
  for (const name of ["session.open", "session.save"]) {
    const parents = collector.spans.slice(before)
      .filter((span) => span.name === name)
      .map(({ parentSpanContext }) => parentSpanContext!.spanId);
    assertEquals(new Set(parents).size, 5, name);
  }
  assertEquals(new Set(requests).size, 5);
});

/** A point of a metric: its attributes, its sum, and its count if it is a histogram. */
type Point = readonly [Record<string, unknown>, sum: number, count?: number];

const operations = (
  ...all: [name: string, sum: number, count: number][]
): Point[] =>
  all.map(([name, sum, count]) => [
    { "session.operation.name": name },
    sum,
    count,
  ]);

const failures = ["open", "read", "save", "unlock", "update"];

/** What all those events come to. */
const measured: Record<string, readonly [unit: string, Point[]]> = {
  "session.operation.duration": ["s", [
    ...operations(
      ["open", 1.5, 2],
      ["read", 0.00225, 2],
      ["save", 0.006, 2],
      ["regenerate", 0.004, 1],
      ["destroy", 0.005, 1],
    ),
    ...failures.map((name): Point => [
      { "session.operation.name": name, "error.type": "ERR_STORE" },
      10,
      1,
    ]),
  ]],
  "session.lock.wait.duration": ["s", [[{}, 1.25, 1]]],
  "session.lock.hold.duration": ["s", [[{}, 0.5 + 0.25 + 0.125 + 60, 4]]],
  "session.size": ["By", [[{}, 301, 2]]],
  "session.created": ["{session}", [[{}, 1]]],
  "session.conflicted": ["{update}", [[{}, 1]]],
  "session.lock.taken_over": ["{lock}", [[{}, 1]]],
  "session.lock.lost": ["{lock}", [[{}, 1]]],
  "session.rejected": ["{cookie}", [
    ...["malformed", "unknown", "ended", "wrong_secret", "expired"].map(
      (reason): Point => [{ "session.rejection.reason": reason }, 1],
    ),
  ]],
};

Deno.test("sessionTelemetry() measures in seconds, bytes and counts, and without ids", async () => {
  await using collector = new Collector();
  const listener = sessionTelemetry();
  for (const [event] of [...spans, ...moments]) listener(event);
  const all = await collector.metrics();
  assertEquals(Object.keys(all).sort(), Object.keys(measured).sort());
  for (const [name, [unit, points]] of Object.entries(measured)) {
    assertEquals(all[name]!.unit, unit, name);
    const rounded = all[name]!.points.map(({ attributes, sum, count }) => [
      ...[attributes, Number(sum.toFixed(9))],
      ...(count === undefined ? [] : [count]),
    ]);
    assertEquals(rounded, points as unknown[], name);
  }
  const json = JSON.stringify(all);
  for (const secret of [id, previousId]) assert(!json.includes(secret));
});

Deno.test("sessionTelemetry() measures waits in vain, too, and none of requests without a session", async () => {
  await using collector = new Collector();
  const listener = sessionTelemetry();
  const opened = { type: "opened", took: 0, waited: 0, locked: true } as const;
  listener({ ...opened, id: null, locked: false });
  listener({ ...opened, id });
  listener({ ...opened, id: null, waited: 2000 }); // It ended meanwhile.
  const failed = { type: "failed", id, method: "open" } as const;
  listener({ ...failed, code: "ERR_LOCK_TIMEOUT", took: 10_000 });
  listener({ ...failed, code: "ERR_LOCK_CANCELLED", took: 7000 });
  const { "session.lock.wait.duration": wait } = await collector.metrics();
  assertEquals(wait!.points, [
    { attributes: {}, sum: 2, count: 2 },
    { attributes: { "error.type": "ERR_LOCK_TIMEOUT" }, sum: 10, count: 1 },
  ]);
});

Deno.test("sessionTelemetry() has buckets from a ms to a minute, and up to what Deno KV holds", async () => {
  await using collector = new Collector();
  const listener = sessionTelemetry();
  for (const [event] of spans) listener(event);
  for (const name of ["operation", "lock.wait", "lock.hold"]) {
    const bounds = await collector.bounds(`session.${name}.duration`);
    assertEquals([bounds[0], bounds.at(-1)], [0.001, 60], name);
    assertEquals(bounds, bounds.toSorted((a, b) => a - b));
  }
  const bounds = await collector.bounds("session.size");
  assertEquals([bounds[0], bounds.at(-1)], [256, 61_440]);
});
