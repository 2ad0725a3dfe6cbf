import { crc32 } from "node:zlib";
import { sameDigest } from "./token.ts";

/**
 * The sign that a commit leaves in the record: who wrote, and which of its
 * writes it was. It tells an applied commit from a refused one when the answer
 * was lost. One per process that wrote lately.
 */
export interface Mark {
  /** The random name of one process's store. */
  readonly writer: bigint;
  /** The number of the commit among all of that writer. */
  readonly serial: number;
}

/** What is stored of a session, apart from its values. Instants are in ms since the epoch. */
export interface Header {
  /** The SHA-256 of the cookie's secret. */
  readonly digest: Uint8Array;
  readonly createdAt: number;
  /** When the cookie was last extended together with the session. */
  readonly renewedAt: number;
  /** The idle deadline, which use extends. */
  readonly expiresAt: number;
  /** The absolute deadline, which nothing extends. */
  readonly endsAt: number;
  /** What `setTTL()` set, in seconds; `null`: as configured. */
  readonly ttl: number | null;
  /** The latest commits, newest first, at most one of each writer. */
  readonly marks: readonly Mark[];
}

/** A stored session: its header, and its values still encoded. */
export interface StoredRecord extends Header {
  readonly payload: Uint8Array;
}

/** The lifetimes that the configuration sets, in seconds. */
export interface Lifetimes {
  readonly ttl: number;
  readonly maxLife: number;
  readonly absoluteTtl: number;
}

const version = 1;
const fixedLength = 70;
const markLength = 16;
const checksumLength = 4;
const maxMarks = 16;
const asConfigured = -2;

/** The most bytes that a record takes besides its payload. */
export const maxHeaderLength = fixedLength + maxMarks * markLength +
  checksumLength;

/**
 * Encodes a record: a header of fixed layout, the marks, the payload, and the
 * CRC-32 of all that, which finds damage in values that are decoded later.
 */
export function encodeRecord(record: StoredRecord): Uint8Array<ArrayBuffer> {
  const { payload } = record;
  const payloadAt = fixedLength + record.marks.length * markLength;
  const checksumAt = payloadAt + payload.length;
  const bytes = new Uint8Array(checksumAt + checksumLength);
  const view = new DataView(bytes.buffer);
  bytes[0] = version;
  bytes.set(record.digest, 1);
  view.setFloat64(33, record.createdAt);
  view.setFloat64(41, record.renewedAt);
  view.setFloat64(49, record.expiresAt);
  view.setFloat64(57, record.endsAt);
  view.setInt32(65, record.ttl ?? asConfigured);
  bytes[69] = record.marks.length;
  record.marks.forEach(({ writer, serial }, i) => {
    view.setBigUint64(fixedLength + i * markLength, writer);
    view.setFloat64(fixedLength + i * markLength + 8, serial);
  });
  bytes.set(payload, payloadAt);
  view.setUint32(checksumAt, crc32(bytes.subarray(0, checksumAt)));
  return bytes;
}

/** Decodes a record; throws a plain `Error` on anything that {@linkcode encodeRecord} cannot make. */
export function decodeRecord(value: unknown): StoredRecord {
  if (!(value instanceof Uint8Array)) throw new TypeError("not bytes");
  if (value[0] !== version) throw new TypeError(`unknown format ${value[0]}`);
  const count = value[69] ?? 0;
  const payloadAt = fixedLength + count * markLength;
  const checksumAt = value.length - checksumLength;
  if (checksumAt < payloadAt || count > maxMarks) {
    throw new TypeError("cut short");
  }
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (crc32(value.subarray(0, checksumAt)) !== view.getUint32(checksumAt)) {
    throw new TypeError("damaged");
  }
  const ttl = view.getInt32(65);
  const marks: Mark[] = [];
  for (let at = fixedLength; at < payloadAt; at += markLength) {
    marks.push({
      writer: view.getBigUint64(at),
      serial: view.getFloat64(at + 8),
    });
  }
  const record = {
    digest: value.subarray(1, 33),
    createdAt: view.getFloat64(33),
    renewedAt: view.getFloat64(41),
    expiresAt: view.getFloat64(49),
    endsAt: view.getFloat64(57),
    ttl: ttl === asConfigured ? null : ttl,
    marks,
    payload: value.subarray(payloadAt, checksumAt),
  };
  const { createdAt, renewedAt, expiresAt, endsAt } = record;
  // A deadline that is not a number would never pass.
  if (!Number.isFinite(createdAt + renewedAt + expiresAt + endsAt)) {
    throw new TypeError("an instant is not a number");
  }
  if (ttl < asConfigured) throw new TypeError("the time to live is negative");
  return record;
}

