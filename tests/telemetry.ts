// deno-lint-ignore-file no-import-prefix -- only these tests need an SDK
import { context, metrics, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "npm:@opentelemetry/context-async-hooks@^2.0.0";
import {
  type DataPoint,
  type Histogram,
  MeterProvider,
  MetricReader,
} from "npm:@opentelemetry/sdk-metrics@^2.0.0";
import {
  BasicTracerProvider,
  type ReadableSpan,
} from "npm:@opentelemetry/sdk-trace-base@^2.0.0";

class Reader extends MetricReader {
  protected override onForceFlush = () => Promise.resolve();
  protected override onShutdown = () => Promise.resolve();
}

/** What a metric has measured: its unit, and its points by their attributes. */
export interface Measured {
  readonly unit: string;
  readonly points: readonly {
    readonly attributes: Readonly<Record<string, unknown>>;
    /** The count of a counter, or the sum of a histogram. */
    readonly sum: number;
    /** How often a histogram was recorded to. */
    readonly count?: number;
  }[];
}

/** An SDK that is registered while it lives, and keeps what it gets. */
export class Collector implements AsyncDisposable {
  /** The spans that have ended, in that order. */
  readonly spans: ReadableSpan[] = [];
  readonly #reader = new Reader();
  readonly #tracers = new BasicTracerProvider({
    spanProcessors: [{
      onStart: () => {},
      onEnd: (span) => void this.spans.push(span),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    }],
  });
  readonly #meters = new MeterProvider({ readers: [this.#reader] });

  constructor() {
    const manager = new AsyncLocalStorageContextManager();
    context.setGlobalContextManager(manager.enable());
    trace.setGlobalTracerProvider(this.#tracers);
    metrics.setGlobalMeterProvider(this.#meters);
  }

  /** Runs something in a span of its own, and answers that. */
  async request(run: () => unknown): Promise<ReadableSpan> {
    await this.#tracers.getTracer("test").startActiveSpan(
      "request",
      async (span) => {
        await run();
        span.end();
      },
    );
    return this.spans.findLast(({ name }) => name === "request")!;
  }

  /** All that was measured so far, by the names of the metrics. */
  async metrics(): Promise<Record<string, Measured>> {
    const { resourceMetrics } = await this.#reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return Object.fromEntries(all.map(({ descriptor, dataPoints }) => {
      const points = (dataPoints as DataPoint<number | Histogram>[])
        .map(({ attributes, value }) =>
          typeof value === "number"
            ? { attributes, sum: value }
            : { attributes, sum: value.sum ?? 0, count: value.count }
        );
      return [descriptor.name, { unit: descriptor.unit, points }];
    }));
  }

  /** The bounds of a histogram's buckets. */
  async bounds(name: string): Promise<readonly number[]> {
    const { resourceMetrics } = await this.#reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    const found = all.find(({ descriptor }) => descriptor.name === name)!;
    return (found.dataPoints[0]!.value as Histogram).buckets.boundaries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tracers.shutdown();
    await this.#meters.shutdown();
    trace.disable();
    metrics.disable();
    context.disable();
  }
}
