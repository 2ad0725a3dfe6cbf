import { assertEquals } from "@std/assert";
import { withSession } from "@aerys/session";
import { Browser, browserWith, count, testKv } from "./support.ts";

Deno.test("withSession() lets a body stream on after the response was made", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start: (c) => void (controller = c),
  });
  const { response } = await browser.exchange(
    count,
    () => new Response(stream),
  );
  const reader = response.body!.getReader();
  for (const byte of [1, 2]) {
    controller.enqueue(Uint8Array.of(byte));
    assertEquals((await reader.read()).value, Uint8Array.of(byte));
  }
  controller.close();
  assertEquals((await reader.read()).done, true);
});

Deno.test("withSession() cancels a streaming body when the client goes away", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { count: 1 });
  let cancelled: unknown;
  const stream = new ReadableStream({
    cancel: (reason) => void (cancelled = reason),
  });
  const { response } = await browser.exchange(
    count,
    () => new Response(stream),
  );
  await response.body!.cancel("gone");
  assertEquals(cancelled, "gone");
});

Deno.test("withSession() leaves no cookie on a response that the handler keeps for all", async () => {
  using kv = await testKv();
  const shared = new Response(null, { status: 204 });
  const cookies = [];
  for (let i = 0; i < 2; i++) {
    const { response } = await new Browser({ kv }).exchange(
      (session) => session.update(() => session.set("a", 1)),
      () => shared,
    );
    cookies.push(...response.headers.getSetCookie());
  }
  assertEquals(new Set(cookies).size, 2);
  assertEquals([...shared.headers], []);
  const { response } = await new Browser({ kv }).exchange(
    () => {},
    () => shared,
  );
  assertEquals(response.headers.getSetCookie(), []);
});

Deno.test("withSession() lets WebSockets through", async () => {
  using kv = await testKv();
  const browser = await browserWith({ kv }, { user: "ada" });
  const handler = withSession(async (request, session) => {
    await session.read();
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => socket.send(`${session.get("user")}`);
    return response;
  }, { kv });
  const greeting = Promise.withResolvers<string>();
  const stop = new AbortController();
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    signal: stop.signal,
    onListen() {},
    onError(error) {
      greeting.reject(error);
      return new Response(null, { status: 500 });
    },
  }, handler);
  const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`, {
    headers: { cookie: browser.cookie },
  });
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.onerror = () => greeting.reject(new Error("no connection"));
  socket.onmessage = ({ data }) => greeting.resolve(data);
  try {
    assertEquals(await greeting.promise, "ada");
  } finally {
    socket.close();
    stop.abort();
    await Promise.all([closed, server.finished]);
  }
});
