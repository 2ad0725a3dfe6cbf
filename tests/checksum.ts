import { crc32 } from "node:zlib";

/** The bytes of a record after a change, with the checksum that belongs to it. */
export function sealed(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const at = copy.length - 4;
  if (at < 0) return copy;
  new DataView(copy.buffer).setUint32(at, crc32(copy.subarray(0, at)));
  return copy;
}
