import type { SessionEvent } from "@aerys/session";

export const id = "01JZ8Q4V5X6Y7Z8A9BACDEFGHJ";
export const previousId = "01JZ8Q4V5X6Y7Z8A9BACDEFGHK";

/** What becomes of an event: a span or an event of the active one, and attributes. */
export type Drawn = readonly [
  SessionEvent,
  name: string,
  Record<string, unknown>,
];

/** Events that took their time, and their spans. */
export const spans: readonly Drawn[] = [
  [
    { type: "opened", id, took: 1500, waited: 1250, locked: true },
    "session.open",
    {
      "session.id": id,
      "session.lock.wait.duration": 1.25,
      "session.locked": true,
    },
  ],
  [
    { type: "opened", id: null, took: 0, waited: 0, locked: false },
    "session.open",
    { "session.lock.wait.duration": 0, "session.locked": false },
  ],
  [{ type: "read", id, took: 2 }, "session.read", { "session.id": id }],
  [{ type: "read", id: null, took: 0.25 }, "session.read", {}],
  [
    { type: "saved", id, took: 3, held: 500, bytes: 300 },
    "session.save",
    {
      "session.id": id,
      "session.lock.hold.duration": 0.5,
      "session.size": 300,
    },
  ],
  [
    { type: "saved", id, took: 3, held: null, bytes: 1 },
    "session.save",
    { "session.id": id, "session.size": 1 },
  ],
  [
    { type: "regenerated", id, previousId, took: 4 },
    "session.regenerate",
    { "session.id": id, "session.previous_id": previousId },
  ],
  [
    { type: "destroyed", id, took: 5, held: 250 },
    "session.destroy",
    { "session.id": id, "session.lock.hold.duration": 0.25 },
  ],
  ...(["open", "read", "save", "unlock", "update"] as const).map((
    method,
  ): Drawn => [
    { type: "failed", id, method, code: "ERR_STORE", took: 10_000 },
    `session.${method}`,
    { "session.id": id, "error.type": "ERR_STORE" },
  ]),
];

/** The other events, and what they are on the active span. */
export const moments: readonly Drawn[] = [
  [{ type: "created", id }, "session.created", { "session.id": id }],
  [
    { type: "unlocked", id, held: 125 },
    "session.unlocked",
    { "session.id": id, "session.lock.hold.duration": 0.125 },
  ],
  [{ type: "conflicted", id }, "session.conflicted", { "session.id": id }],
  [{ type: "takenOver", id }, "session.lock.taken_over", { "session.id": id }],
  [
    { type: "lost", id, held: 60_000, reason: "it was held too long" },
    "session.lock.lost",
    {
      "session.id": id,
      "session.lock.hold.duration": 60,
      "session.lock.loss.reason": "it was held too long",
    },
  ],
  [
    { type: "malformed" },
    "session.rejected",
    { "session.rejection.reason": "malformed" },
  ],
  ...([
    [{ type: "unknown", id, ended: false }, "unknown"],
    [{ type: "unknown", id, ended: true }, "ended"],
    [{ type: "wrongSecret", id }, "wrong_secret"],
    [{ type: "expired", id }, "expired"],
  ] as const).map(([event, reason]): Drawn => [
    event,
    "session.rejected",
    { "session.id": id, "session.rejection.reason": reason },
  ]),
];
