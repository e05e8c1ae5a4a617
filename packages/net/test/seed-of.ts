import { sha256, utf8 } from "@lattice/model";

/** The seed of a node's key. Tests use numbers up one after the other, so that no two nodes of a run share a key. */
export function seedOf(index: number): Uint8Array {
  return sha256(utf8(`node ${index}`));
}
