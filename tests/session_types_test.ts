import { assertEquals, assertThrows } from "@std/assert";
import { Session } from "@aerys/session";
import { Browser, testKv } from "./support.ts";

interface Shop {
  user: string;
  cart: { item: string; count: number }[];
  seenAt?: Date;
  7: boolean;
}

/** A locked session that no database knows of. */
function locked<Data extends object>(): Promise<Session<Data>> {
  return new Session<Data>(new Request("http://localhost/"), {}).open();
}

/** Fails to compile unless both types are the same. */
function same<A, B>(
  _proof: (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2)
    ? true
    : false,
): void {}

Deno.test("Session<Data> types the values by key", async () => {
  const session = await locked<Shop>();
  session.set("user", "ada").set("cart", [{ item: "book", count: 1 }]);
  session.set(7, true);

  const user = session.get("user");
  same<typeof user, string | null>(true);
  const cart = session.get("cart");
  same<typeof cart, Shop["cart"] | null>(true);
  const seenAt = session.get("seenAt");
  same<typeof seenAt, Date | undefined | null>(true);
  const seven = session.get(7);
  same<typeof seven, boolean | null>(true);

  assertEquals([user, cart?.[0]?.count, seenAt, seven], [
    "ada",
    1,
    null,
    true,
  ]);
});

Deno.test("Session<Data> refuses other keys and other types of values", async () => {
  const session = await locked<Shop>();
  // @ts-expect-error: a user is no number
  const _user: number | null = session.get("user");
  // @ts-expect-error: no such key
  session.set("role", "admin");
  // @ts-expect-error: no such key
  session.get("role");
  // @ts-expect-error: no such key
  session.has("role");
  // @ts-expect-error: no such key
  session.delete("role");
  // @ts-expect-error: a number is no string
  session.set("user", 1);
  // @ts-expect-error: the count is missing
  session.set("cart", [{ item: "book" }]);
  // @ts-expect-error: what is read may be null
  const user: string = session.get("user");
  assertEquals(user as unknown, 1);
});

Deno.test("Session without a type takes every key, and values are unknown until named", async () => {
  const session = await locked<Record<string, unknown>>();
  session.set("visits", 1).set(2, "two");

  const visits = session.get("visits");
  same<typeof visits, unknown>(true);
  const named = session.get<number>("visits");
  same<typeof named, number | null>(true);
  // @ts-expect-error: what is read may be null
  const wrong: number = session.get<number>("visits");
  // @ts-expect-error: keys are strings and numbers
  assertThrows(() => session.has(true), TypeError);

  assertEquals([visits, named, wrong, session.get(2)], [1, 1, 1, "two"]);
});

Deno.test("Session<Data>.update() hands on the type, and gives what the function returns", async () => {
  using kv = await testKv();
  await new Browser<Shop>({ kv }).visit(async (session: Session<Shop>) => {
    const count = await session.update((inner) => {
      // @ts-expect-error: a number is no string
      inner.set("user", 1);
      inner.set("user", "ada");
      return inner.size;
    });
    same<typeof count, number>(true);
    assertEquals(count, 1);
  });
});
