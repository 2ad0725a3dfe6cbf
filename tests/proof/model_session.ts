import type { SessionErrorCode } from "@aerys/session";

/** The outcome of a command: nothing, a code, or what `update()` was thrown. */
export type Outcome = SessionErrorCode | "thrown" | null;

type Data = Map<string, unknown>;

/** A session as the database holds it. */
interface Kept {
  data: Data;
  ttl: number | null;
}

/** The cookie that a response sends: which session it names, and for how long. */
export type Sent =
  | { readonly session: number; readonly maxAge: number | null }
  | "deletion"
  | null;

/**
 * What a session promises one browser whose requests follow one another, as
 * plain data. Sessions have numbers instead of ids and secrets, and no time passes.
 */
export class ModelSession {
  readonly server = new Map<number, Kept>();
  readonly ended = new Map<number, "moved" | "ended">();
  #count = 0;
  /** The session that the browser's cookie names. */
  jar: number | null = null;

  state: "unlocked" | "locked" = "unlocked";
  data: Data = new Map();
  /** The session that this request has seen or made. */
  known: number | null = null;
  isNew = true;
  /** The session that the request is about. */
  #about: number | null = null;
  /** Whether there is a lock in the database: nobody locks what is not stored. */
  held = false;
  #due: "none" | "set" | "extend" | "delete" = "none";
  #fate: "none" | "moved" | "ended" = "none";
  #ttl: number | null = null;

  /** Begins the browser's next request. */
  request(): void {
    this.state = "unlocked";
    this.data = new Map();
    this.known = null;
    this.isNew = true;
    this.#about = this.jar;
    this.#due = "none";
    this.#fate = "none";
    this.#ttl = null;
  }

  open(): Outcome {
    if (this.state === "locked") return "ERR_ALREADY_LOCKED";
    this.#enter();
    this.held = this.known !== null;
    this.state = "locked";
    return null;
  }

  read(): Outcome {
    if (this.state === "locked") return "ERR_ALREADY_LOCKED";
    const kept = this.#kept();
    if (kept === undefined) this.#missing();
    else this.#found();
    this.data = structuredClone(kept?.data ?? new Map());
    return null;
  }

  save(): Outcome {
    if (this.state === "unlocked") return "ERR_NOT_LOCKED";
    return this.#store();
  }

  unlock(): Outcome {
    if (this.state === "unlocked") return "ERR_NOT_LOCKED";
    this.#rollBack();
    return null;
  }

  regenerate(): Outcome {
    if (this.state === "unlocked") return "ERR_NOT_LOCKED";
    this.#fate = "none";
    if (this.known === null) return null;
    if (!isStorable(this.data)) return this.#fail("ERR_NOT_STORABLE");
    const { ttl } = this.#kept()!;
    this.#end("moved");
    this.#create(this.#ttl ?? ttl);
    return null;
  }

  destroy(): Outcome {
    if (this.state === "unlocked") return "ERR_NOT_LOCKED";
    if (this.#fate === "moved") return this.#fail("ERR_LOCK_LOST");
    this.#remove();
    return null;
  }

  update(change: (data: Data) => void, throws: boolean): Outcome {
    if (this.state === "locked") return "ERR_ALREADY_LOCKED";
    this.#enter();
    change(this.data);
    if (!throws) return this.#store();
    this.#rollBack();
    return "thrown";
  }

  change(change: (data: Data) => void): Outcome {
    if (this.state === "unlocked") return "ERR_NOT_LOCKED";
    change(this.data);
    return null;
  }

  setTTL(seconds: number): Outcome {
    this.#ttl = seconds;
    return null;
  }

  /** Ends the request: `null`, unless it forgot the lock. */
  respond(): { outcome: Outcome; sent: Sent } {
    if (this.state === "locked") {
      this.#rollBack();
      return { outcome: "ERR_STILL_LOCKED", sent: null };
    }
    const due = this.#due;
    if (due === "delete") {
      this.jar = null;
      return { outcome: null, sent: "deletion" };
    }
    const kept = this.#kept();
    if (due === "none" || kept === undefined) {
      return { outcome: null, sent: null };
    }
    this.jar = this.#about!;
    const { ttl } = kept;
    const maxAge = ttl === null || ttl === -1 ? null : ttl;
    return { outcome: null, sent: { session: this.jar, maxAge } };
  }

  /** Another request of the browser's has changed its session, or ended it. */
  rival(change: (data: Data) => void): void {
    const kept = this.server.get(this.jar!)!;
    change(kept.data);
    if (kept.data.size > 0) return;
    this.server.delete(this.jar!);
    this.ended.set(this.jar!, "ended");
  }

  #kept(): Kept | undefined {
    return this.#about === null ? undefined : this.server.get(this.#about);
  }

  #found(): void {
    this.known = this.#about;
    if (this.#due !== "set") this.isNew = false;
  }

  #missing(): void {
    this.known = null;
    this.isNew = true;
    if (this.#due !== "delete") this.#due = "none";
  }

  #enter(): void {
    const kept = this.#kept();
    if (kept === undefined) {
      const fate = this.#about === null
        ? undefined
        : this.ended.get(this.#about);
      this.#missing();
      if (this.#fate === "none") this.#fate = fate ?? "none";
      this.#about = null;
    } else this.#found();
    this.data = structuredClone(kept?.data ?? new Map());
  }

  #store(): Outcome {
    if (this.data.size === 0) {
      this.#remove();
      return null;
    }
    if (!isStorable(this.data)) return this.#fail("ERR_NOT_STORABLE");
    if (this.known === null) {
      if (this.#fate !== "none") return this.#fail("ERR_LOCK_LOST");
      this.#create(this.#ttl);
    } else {
      const kept = this.#kept()!;
      kept.data = structuredClone(this.data);
      const changed = this.#ttl !== null && this.#ttl !== kept.ttl;
      if (changed) kept.ttl = this.#ttl;
      if (changed && this.#due === "none") this.#due = "extend";
    }
    this.#done();
    return null;
  }

  #create(ttl: number | null): void {
    this.#about = this.known = ++this.#count;
    this.server.set(this.#about, { data: structuredClone(this.data), ttl });
    this.#due = "set";
    this.#ttl = null;
  }

  #remove(): void {
    if (this.known !== null) {
      this.#end("ended");
      this.#about = null;
      this.#missing();
      this.#due = "delete";
      this.#ttl = null;
    }
    this.data = new Map();
    this.state = "unlocked";
    this.held = false;
  }

  #end(how: "moved" | "ended"): void {
    this.server.delete(this.#about!);
    this.ended.set(this.#about!, how);
  }

  #done(): void {
    this.state = "unlocked";
    this.held = false;
    this.#ttl = null;
  }

  #fail(code: SessionErrorCode): Outcome {
    this.#rollBack();
    return code;
  }

  /** The request is back at what is stored; a lock that it gave up took its TTL along. */
  #rollBack(): void {
    const kept = this.known === null ? undefined : this.#kept();
    this.data = structuredClone(kept?.data ?? new Map());
    if (this.held) this.#ttl = null;
    this.state = "unlocked";
    this.held = false;
  }
}

/** A value that no session can store. */
export const unstorable: unique symbol = Symbol("unstorable");

function isStorable(data: Data): boolean {
  return [...data.values()].every((value) => value !== unstorable);
}
