import { type Contents, decodeContents, encodeContents } from "./data.ts";
import { SessionError } from "./errors.ts";
import type { StoredRecord } from "./record.ts";
import { maxPayloadLength } from "./store.ts";
import { corrupt } from "./values.ts";

/** Encodes the contents; `ERR_NOT_STORABLE`, `ERR_CORRUPT`, or `ERR_TOO_LARGE` naming both sizes. */
export function encoded(contents: Contents): Uint8Array {
  const payload = encodeContents(contents);
  if (payload.length <= maxPayloadLength) return payload;
  throw new SessionError(
    "ERR_TOO_LARGE",
    `Cannot save the session: its values take ${payload.length} bytes, and Deno KV holds ` +
      `${maxPayloadLength} of them. Keep large values elsewhere, and their keys in the session`,
  );
}

/** Decodes the contents of a record; `ERR_CORRUPT` if they cannot be. */
export function decoded({ payload }: StoredRecord): Contents {
  try {
    return decodeContents(payload);
  } catch (cause) {
    throw corrupt(
      "what is stored of its values",
      cause,
      "Delete the record, or wait until it expires",
    );
  }
}
