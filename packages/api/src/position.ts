/**
 * Where a stream stands. By convention the events of a stream that can go on have `bytes resume`, and so has its request: the
 * last one that was seen stands for all before it. Whoever serves or reads a stream learns it from the reflection alone.
 */
import { ScalarType, RepeatType, type IMessageType } from "@protobuf-ts/runtime";
import { LatticeError } from "@lattice/model/errors";

const FIELD = "resume";
const NONE = new Uint8Array(0);

export function hasPosition(type: IMessageType<any>): boolean {
  return type.fields.some(
    (field) =>
      field.kind === "scalar" &&
      field.localName === FIELD &&
      field.T === ScalarType.BYTES &&
      field.repeat === RepeatType.NO &&
      field.oneof === undefined,
  );
}

/** Empty where an event has none, and then no earlier one holds either. */
export function positionOf(type: IMessageType<any>, event: object): Uint8Array {
  if (!hasPosition(type)) return NONE;
  return (event as { [FIELD]?: Uint8Array })[FIELD] ?? NONE;
}

/** Throws `invalid-argument` where the stream cannot go on from anywhere. */
export function setPosition(type: IMessageType<any>, request: object, position: Uint8Array): void {
  if (!hasPosition(type)) {
    throw new LatticeError(
      "invalid-argument",
      `${type.typeName} has no field ${FIELD}: the stream begins anew each time`,
    );
  }
  Object.assign(request, { [FIELD]: position });
}
