export { randomOf as random } from "./proof/random.ts";

/** A seed for {@linkcode random}, which a failing test must tell. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
