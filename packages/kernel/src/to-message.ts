import type { IMessageType } from "@protobuf-ts/runtime";

const flatTypes = new WeakMap<object, boolean>();

/**
 * A whole message from a part of one, as `type.create(partial)` makes it. Most requests and replies on the hot path have
 * nothing but single scalars, for which a walk through the reflection costs more than the method itself.
 */
export function toMessage(type: IMessageType<any>, partial: object): object {
  if (!isFlat(type)) return type.create(partial) as object;
  const message = type.create() as Record<string, unknown>;
  const given = partial as Record<string, unknown>;
  for (const name in given) if (given[name] !== undefined) message[name] = given[name];
  return message;
}

function isFlat(type: IMessageType<any>): boolean {
  let flat = flatTypes.get(type);
  if (flat === undefined) {
    flat = type.fields.every(
      ({ kind, repeat, oneof }) => (kind === "scalar" || kind === "enum") && !repeat && !oneof,
    );
    flatTypes.set(type, flat);
  }
  return flat;
}
