import { assert, assertEquals } from "@std/assert";
import type { SessionError } from "@aerys/session";
import { type Contents, decodeContents, encodeContents } from "../src/data.ts";
import { decodeLock, encodeLock } from "../src/lock_entry.ts";
import { decodeRecord, encodeRecord, type Header } from "../src/record.ts";
import { Values } from "../src/values.ts";
import { sealed } from "./checksum.ts";
import { randomOf, seed } from "./proof/random.ts";

const inputs = Number(Deno.env.get("FUZZ") ?? 50_000);

type Random = () => number;

const cyclic: unknown[] = [1];
cyclic.push({ cyclic });
const values = new Map<string, unknown>([
  ["__proto__", { constructor: 1, list: [1, , -0, NaN, Infinity] }],
  ["dates", [new Date(0), new Date(NaN)]],
  ["maps", new Map<unknown, unknown>([[new Set([1n]), /a+/giu], ["b", null]])],
  ["bytes", [new Uint8Array([1, 2, 3]), new Float64Array([0.5]).buffer]],
  ["url", [new URL("http://localhost/?a=b"), undefined, cyclic]],
]);
const header: Header = {
  digest: new Uint8Array(32).fill(7),
  createdAt: 1_750_000_000_000,
  renewedAt: 1_750_000_000_001,
  expiresAt: 1_750_000_000_002,
  endsAt: 1_750_000_000_003,
  ttl: 60,
  marks: [{ writer: 2n ** 63n, serial: 4 }, { writer: 1n, serial: 1 }],
};
const owner = "01JZ8Q4V5X6Y7Z8A9BACDEFGHJ";
const none = new Map<string, unknown>();
const encode = (values: Map<string, unknown>, flash = none) =>
  encodeContents({ values: new Values(new Map(values)), flash });
const payload = encode(values);

/** Every value, though nobody asks for it. */
function all({ values, flash }: Contents) {
  return { values: new Map(values), flash };
}

/** What a decoder reads, and how what it has read is written again. */
const decoders = {
  decodeRecord: {
    valid: [encodeRecord({ ...header, payload })],
    again: (bytes: Uint8Array) => encodeRecord(decodeRecord(bytes)),
    read: decodeRecord,
  },
  decodeLock: {
    valid: [
      encodeLock({ kind: "held", owner, lease: 5000 }),
      encodeLock({ kind: "ended", owner, moved: true, header }),
    ],
    again: (bytes: Uint8Array) => encodeLock(decodeLock(bytes)),
    read: decodeLock,
  },
  decodeContents: {
    valid: [
      payload,
      encode(new Map([["a", { b: [1, "c"] }]]), new Map([["notice", "saved"]])),
      encode(
        new Map<string, unknown>([["a", { b: [1, "c"] }], ["d", null]]),
      ),
    ],
    again: (bytes: Uint8Array) => {
      const { values, flash } = all(decodeContents(bytes));
      return encode(values, flash);
    },
    read: (bytes: Uint8Array) => all(decodeContents(bytes)),
  },
};

const words = [
  ...["__proto__", "constructor", "toString", "Object", "Map", "Set", "Date"],
  ...["RegExp", "null", "BigInt", "URL", "ArrayBuffer", "Uint8Array", "-7"],
  ...["4294967295", "-1", "1e999", "[", "]", "{", "}", ",", '"', "\\u0000"],
].map((word) => new TextEncoder().encode(word));

function bytesOf(random: Random): Uint8Array {
  const length = Math.floor(random() ** 3 * 500);
  return Uint8Array.from({ length }, () => random() * 256);
}

/** Valid bytes after a few accidents. */
function mutated(valid: Uint8Array, random: Random): Uint8Array {
  let bytes = [...valid];
  const at = () => Math.floor(random() * (bytes.length + 1));
  for (let times = 1 + random() * 4; times > 1; times--) {
    const kind = Math.floor(random() * 7);
    const [i, j] = [at(), at()].sort((a, b) => a - b) as [number, number];
    const word = words[Math.floor(random() * words.length)]!;
    if (kind === 0) bytes = bytes.slice(0, i);
    else if (kind === 1) bytes.splice(i, Math.min(j - i, 30));
    else if (kind === 2) bytes.splice(i, 0, ...bytes.slice(i, j));
    else if (kind === 3) bytes.splice(i, 1, random() * 256 & 255);
    else if (kind === 4) {
      bytes.splice(i, 1, 1 << random() * 8 ^ bytes[i]! & 255);
    } else if (kind === 5) bytes.splice(i, 0, ...word);
    else bytes.splice(i, word.length, ...word);
  }
  return Uint8Array.from(bytes);
}

