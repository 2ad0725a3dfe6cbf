type FlashValues = Map<string, unknown>;

const nothing: FlashValues = new Map();

/**
 * The flash values of one request: those that others have left for it, which
 * it sees until it ends, and those that it leaves for the next one.
 */
export class Flash {
  /** What others have left, as this request sees it. */
  #seen = nothing;
  /** The same, as far as it is surely taken out of what is stored. */
  #taken = nothing;
  /** What this request leaves. */
  #leaving = nothing;
  /** The same, as far as it is stored. */
  #left = nothing;

  /** What this request leaves for the next one. */
  get leaving(): FlashValues {
    return this.#leaving;
  }

  /** Whether others have left a value for this request. */
  has(key: string): boolean {
    return this.#seen.has(key);
  }

  /** The value that others have left. */
  get(key: string): unknown {
    return this.#seen.get(key);
  }

  /** Puts what others have left out of sight; `false` when there was none. */
  delete(key: string): boolean {
    return this.#seen.delete(key);
  }

  /** Leaves a value for the next request. */
  leave(key: string, value: unknown): void {
    this.#leaving = new Map(this.#leaving).set(key, value);
  }

  /** Puts all that was left out of sight, and leaves nothing. */
  clear(): void {
    this.#seen = this.#leaving = nothing;
  }

  /** Whether a stored value is from others, and so for this request. */
  isForThis(key: string): boolean {
    return !this.#left.has(key);
  }

  /** These were read and taken out of what is stored. */
  take(flash: FlashValues): void {
    this.#taken = this.#received(flash, this.#taken);
    this.#seen = this.#received(flash, this.#seen);
  }

  /** These are stored; what was seen, put out of sight and left since is undone. */
  hold(flash: FlashValues): void {
    this.#leaving = flash.size === 0
      ? nothing
      : new Map([...flash].filter(([key]) => !this.isForThis(key)));
    this.#seen = this.#received(flash, this.#taken);
  }

  /** What this request leaves is stored, and what it sees is so no more. */
  stored(): void {
    this.#left = this.#leaving;
    this.#taken = this.#received(nothing, this.#seen);
  }

  /** The session is removed, and these values with it. */
  end(): void {
    this.clear();
    this.#taken = nothing;
  }

  /** What others have left, added to what is known of that. */
  #received(flash: FlashValues, known: FlashValues): FlashValues {
    if (flash.size === 0 && known.size === 0) return nothing;
    const others = [...flash].filter(([key]) => this.isForThis(key));
    return new Map([...known, ...others]);
  }
}
