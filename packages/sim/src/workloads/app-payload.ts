/** What an intention writes to its store, as far as that can be read without the store's own code. */
import type { Intention } from "@lattice/model";
import { decodeOps } from "@lattice/kernel";

/** Nobody raises the schema in a simulation. */
const SCHEMA = 1;

/** The op; undefined where there is none that counts, whatever the reason. */
export function appPayload<Payload>(
  intention: Intention,
  type: { fromBinary: (bytes: Uint8Array) => Payload },
): Payload | undefined {
  const ops = decodeOps(intention)?.op;
  if (ops?.oneofKind !== "app" || ops.app.schema > SCHEMA) return undefined;
  try {
    return type.fromBinary(ops.app.payload);
  } catch {
    return undefined;
  }
}
