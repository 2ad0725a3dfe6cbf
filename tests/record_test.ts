import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { decodeContents, encodeContents } from "../src/data.ts";
import {
  decodeRecord,
  encodeRecord,
  maxHeaderLength,
  type StoredRecord,
} from "../src/record.ts";
import { Values } from "../src/values.ts";
import { sealed } from "./checksum.ts";

const record: StoredRecord = {
  digest: Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
  createdAt: 1_750_000_000_000,
  renewedAt: 1_750_000_000_001,
  expiresAt: 1_750_000_000_002.5,
  endsAt: 1_750_000_000_003,
  ttl: 600,
  marks: [
    { writer: 2n ** 64n - 1n, serial: 1 },
    { writer: 0n, serial: Number.MAX_SAFE_INTEGER },
  ],
  payload: encodeContents({
    values: new Values(new Map([["a", [1, "two"]]])),
    flash: new Map(),
  }),
};

/** The error that decoding gives; `null` if it gives a session. */
function decodingError(bytes: unknown): unknown {
  try {
    new Map(decodeContents(decodeRecord(bytes).payload).values);
    return null;
  } catch (error) {
    return error;
  }
}

Deno.test("decodeRecord() gives what encodeRecord() was given", () => {
  const marks = Array.from(
    { length: 16 },
    (_, i) => ({ writer: BigInt(i), serial: i }),
  );
  const all: StoredRecord[] = [
    record,
    { ...record, marks: [] },
    { ...record, marks },
    { ...record, payload: new Uint8Array() },
    ...[null, -1, 0, 2 ** 31 - 1].map((ttl) => ({ ...record, ttl })),
  ];
  for (const each of all) {
    assertEquals(decodeRecord(encodeRecord(each)), each);
  }
});

Deno.test("decodeRecord() reads a view in the middle of a larger buffer", () => {
  const bytes = encodeRecord(record);
  const larger = new Uint8Array(bytes.length + 20).fill(9);
  larger.set(bytes, 10);
  const view = larger.subarray(10, 10 + bytes.length);
  assertEquals(decodeRecord(view).ttl, record.ttl);
  assertEquals([...decodeRecord(view).payload], [...record.payload]);
});

Deno.test("encodeRecord() takes no more than maxHeaderLength besides the payload", () => {
  const marks = Array.from({ length: 16 }, () => ({ writer: 1n, serial: 1 }));
  const bytes = encodeRecord({ ...record, marks });
  assertEquals(bytes.length - record.payload.length, maxHeaderLength);
});

Deno.test("encodeRecord() writes the same bytes for the same record, whatever the version", () => {
  // A change here makes every stored session unreadable: it needs a new format number.
  const marks = [{ writer: 258n, serial: 3 }];
  const payload = Uint8Array.of(7, 8);
  const digest = new Uint8Array(32).fill(1);
  const instants = { createdAt: 1, renewedAt: 2, expiresAt: 3, endsAt: 4 };
  const all = { digest, ...instants, ttl: null, marks, payload };
  const bytes = [...encodeRecord(all)];
  assertEquals(
    bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    "01" + "01".repeat(32) + "3ff0000000000000" + "4000000000000000" +
      "4008000000000000" + "4010000000000000" + "fffffffe" + "01" +
      "0000000000000102" + "4008000000000000" + "0708" +
      "3c7a0439",
  );
});

Deno.test("decodeRecord() and decodeContents() throw a plain Error on every truncation", () => {
  const bytes = encodeRecord(record);
  assertEquals(decodingError(bytes), null);
  for (let length = 0; length < bytes.length; length++) {
    const error = decodingError(bytes.subarray(0, length));
    assertInstanceOf(error, Error, `cut to ${length} bytes`);
  }
});

Deno.test("decodeRecord() throws a plain Error on what is no record", () => {
  const bytes = encodeRecord(record);
  const changed = (change: (view: DataView) => void) => {
    const copy = bytes.slice();
    change(new DataView(copy.buffer));
    return sealed(copy);
  };
  const garbage: Record<string, unknown> = {
    "undefined": undefined,
    "null": null,
    "a string": "text",
    "an object": { ...record },
    "an array": [...bytes],
    "a buffer": bytes.buffer,
    "another view of numbers": Uint16Array.from(bytes),
    "nothing": new Uint8Array(),
    "zeros": new Uint8Array(200),
    "an older format": changed((view) => view.setUint8(0, 0)),
    "a newer format": changed((view) => view.setUint8(0, 2)),
    "too many marks": encodeRecord({
      ...record,
      marks: Array.from({ length: 17 }, () => record.marks[0]!),
    }),
    "more marks than there are": changed((view) => view.setUint8(69, 16)),
    "no time to live that there is": changed((view) => view.setInt32(65, -3)),
    "no instant of creation": changed((view) => view.setFloat64(33, NaN)),
    "no instant of renewal": changed((view) => view.setFloat64(41, NaN)),
    "no idle deadline": changed((view) => view.setFloat64(49, NaN)),
    "an idle deadline that never passes": changed((view) =>
      view.setFloat64(49, Infinity)
    ),
    "no absolute deadline": changed((view) => view.setFloat64(57, NaN)),
    "an absolute deadline that never passes": changed((view) =>
      view.setFloat64(57, Infinity)
    ),
  };
  for (const [what, value] of Object.entries(garbage)) {
    let error: unknown;
    try {
      decodeRecord(value);
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, Error, what);
  }
});

Deno.test("decodeRecord() throws a plain Error on any changed bit", () => {
  const bytes = encodeRecord(record);
  for (let i = 0; i < bytes.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const copy = bytes.slice();
      copy[i]! ^= 1 << bit;
      assertThrows(() => decodeRecord(copy), Error);
    }
  }
});

Deno.test("decodeRecord() and decodeContents() throw nothing but Errors on any changed bit, whatever the checksum", () => {
  const bytes = encodeRecord(record);
  let refused = 0;
  for (let i = 0; i < bytes.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const copy = bytes.slice();
      copy[i]! ^= 1 << bit;
      const error = decodingError(sealed(copy));
      assert(error === null || error instanceof Error);
      if (error !== null) refused++;
    }
  }
  assert(refused > 100);
});