/** Valid JSON of the shape that the values' encoding has, and of no sense. */
function flattened(random: Random): Uint8Array {
  const pick = <T>(all: readonly T[]) =>
    all[Math.floor(random() * all.length)]!;
  const index = () => Math.floor(random() * 9) - (random() < 0.1 ? 8 : 0);
  const tag = [
    ...["Map", "Set", "Date", "RegExp", "Object", "BigInt", "null", "URL"],
    ...["Uint8Array", "ArrayBuffer", "DataView", "URLSearchParams", "Array"],
    ...["__proto__", "constructor", "Temporal.Instant", "Float64Array"],
  ];
  const items = Array.from({ length: 1 + random() * 8 }, (_, i): unknown => {
    const kind = random();
    const several = Array.from({ length: random() * 5 }, index);
    if (i === 0 && kind < 0.8) return ["Map", ...several];
    if (kind < 0.3) return [pick(tag), ...several];
    if (kind < 0.4) {
      return [pick(tag), pick(["a", "1", "AAAA", "=", "x(", "-"])];
    }
    if (kind < 0.5) return [-7, random() * 2 ** 32 >>> 0, ...several];
    if (kind < 0.7) return several;
    if (kind < 0.8) {
      return Object.fromEntries(several.map((n) => [pick(tag), n]));
    }
    return pick([1, -0, "a", "__proto__", true, null, "x".repeat(99)]);
  });
  return new TextEncoder().encode(JSON.stringify(items));
}

const prototypes = new Set<unknown>([
  ...[Object, Array, Map, Set, Date, RegExp, Number, String, Boolean, BigInt],
  ...[URL, URLSearchParams, ArrayBuffer, DataView, Uint8ClampedArray],
  ...[Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
].map(({ prototype }) => prototype)).add(null);

/** The first object inside that has another prototype than its kind has. */
function stranger(value: unknown, seen = new Set<unknown>()): unknown {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const temporal = Object.prototype.toString.call(value);
  const known = prototypes.has(Object.getPrototypeOf(value)) ||
    temporal.startsWith("[object Temporal.");
  if (!known) return value;
  const inner = value instanceof Map
    ? [...value].flat()
    : value instanceof Set
    ? [...value]
    : ArrayBuffer.isView(value)
    ? []
    : Object.values(value);
  return inner.map((item) => stranger(item, seen))
    .find((found) => found !== undefined);
}

/** Everything that hangs on the prototypes of all objects. */
function fingerprint(): string {
  return [...prototypes].filter((prototype) => prototype !== null)
    .map((prototype) => {
      const own = Reflect.ownKeys(prototype as object).map(String).join();
      return `${own}<${Object.getPrototypeOf(prototype) === null}`;
    }).join("\n");
}

for (const [name, { valid, again, read }] of Object.entries(decoders)) {
  Deno.test(`${name}() throws a plain Error or answers, for ${inputs} broken inputs, seed ${seed}`, () => {
    const random = randomOf(seed);
    const before = fingerprint();
    const tally = { refused: 0, decoded: 0, "not stored again": 0 };
    let slowest = 0;
    for (const bytes of valid) assertEquals(again(bytes), bytes);
    for (let i = 0; i < inputs; i++) {
      const kind = random();
      const source = valid[i % valid.length]!;
      const bytes = kind < 0.1
        ? bytesOf(random)
        : kind < 0.4 && name === "decodeContents"
        ? flattened(random)
        : name === "decodeContents" || random() < 0.5
        ? mutated(source, random)
        : sealed(mutated(source, random));
      const started = performance.now();
      const told = () => `seed ${seed}, input ${i}: ${[...bytes]}`;
      try {
        const decoded = read(bytes);
        tally.decoded++;
        assert(stranger(decoded) === undefined, told());
      } catch (error) {
        assert(error instanceof Error, told());
        assert(!/assertion/i.test(error.name), error.message);
        tally.refused++;
        continue;
      }
      let once: Uint8Array;
      try {
        once = again(bytes);
      } catch (error) {
        // The decoder knows some types that are never written.
        const { code } = error as SessionError;
        assert(code === "ERR_NOT_STORABLE", `${told()}: ${error}`);
        tally["not stored again"]++;
        continue;
      }
      if (!same(again(once), once)) assertEquals(again(once), once, told());
      slowest = Math.max(slowest, performance.now() - started);
    }
    assertEquals(fingerprint(), before);
    const counts = Object.entries(tally).map(([what, n]) => `${what} ${n}`);
    console.log(`${counts.join(", ")}; slowest ${Math.round(slowest)} ms`);
    assert(tally.refused > inputs / 50 && tally.decoded > inputs / 50);
  });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
