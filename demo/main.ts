/**
 * Starts the demo on `PORT` (8000 unless it is set) of this machine, and stops
 * it on Ctrl-C.
 *
 * @module
 */
import { createApp } from "./app.ts";

/** Says in one sentence why the demo cannot run, and ends. */
function fail(sentence: string): never {
  console.error(sentence);
  Deno.exit(1);
}

const wanted = Deno.env.get("PORT") ?? "8000";
const port = /^\d{1,5}$/.test(wanted) ? Number(wanted) : NaN;
if (!(port <= 65_535)) {
  fail(`PORT must be a number from 0 to 65535, and it is ${wanted}.`);
}

using kv = await Deno.openKv(":memory:");
const stopping = new AbortController();
const server = serve();
const signals: Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];
for (const signal of signals) Deno.addSignalListener(signal, stop);
await server.finished;

function serve(): Deno.HttpServer {
  const onListen = (address: Deno.NetAddr) => {
    console.log(`The demo is at http://localhost:${address.port}/`);
    console.log("Ctrl-C stops it.");
  };
  try {
    // Only this machine: the cookie of a plain http page goes nowhere else.
    const options = { hostname: "127.0.0.1", port, onListen };
    return Deno.serve(options, createApp({ kv, signal: stopping.signal }));
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    const other = port < 65_535 ? port + 1 : 8000;
    fail(
      `Port ${port} is taken; choose another one: PORT=${other} deno task demo`,
    );
  }
}

/**
 * Lets requests under way end, and ends those that never would. A second Ctrl-C
 * finds no listener, and ends at once.
 */
function stop(): void {
  for (const signal of signals) Deno.removeSignalListener(signal, stop);
  stopping.abort();
  server.shutdown();
}
