/** What a type makes of an op: all of what it wrote, or nothing, the same on every member. */
import { LatticeError } from "@lattice/model";
import { Refusal, type StateTx, type StoreType } from "@lattice/store";
import { readOp, type PlacedOp } from "./compose-op.ts";

export interface ApplyOptions {
  readonly type: StoreType;
  readonly op: PlacedOp;
  readonly tx: StateTx;
  /** Takes back what `tx` has written. */
  readonly takeBack: () => void;
}

/** The events. An op that is refused has none: it stands in its place and changes nothing, as on the mesh. */
export function applyOp({ type, op: placed, tx, takeBack }: ApplyOptions): readonly unknown[] {
  const op = readOp(type, placed);
  if (op === undefined) return [];
  try {
    return type.apply(tx, op);
  } catch (error) {
    takeBack();
    // Of a store that cannot be trusted any more no member is to go on as if it could.
    if (isDamage(error)) throw error;
    return [];
  }
}

function isDamage(error: unknown): boolean {
  return !(error instanceof Refusal) && error instanceof LatticeError && error.code === "corrupt";
}
