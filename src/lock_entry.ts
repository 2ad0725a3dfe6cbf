import { decodeRecord, encodeRecord, type Header } from "./record.ts";

/** A lock that somebody holds. */
export interface Held {
  readonly kind: "held";
  /** The name of one acquisition: 26 ASCII characters. */
  readonly owner: string;
  /** How long it outlives the holder's last sign of life, in ms. */
  readonly lease: number;
}

/**
 * What takes a lock's place when the session is destroyed or gets another id:
 * it tells requests that were already under way that they came too late.
 */
export interface Ended {
  readonly kind: "ended";
  /** The acquisition that ended the session. */
  readonly owner: string;
  /** Whether the session lives on under another id. */
  readonly moved: boolean;
  /** The session's last header, without its values. */
  readonly header: Header;
}

/** What the lock key holds. */
export type LockEntry = Held | Ended;

const held = 1;
const destroyed = 2;
const moved = 3;
const tailAt = 1 + 26;
const leaseLength = 4;
const none = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Encodes a lock: kind, owner, and then the lease or the last header. */
export function encodeLock(lock: LockEntry): Uint8Array<ArrayBuffer> {
  const tail = lock.kind === "held"
    ? none
    : encodeRecord({ ...lock.header, payload: none });
  const bytes = new Uint8Array(tailAt + (tail.length || leaseLength));
  encoder.encodeInto(lock.owner, bytes.subarray(1, tailAt));
  if (lock.kind === "held") {
    bytes[0] = held;
    new DataView(bytes.buffer).setUint32(tailAt, lock.lease);
  } else {
    bytes[0] = lock.moved ? moved : destroyed;
    bytes.set(tail, tailAt);
  }
  return bytes;
}

/** Decodes a lock; throws a plain `Error` on anything that {@linkcode encodeLock} cannot make. */
export function decodeLock(value: unknown): LockEntry {
  if (!(value instanceof Uint8Array) || value.length < tailAt + leaseLength) {
    throw new TypeError("not a lock");
  }
  const owner = decoder.decode(value.subarray(1, tailAt));
  const tail = value.subarray(tailAt);
  if (value[0] === held) {
    const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
    return { kind: "held", owner, lease: view.getUint32(0) };
  }
  if (value[0] === destroyed || value[0] === moved) {
    const header = decodeRecord(tail);
    return { kind: "ended", owner, moved: value[0] === moved, header };
  }
  throw new TypeError(`unknown kind of lock ${value[0]}`);
}
