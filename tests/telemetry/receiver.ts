/** A span as it is exported, as far as it matters here. */
export interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code: number; readonly message: string };
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

/** A point of a metric, of the last export. */
export interface Point {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly count?: string;
  readonly sum?: number;
  readonly asDouble?: number;
  readonly explicitBounds?: readonly number[];
}

/** A server for OTLP in JSON over http, which keeps what it gets. */
export class Receiver implements AsyncDisposable {
  readonly spans: Span[] = [];
  readonly metrics = new Map<string, { unit: string; points: Point[] }>();
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => this.#receive(request),
  );

  /** What makes Deno export to here. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
    };
  }

  async #receive(request: Request): Promise<Response> {
    // deno-lint-ignore no-explicit-any -- as the protocol has it
    const body: any = await request.json();
    for (const { scopeSpans } of body.resourceSpans ?? []) {
      for (const { spans } of scopeSpans) this.spans.push(...plain(spans));
    }
    for (const { scopeMetrics } of body.resourceMetrics ?? []) {
      for (const { metrics } of scopeMetrics) {
        for (const { name, unit, histogram, sum } of metrics) {
          const points = plain((histogram ?? sum)?.dataPoints ?? []);
          this.metrics.set(name, { unit, points: points as Point[] });
        }
      }
    }
    return Response.json({});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** The same with attributes as members of an object, at every depth. */
// deno-lint-ignore no-explicit-any -- as the protocol has it
function plain(value: any): any {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === "attributes" ? attributesOf(member as Pair[]) : plain(member),
    ]),
  );
}

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

function attributesOf(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}
