import type { Calls } from "./calls.ts";
import type { Values } from "./values.ts";

/**
 * What a request does with its session. All but `"ignore"` answer the session's
 * count, all after `"read"` add 1 to it first.
 */
export type Deed =
  /** Begins a session with the values and a count of 0. */
  | "begin"
  /** Does not touch it. */
  | "ignore"
  /** Reads it. */
  | "read"
  /** Changes it under a lock, where there is one. */
  | "open"
  /** Changes it without a lock, where there is a way. */
  | "update"
  /** Changes it in its turn among those of this process. */
  | "queue"
  /** Changes it, again and again until nobody came in between. */
  | "retry"
  /** Changes it and gives it a new id; the old one is worth nothing any more. */
  | "login";

/** Answers a request, as `Deno.serve` calls it. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** The handlers of what a contender can do. */
export type Handlers = Readonly<Partial<Record<Deed, Handler>>>;

/** A way to have sessions, in a place where requests can be sent to it. */
export interface Contender {
  readonly name: string;
  /** The name of the contender that makes the bare calls in the same place. */
  readonly floor: string;
  /** Where its requests go. */
  readonly origin: string;
  /** Whether they go over a socket, so that the answer has to be read. */
  readonly loopback: boolean;
  readonly handlers: Handlers;
  close?(): Promise<void>;
}

/** What every contender is made of. */
export interface Ground {
  readonly kv: Calls;
  readonly values: Values;
}

/** How long every contender keeps a session, in seconds. */
export const ttl = 3600;

/** Where requests go that no socket carries. */
export const inProcess = {
  origin: "https://shop.example",
  loopback: false,
} as const;
