import type { Contender, Deed } from "./contender.ts";

/** What requests do, and how many of them at once. */
export interface Shape {
  /** What `--only` calls it. */
  readonly key: string;
  readonly title: string;
  /** What the floor does; the first is what all are compared with. */
  readonly floor: readonly Deed[];
  /** What the others do. */
  readonly deeds: readonly Deed[];
  /** How many requests are made at once; one after another if not given. */
  readonly atOnce?: { readonly requests: number; readonly sessions: number };
}

export const shapes: readonly Shape[] = [
  {
    key: "ignored",
    title: "Session ignored",
    floor: ["ignore"],
    deeds: ["ignore"],
  },
  { key: "read", title: "Read only", floor: ["read"], deeds: ["read"] },
  {
    key: "open",
    title: "Increment by open() and save()",
    floor: ["open"],
    deeds: ["open"],
  },
  {
    key: "update",
    title: "Increment by update()",
    floor: ["update"],
    deeds: ["update", "open"],
  },
  {
    key: "one",
    title: "100 increments at once on one session",
    floor: ["queue", "retry"],
    deeds: ["open", "update"],
    atOnce: { requests: 100, sessions: 1 },
  },
  {
    key: "many",
    title: "64 increments at once on 64 sessions",
    floor: ["update", "open"],
    deeds: ["open", "update"],
    atOnce: { requests: 64, sessions: 64 },
  },
  {
    key: "login",
    title: "Login with a new id",
    floor: ["login"],
    deeds: ["login"],
  },
];

const suffixes: Partial<Record<Deed, string>> = {
  open: ", open()",
  update: ", update()",
  queue: ", one after another",
  retry: ", retried",
};

/** What a contender does in a shape, each with the name of its row. */
export function rowsOf(
  shape: Shape,
  { name, floor, handlers }: Contender,
): { name: string; deed: Deed }[] {
  const isFloor = name === floor;
  const isNoise = name.startsWith(`${floor},`);
  const able = (isFloor || isNoise ? shape.floor : shape.deeds)
    .filter((deed) => handlers[deed] !== undefined);
  // Increments one by one have a shape for each way.
  const all = shape.atOnce !== undefined && !isNoise;
  const wanted = all ? able : able.slice(0, 1);
  return wanted.map((deed) => ({
    name: wanted.length === 1 ? name : `${name}${suffixes[deed] ?? ""}`,
    deed,
  }));
}
