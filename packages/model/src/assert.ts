/**
 * Throws when an invariant of this program does not hold. On in production: a broken invariant closes
 * the one store it belongs to. Never used on what a peer, a file or a user gave; that is an error
 * with a code, not a broken invariant.
 */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new InvariantError(invariant);
}

export class InvariantError extends Error {
  override readonly name = "InvariantError";
  constructor(invariant: string) {
    super(`invariant broken: ${invariant}`);
  }
}
