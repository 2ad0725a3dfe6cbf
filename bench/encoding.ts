// deno-lint-ignore-file no-import-prefix
/**
 * Compares ways to turn a session's values into bytes: what each one keeps and
 * refuses, what it does with bytes that it did not make, its size and speed.
 *
 * ```sh
 * deno run -A bench/encoding.ts
 * ```
 *
 * cbor-x is left out where its optional native part cannot be resolved;
 * `--minimum-dependency-age=2026-11-01` chooses versions with which it can.
 */
import { deserialize, serialize } from "node:v8";
import * as devalue from "npm:devalue@^6.0.3";
import * as seroval from "npm:seroval@^1.5.0";
import superjson from "npm:superjson@^2.2.2";
import { decodeContents, encodeContents } from "../src/data.ts";
import { Values } from "../src/values.ts";
import {
  attacks,
  deepObject,
  payload,
  random,
  same,
  values,
} from "./encoding_cases.ts";

interface Codec {
  encode(value: Map<string, unknown>): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) =>
  new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const hex = (digits: string) => Uint8Array.fromHex(digits.replaceAll(" ", ""));

const codecs: Record<string, Codec> = {
  "this library": {
    encode: (values) =>
      encodeContents({ values: new Values(values), flash: new Map() }),
    // All of it, though it is read when it is asked for.
    decode: (bytes) => new Map(decodeContents(bytes).values),
  },
  devalue: {
    encode: (value) => utf8(devalue.stringify(value)),
    decode: (bytes) => devalue.parse(text(bytes)),
  },
  seroval: {
    encode: (value) => utf8(JSON.stringify(seroval.toJSON(value))),
    decode: (bytes) => seroval.fromJSON(JSON.parse(text(bytes))),
  },
  superjson: {
    encode: (value) => utf8(superjson.stringify(value)),
    decode: (bytes) => superjson.parse(text(bytes)),
  },
  // The engine's own, which Deno KV uses for a value that is not bytes.
  v8: { encode: (v) => new Uint8Array(serialize(v)), decode: deserialize },
};
try {
  const { Encoder } = await import("npm:cbor-x@^1.6.0");
  const cbor = new Encoder({ structuredClone: true });
  codecs["cbor-x"] = {
    encode: (value) => new Uint8Array(cbor.encode(value)),
    decode: (bytes) => cbor.decode(bytes),
  };
} catch (error) {
  console.log(`cbor-x is left out: ${error}\n`);
}
const names = Object.keys(codecs);

const brief = (value: unknown) => {
  const line = Deno.inspect(value, { depth: 2, breakLength: Infinity });
  const shown = line.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
  return shown.length > 30 ? shown.slice(0, 29) + "…" : shown;
};
const named = (error: unknown) =>
  error instanceof Error
    ? error.constructor.name
    : `threw a non-error: ${brief(error)}`;

function table(head: string[], rows: string[][]) {
  console.log(`| ${head.join(" | ")} |\n|${" --- |".repeat(head.length)}`);
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
  console.log();
}

function outcome(codec: Codec, value: unknown, check = same) {
  let bytes;
  try {
    bytes = codec.encode(new Map([["v", value]]));
  } catch (error) {
    return `refused: ${named(error)}`;
  }
  try {
    const decoded = codec.decode(bytes) as Map<string, unknown>;
    const got = decoded.get("v");
    return check(value, got) ? "kept" : `CHANGED: \`${brief(got)}\``;
  } catch (error) {
    return `CANNOT BE READ: ${named(error)}`;
  }
}

// The deepest first: the code that decodes must not be warm yet.
console.log(
  "Objects so many levels deep, encoded by warm code, decoded by cold\n",
);
const levels = [4000, 3500, 3000, 2500, 2000, 1500, 1000, 500];
const depths = Object.values(codecs).map((codec) => {
  const shallow = new Map([["v", deepObject(20)]]);
  for (let i = 0; i < 20_000; i++) codec.encode(shallow);
  return levels.map((n) => outcome(codec, deepObject(n), () => true));
});
table(
  ["levels", ...names],
  levels.map((n, i) => [`${n}`, ...depths.map((column) => column[i]!)]),
);

console.log("What is kept, refused or changed by encoding and decoding\n");
table(
  ["value", ...names],
  Object.entries(values).map(([label, value]) => [
    label,
    ...names.map((name) => outcome(codecs[name]!, value)),
  ]),
);

/** Decodes and tells what happened, how long it took and what it used. */
function attempt(codec: Codec, bytes: Uint8Array) {
  const memory = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  let result = "", returned: unknown, threw = false;
  const [used, start] = [memory(), performance.now()];
  try {
    returned = codec.decode(bytes);
  } catch (error) {
    threw = true;
    result = named(error);
  }
  const ms = performance.now() - start;
  const grown = Math.max(0, memory() - used);
  if (!threw) result = `returned \`${brief(returned)}\``;
  const polluted = "x" in {} || Object.keys(Object.prototype).length > 0;
  if (polluted) result += " POLLUTED a prototype";
  return { result, threw, ms, grown };
}

