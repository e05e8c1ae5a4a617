/** Values that are in a store, where a field's option says how they are found. */
import type { daemon } from "@lattice/proto";
import type { Candidate } from "./completion.ts";
import { bytesOfWord } from "./fields/value.ts";
import { valueOf, type MessageType } from "./fields/message.ts";
import { wordOfBytes } from "./fields/words.ts";
import type { Session } from "./session.ts";
import { storeKey } from "./store-key.ts";
import { ScalarType } from "@protobuf-ts/runtime";

const COUNT_MAX = 200;
const WITHIN_MS = 2_000;

interface Wanted {
  readonly store: daemon.Store;
  /** "METHOD REQUEST_FIELD REPLY_FIELD.FIELD…", as options.proto tells. */
  readonly option: string;
  readonly typed: string;
}

/** Nothing where anything is amiss: it is only a help to who types. */
export async function knownValues(session: Session, wanted: Wanted): Promise<readonly Candidate[]> {
  try {
    return await askForValues(session, wanted);
  } catch {
    return [];
  }
}

async function askForValues(
  session: Session,
  { store, option, typed }: Wanted,
): Promise<readonly Candidate[]> {
  const [rpc, prefixField, path = ""] = option.split(" ");
  const signal = AbortSignal.timeout(WITHIN_MS);
  const methods = await session.methodsOf(store, signal);
  const method = [...methods.values()].find((each) => each.rpc === rpc && each.kind === "query");
  const field = method?.request.fields.find(({ name }) => name === prefixField);
  if (method === undefined || field?.kind !== "scalar") return [];
  const message = method.request.create();
  message[field.localName] = field.T === ScalarType.BYTES ? bytesOfWord(typed, field.name) : typed;
  if (method.request.fields.some(({ name }) => name === "limit")) message["limit"] = COUNT_MAX;
  const call = { store: storeKey(store), method: method.rpc, message: method.request.toBinary(message) };
  const reply = await (await session.client()).dynamic.call(call, { signal });
  const values = follow(method.reply, [method.reply.fromBinary(reply.message)], path.split("."));
  return values.flatMap((value) => {
    if (typeof value === "string") return [{ word: value, help: "" }];
    return value instanceof Uint8Array ? [{ word: wordOfBytes(value), help: "" }] : [];
  });
}

function follow(
  type: MessageType,
  messages: readonly object[],
  [name, ...rest]: readonly string[],
): unknown[] {
  const field = type.fields.find((each) => each.name === name);
  if (field === undefined) return [];
  const values = messages.map((message) => valueOf(message, field)).flat();
  if (rest.length === 0) return values;
  return field.kind === "message" ? follow(field.T(), values as object[], rest) : [];
}
