import type { Traces } from "../src/response.ts";

/** The request has used no session. */
export const unused: Traces = {
  used: false,
  setCookie: null,
  essential: false,
  cookieName: "s",
};

/** It has read one. */
export const read: Traces = { ...unused, used: true };

/** It has begun one. */
export const created: Traces = {
  ...read,
  setCookie: (headers) => headers.append("set-cookie", "s=1"),
  essential: true,
};