console.log("Attacks on the decoder\n");
table(
  ["attack", ...names.filter((name) => name !== "v8")],
  Object.entries(attacks).map(([label, inputs]) => [
    label,
    ...names.filter((name) => name !== "v8").map((name) => {
      const input = inputs[name === "this library" ? "devalue" : name];
      if (input === undefined) return "-";
      const bytes = name === "cbor-x" ? hex(input) : utf8(input);
      const { result, ms, grown } = attempt(codecs[name]!, bytes);
      const cost = ms > 20 ? `, ${ms.toFixed()} ms` : "";
      const size = grown > 1e7 ? `, ${(grown / 1e6).toFixed()} MB` : "";
      return result + cost + size;
    }),
  ]),
);

console.log("20,000 damaged inputs for each library\n");
table(
  ["", ...["random", "cut short", "1-3 bits flipped"], "slowest", "growth"],
  names.map((name) => {
    const codec = codecs[name]!;
    const kept = Object.entries(values)
      .filter(([, value]) => outcome(codec, value) === "kept");
    const samples = [payload(350), new Map(kept)]
      .map((value) => codec.encode(value));
    const pick = random(1);
    const counts = [[0, 0], [0, 0], [0, 0]];
    let [slowest, growth, notes] = [0, 0, ""];
    for (let i = 0; i < 20_000; i++) {
      const kind = Math.min(i % 4, 2);
      let bytes = samples[pick(2)]!.slice();
      if (kind === 0) {
        bytes = Uint8Array.from({ length: pick(300) }, () => pick(256));
      } else if (kind === 1) bytes = bytes.slice(0, pick(bytes.length));
      for (let flips = kind === 2 ? 1 + pick(3) : 0; flips > 0; flips--) {
        bytes[pick(bytes.length)]! ^= 1 << pick(8);
      }
      const { threw, ms, grown, result } = attempt(codec, bytes);
      counts[kind]![threw ? 0 : 1]!++;
      if (/POLLUTED|non-error/.test(result)) notes += `, ${result}`;
      [slowest, growth] = [Math.max(slowest, ms), Math.max(growth, grown)];
    }
    if (!same(payload(350), codec.decode(samples[0]!))) notes += ", broken";
    return [
      name,
      ...counts.map(([threw, returned]) => `${threw} threw, ${returned} read`),
      `${slowest.toFixed(1)} ms${notes}`,
      `${(growth / 1e6).toFixed(1)} MB`,
    ];
  }),
);

const json: Codec = {
  encode: (value) => utf8(JSON.stringify([...value])),
  decode: (bytes) => new Map(JSON.parse(text(bytes))),
};
const median = (list: number[]) =>
  list.sort((a, b) => a - b)[list.length >> 1]!;
/** This library where a handler asks for one value, and changes it. */
function oneOf(session: Map<string, unknown>) {
  const bytes = codecs["this library"]!.encode(new Map(session));
  const [key] = session.keys();
  const decode = () => {
    const contents = decodeContents(bytes);
    contents.values.get(key!);
    return contents;
  };
  const read = decode();
  const both = [() => encodeContents(read), decode];
  const times: number[][] = [[], []];
  return { name: "this library, one value", size: bytes.length, both, times };
}

const kinds = [true, false].flatMap((dates) =>
  [350, 4000, 48_000].map((size) => ({ dates, size }))
);
for (const { dates, size } of kinds) {
  const what = `values ${dates ? "with" : "without"} dates`;
  console.log(`Bytes, and µs to encode and decode ${what} (times JSON)\n`);
  const session = payload(size, { dates });
  const all = Object.entries({ JSON: json, ...codecs }).map(([name, codec]) => {
    const bytes = codec.encode(session);
    const both = [() => codec.encode(session), () => codec.decode(bytes)];
    return { name, size: bytes.length, both, times: [[], []] as number[][] };
  });
  all.push(oneOf(session));
  for (let round = 0; round < 9; round++) {
    for (const { both, times } of all) {
      both.forEach((run, i) => {
        const [count, start] = [Math.ceil(1e6 / size), performance.now()];
        for (let n = 0; n < count; n++) run();
        times[i]!.push((performance.now() - start) * 1000 / count);
      });
    }
  }
  const base = all[0]!.times.map(median);
  table(
    ["", "bytes", "encode", "decode"],
    all.map(({ name, size, times }) => [
      name,
      String(size),
      ...times.map(median).map((us, i) =>
        `${us.toFixed(us < 10 ? 1 : 0)} (${(us / base[i]!).toFixed(1)}×)`
      ),
    ]),
  );
}

const part = new Map([["v", new Uint8Array(4096).subarray(1, 3)]]);
console.log("Bytes for a view of 2 bytes of a buffer of 4,096 bytes\n");
table(names, [names.map((name) => `${codecs[name]!.encode(part).length}`)]);
