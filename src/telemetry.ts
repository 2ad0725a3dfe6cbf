/**
 * Spans and metrics of sessions, for [OpenTelemetry](https://opentelemetry.io).
 *
 * @module
 */
import {
  type Attributes,
  type Meter,
  metrics,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { SessionEvent, SessionListener } from "./events.ts";

/** What to make of events. Every member has a default. */
export interface SessionTelemetryOptions {
  /**
   * Whether to make spans and span events; metrics are always made.
   *
   * @default {true}
   */
  spans?: boolean;
}

/**
 * Makes a listener for the option `onEvent` that turns what happens to sessions
 * into metrics, and into children and events of the active span. It uses what
 * is registered with `@opentelemetry/api`: Deno does that by itself where
 * `OTEL_DENO=true`; elsewhere, register an SDK before the first request.
 * Without any it does next to nothing.
 *
 * The session's public id is an attribute of spans, and never one of metrics.
 *
 * @param options What to make of events.
 * @returns The listener.
 *
 * @example Watching a handler
 * ```ts
 * import { withSession } from "@aerys/session";
 * import { sessionTelemetry } from "@aerys/session/telemetry";
 * import { assertEquals } from "@std/assert";
 *
 * using kv = await Deno.openKv(":memory:");
 *
 * const handler = withSession(async (_request, session) => {
 *   await session.update(() => session.set("seen", new Date()));
 *   return new Response("Hello");
 * }, { kv, onEvent: sessionTelemetry() });
 *
 * const response = await handler(new Request("http://localhost/"));
 * assertEquals(await response.text(), "Hello");
 * ```
 */
export function sessionTelemetry(
  { spans = true }: SessionTelemetryOptions = {},
): SessionListener {
  const tracer = trace.getTracer(scope);
  let instruments: Instruments | undefined;
  return (event) => {
    // Not before: a meter got before an SDK is registered never measures.
    instruments ??= createInstruments(metrics.getMeter(scope));
    measure(event, instruments);
    if (spans) draw(event, tracer);
  };
}

const scope = "@aerys/session";

/** What takes its time is a span. */
type Timed = Extract<SessionEvent, { readonly took: number }>;
/** What does not is an event of the active span. */
type Moment = Exclude<SessionEvent, Timed>;

const operations = {
  opened: "open",
  read: "read",
  saved: "save",
  regenerated: "regenerate",
  destroyed: "destroy",
} as const;

const moments = {
  created: "session.created",
  unlocked: "session.unlocked",
  conflicted: "session.conflicted",
  takenOver: "session.lock.taken_over",
  lost: "session.lock.lost",
  malformed: "session.rejected",
  unknown: "session.rejected",
  wrongSecret: "session.rejected",
  expired: "session.rejected",
} as const;

/** The attribute for each member of an event, and what it is divided by: times are in seconds. */
const attributes: Readonly<Record<string, readonly [string, number?]>> = {
  id: ["session.id"],
  previousId: ["session.previous_id"],
  locked: ["session.locked"],
  waited: ["session.lock.wait.duration", 1000],
  held: ["session.lock.hold.duration", 1000],
  bytes: ["session.size"],
  code: ["error.type"],
  reason: ["session.lock.loss.reason"],
};

// From a hand-over within a process to the default of lock.maxHold.
const secondBuckets = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
  ...[1, 2.5, 5, 10, 30, 60],
];
// Deno KV does not hold much more than the last.
const byteBuckets = [256, 1024, 4096, 16_384, 32_768, 49_152, 57_344, 61_440];

type Instruments = ReturnType<typeof createInstruments>;

function createInstruments(meter: Meter) {
  const histogram =
    (unit: string, explicitBucketBoundaries: number[]) =>
    (name: string, description: string) => {
      const advice = { explicitBucketBoundaries };
      return meter.createHistogram(name, { unit, description, advice });
    };
  const seconds = histogram("s", secondBuckets);
  const bytes = histogram("By", byteBuckets);
  const count = (name: string, unit: string, description: string) =>
    [name, meter.createCounter(name, { unit, description })] as const;
  return {
    operation: seconds("session.operation.duration", "Operations on sessions."),
    wait: seconds("session.lock.wait.duration", "Waits for other requests."),
    hold: seconds("session.lock.hold.duration", "Locks, while they were held."),
    size: bytes("session.size", "Values of sessions, as saved."),
    counters: new Map([
      count(moments.created, "{session}", "Sessions begun."),
      count(moments.conflicted, "{update}", "Updates tried again."),
      count(moments.lost, "{lock}", "Locks lost by their holder."),
      count(moments.takenOver, "{lock}", "Locks of holders that are gone."),
      count(moments.unknown, "{cookie}", "Cookies that led to no session."),
    ]),
  };
}

function measure(event: SessionEvent, to: Instruments): void {
  if ("held" in event && event.held !== null) to.hold.record(event.held / 1000);
  if ("took" in event) measureOperation(event, to);
  else to.counters.get(moments[event.type])?.add(1, rejectionOf(event));
}

function measureOperation(event: Timed, to: Instruments): void {
  const took = event.took / 1000;
  const error = event.type === "failed" ? { "error.type": event.code } : {};
  const name = { "session.operation.name": operationOf(event) };
  to.operation.record(took, { ...name, ...error });
  if (event.type === "saved") to.size.record(event.bytes);
  // A request without a session has nothing to wait for.
  if (event.type === "opened" && (event.id !== null || event.waited > 0)) {
    to.wait.record(event.waited / 1000);
  }
  // The longest waits are those in vain.
  if (event.type === "failed" && event.code === "ERR_LOCK_TIMEOUT") {
    to.wait.record(took, error);
  }
}

function draw(event: SessionEvent, tracer: Tracer): void {
  if (!("took" in event)) {
    const name = moments[event.type];
    trace.getActiveSpan()?.addEvent(name, attributesOf(event));
    return;
  }
  const end = wallClock();
  const span = tracer.startSpan(`session.${operationOf(event)}`, {
    startTime: end - event.took,
    attributes: attributesOf(event),
  });
  if (event.type === "failed") {
    span.setStatus({ code: SpanStatusCode.ERROR, message: event.code });
  }
  span.end(end);
}

/** In ms since the epoch; in parts of them, unless the clock was set meanwhile. */
function wallClock(): number {
  const now = Date.now();
  const exact = performance.timeOrigin + performance.now();
  return Math.abs(exact - now) < 2 ? exact : now;
}

function operationOf(event: Timed): string {
  return event.type === "failed" ? event.method : operations[event.type];
}

function attributesOf(event: SessionEvent): Attributes {
  const all: Attributes = "took" in event ? {} : rejectionOf(event);
  for (const [member, value] of Object.entries(event)) {
    const [name, unit] = attributes[member] ?? [];
    if (name === undefined || value === null) continue;
    all[name] = typeof unit === "number" ? Number(value) / unit : value;
  }
  return all;
}

/** Why a cookie led to no session. */
function rejectionOf(event: Moment): Attributes {
  if (moments[event.type] !== moments.unknown) return {};
  const ended = event.type === "unknown" && event.ended;
  const reason = event.type === "wrongSecret" ? "wrong_secret" : event.type;
  return { "session.rejection.reason": ended ? "ended" : reason };
}