/** The header of a session that begins now. */
export function newHeader(
  digest: Uint8Array,
  ttl: number | null,
  now: number,
  lifetimes: Lifetimes,
): Header {
  const endsAt = now + lifetimes.absoluteTtl * 1000;
  const born = {
    digest,
    createdAt: now,
    renewedAt: now,
    endsAt,
    ttl,
    marks: [],
  };
  return { ...born, expiresAt: now + life(born, lifetimes) };
}

/** Whether neither deadline has passed. */
export function isLive(header: Header, now: number): boolean {
  return now < header.expiresAt && now < header.endsAt;
}

/** What a stored session is to somebody who shows a secret of this digest. */
export function standing(
  header: Header,
  digest: Uint8Array,
  now: number,
): "live" | "wrongSecret" | "expired" {
  if (!sameDigest(header.digest, digest)) return "wrongSecret";
  return isLive(header, now) ? "live" : "expired";
}

/** The header with the idle deadline counted from now; the absolute one stays. */
export function prolonged<T extends Header>(
  header: T,
  now: number,
  lifetimes: Lifetimes,
): T {
  return { ...header, expiresAt: now + life(header, lifetimes) };
}

/** The same, and the cookie is to be extended with it. */
export function renewed<T extends Header>(
  header: T,
  now: number,
  lifetimes: Lifetimes,
): T {
  return { ...prolonged(header, now, lifetimes), renewedAt: now };
}

/** Whether a tenth of the life has passed since session and cookie were last extended. */
export function isDue(
  header: Header,
  now: number,
  lifetimes: Lifetimes,
): boolean {
  return now - header.renewedAt >= life(header, lifetimes) / 10;
}

/** The cookie's `Max-Age` in seconds; `undefined` for one that ends with the browser. */
export function cookieMaxAge(
  header: Header,
  now: number,
  lifetimes: Lifetimes,
): number | undefined {
  if ((header.ttl ?? lifetimes.ttl) === -1) return undefined;
  const left = Math.min(header.expiresAt, header.endsAt) - now;
  // RFC 6265bis §5.5 caps it at 400 days.
  return Math.min(Math.max(0, Math.ceil(left / 1000)), 400 * 24 * 3600);
}

/** How long KV keeps the record, in ms: always past its deadlines, which decide. */
export function keepFor(header: Header, now: number): number {
  return Math.max(
    0,
    Math.ceil(Math.min(header.expiresAt, header.endsAt) - now),
  ) +
    60_000;
}

/** The marks with a new one in front. */
export function withMark(marks: readonly Mark[], mark: Mark): readonly Mark[] {
  const others = marks.filter(({ writer }) => writer !== mark.writer);
  return [mark, ...others].slice(0, maxMarks);
}

/**
 * Whether a commit that wrote these marks, its own in front, was applied, as
 * the stored marks tell; `undefined` when so many processes wrote since that
 * all of them were pushed out.
 */
export function wasApplied(
  stored: readonly Mark[],
  [own, ...older]: readonly Mark[],
): boolean | undefined {
  const has = ({ writer, serial }: Mark) =>
    stored.some((mark) => mark.writer === writer && mark.serial === serial);
  if (has(own!)) return true;
  if (stored.some(({ writer }) => writer === own!.writer)) return false;
  // Its mark is not pushed out before those behind it.
  return stored.length < maxMarks || older.some(has) ? false : undefined;
}

/** Whether the same commit wrote the values of both. */
export function sameCommit(a: Header, b: Header): boolean {
  const [one] = a.marks;
  const [other] = b.marks;
  return one?.writer === other?.writer && one?.serial === other?.serial;
}

/** The idle life in ms. */
function life(header: Pick<Header, "ttl">, lifetimes: Lifetimes): number {
  const ttl = header.ttl ?? lifetimes.ttl;
  return (ttl === -1 ? lifetimes.maxLife : ttl) * 1000;
}
