import { assertEquals } from "@std/assert";
import { Line } from "../src/line.ts";

Deno.test("Line calls onEmpty when the last one leaves, and only then", () => {
  let emptied = 0;
  const line = new Line(() => emptied++);
  const [first, second] = [line.join(), line.join()];
  first.leave();
  assertEquals(emptied, 0);
  second.leave();
  assertEquals(emptied, 1);
});

Deno.test("Place.followed is true only before one who has shown the secret", () => {
  const line = new Line(() => {});
  const [first, second] = [line.join(), line.join()];
  assertEquals(first.followed, false);
  second.proven = true;
  assertEquals([first.followed, second.followed], [true, false]);
});

Deno.test("Place.leave() in the middle calls nobody", async () => {
  const line = new Line(() => {});
  const [first, second, third] = [line.join(), line.join(), line.join()];
  let called = false;
  third.turn.then(() => called = true);
  assertEquals(second.leave(), false);
  await Promise.resolve();
  assertEquals(called, false);
  assertEquals(first.leave(), true);
  await third.turn;
});
