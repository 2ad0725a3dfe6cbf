import { assertEquals, assertMatch } from "@std/assert";
import { Child } from "./child.ts";
import { Client } from "./client.ts";
import { ServerEvents } from "./server_events.ts";

const permissions = [
  "--allow-net=127.0.0.1",
  "--allow-env=PORT",
  "--allow-read=demo",
];

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `demo/main.ts prints its address, serves, and stops on ${signal}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using child = new Child("demo/main.ts", { PORT: "0" }, permissions);
      const address = await child.address();
      assertMatch(address, /^http:\/\/localhost:\d+$/);
      const browser = new Client(address.replace("localhost", "127.0.0.1"));
      assertMatch((await browser.get("/")).text, /<title>Visit 1 /);
      assertEquals((await child.stop(signal)).code, 0);
    },
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `demo/main.ts does not wait on ${signal} for a page that listens`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using child = new Child("demo/main.ts", { PORT: "0" }, permissions);
      const address = await child.address();
      const browser = new Client(address.replace("localhost", "127.0.0.1"));
      await browser.get("/");
      await using events = await ServerEvents.from(browser, "/events");
      assertEquals((await events.next())?.event, "stored");
      const { code, output } = await child.stop(signal);
      assertEquals([code, await events.next()], [0, null]);
      assertMatch(output, /Ctrl-C stops it\.\s*$/);
    },
  });
}

Deno.test("demo/main.ts says what to do when the port is taken", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const env = { PORT: String(port) };
  await using child = new Child("demo/main.ts", env, permissions);
  const { code, output } = await child.ended();
  assertEquals(code, 1);
  assertEquals(
    output.trim().split("\n").at(-1),
    `Port ${port} is taken; choose another one: PORT=${
      port + 1
    } deno task demo`,
  );
});

Deno.test("demo/main.ts says what a port is", async () => {
  for (const PORT of ["http", "65536", "-1"]) {
    await using child = new Child("demo/main.ts", { PORT }, permissions);
    const { code, output } = await child.ended();
    assertEquals(code, 1);
    assertMatch(output, /PORT must be a number from 0 to 65535, and it is /);
  }
});
