import { assert, assertEquals } from "@std/assert";
import { decodeRecord, encodeRecord } from "../src/record.ts";
import { outcome, stored } from "./corruption.ts";
import { testKv } from "./support.ts";

/** Contents that no session has, in the format of `devalue`. */
const hostile: Record<string, string> = {
  "nothing": "",
  "no JSON": "{",
  "a null": "null",
  "a number": "-1",
  "an empty list": "[]",
  "a list": "[[]]",
  "an object": '[{"user":1},"ada"]',
  "a Set": '[["Set",1],"ada"]',
  "a key that is no text": '[["Map",1,1],7]',
  "a key that is the whole": '[["Map",0,0]]',
  "a key without a value": '[["Map",1],"a"]',
  "a value that is not there": '[["Map",1,99],"a"]',
  "a value at a name": '[["Map",1,"length"],"a"]',
  "an unknown type": '[["Map",1,2],"a",["Function",1]]',
  "a __proto__": '[["Map",1,2],"a",{"__proto__":1}]',
  "a __proto__ without a prototype": '[["Map",1,2],"a",["null","__proto__",1]]',
  "a wrapped object": '[["Map",1,2],"a",["Object",2]]',
  "no bigint": '[["Map",1,2],"a",["BigInt","x"]]',
  "no regular expression": '[["Map",1,2],"a",["RegExp","("]]',
  "no URL": '[["Map",1,2],"a",["URL","://"]]',
  "a view of a number": '[["Map",1,2],"a",["Uint8Array",3],1000000000]',
  "a view beyond its buffer":
    '[["Map",1,2],"a",["Uint8Array",3,0,4000000000],["ArrayBuffer","AAAA"]]',
  "a buffer of a number": '[["Map",1,2],"a",["ArrayBuffer",1000000000]]',
  "a negative length": '[["Map",1,2],"a",[-7,-1]]',
  "too great a length": '[["Map",1,2],"a",[-7,4294967296]]',
};

Deno.test("Session.open() and read() end in ERR_CORRUPT on contents that no session has, and leave no lock", async () => {
  using kv = await testKv();
  const { browser, key, bytes, lock } = await stored(kv);
  for (const [what, text] of Object.entries(hostile)) {
    await kv.kv.set(key, withContents(bytes, text));
    for (const method of ["read", "open"] as const) {
      assertEquals(await outcome(browser, method), "corrupt", what);
    }
    assertEquals((await kv.kv.get(lock)).versionstamp, null, what);
  }
});

const heavy: Record<string, string> = {
  "a sparse list of four billion": '[["Map",1,2],"a",[-7,4294967295,9,1]]',
  "9,000 levels": `[["Map",1,2],"a",${
    Array.from({ length: 9000 }, (_, i) => `[${i + 3}]`).join()
  },1]`.slice(0, 65_000),
  "30,000 entries": `[["Map"${",1,1".repeat(15_000)}],"a"]`,
  "a bigint of 60,000 digits": `[["Map",1,2],"a",["BigInt","${
    "9".repeat(60_000)
  }"]]`,
};

Deno.test("Session.open() and read() survive contents that are heavy to read", async () => {
  using kv = await testKv();
  const { browser, key, bytes } = await stored(kv);
  for (const [what, text] of Object.entries(heavy)) {
    await kv.kv.set(key, withContents(bytes, text));
    for (const method of ["read", "open"] as const) {
      assert(await outcome(browser, method) !== "none", what);
    }
  }
});

/** The record with other contents. */
function withContents(bytes: Uint8Array, text: string): Uint8Array {
  const payload = new TextEncoder().encode(text);
  return encodeRecord({ ...decodeRecord(bytes), payload });
}
