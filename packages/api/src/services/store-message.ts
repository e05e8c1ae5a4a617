/** Stores, intentions and the like as messages. */
import { equalBytes, ID_BYTES, idHash, toHex, type Intention, type IntentionId } from "@lattice/model";
import { decodeOps, type Store, type Witnessed } from "@lattice/kernel";
import type { Entry, Node } from "@lattice/node";
import type { daemon, weaver } from "@lattice/proto";
import { roleName } from "@lattice/systemstore";

const NONE = new Uint8Array(0);

export function toStore(node: Node, entry: Entry): daemon.Store {
  const { row, problem } = entry;
  const parent = node
    .entries()
    .find(({ row: { genesisHash } }) => row.parentHash && equalBytes(genesisHash, row.parentHash));
  return {
    id: row.id,
    name: node.storeName(entry),
    type: row.type,
    parentId: parent?.row.id ?? NONE,
    genesisHash: row.genesisHash,
    problem,
  };
}

/** How an intention is shown to people; `witnessed` where it is in the log. */
export function toIntentionInfo(
  node: Node,
  store: Store,
  intention: Intention,
  witnessed?: Witnessed,
): daemon.IntentionInfo {
  const ops = decodeOps(intention)?.op;
  return {
    id: intention.id,
    author: intention.author,
    authorName: node.membersOf(store).memberName(intention.author),
    seq: BigInt(intention.seq),
    timestamp: intention.timestamp,
    storePrev: intention.storePrev,
    condition: [...intention.condition],
    kind: intention.ops.length === 0 ? "merge" : (ops?.oneofKind ?? "undecodable"),
    summary: summaryOf(store, ops),
    witnessSeq: BigInt(witnessed?.wseq ?? 0),
    witnessedMs: BigInt(witnessed?.wallMs ?? 0),
    note: noteOf(store, intention.id),
    bodyBytes: intention.body.length,
    payload: ops?.oneofKind === "app" ? ops.app.payload : NONE,
  };
}

/** Why what it says does not count; empty where it does. */
function noteOf(store: Store, id: IntentionId): string {
  return store.system.voidReason(id) || store.replica.projection.poisonReason(id) || "";
}

const SUMMARY_CHARS_MAX = 120;
/** Of bytes that are no text. */
const SUMMARY_BYTES_MAX = 8;

function summaryOf(store: Store, ops: weaver.Ops["op"] | undefined): string {
  switch (ops?.oneofKind) {
    case "genesis":
      return ops.genesis.storeType;
    case "system":
      return systemSummary(ops.system);
    case "app":
      return payloadSummary(store, ops.app.payload);
    default:
      return "";
  }
}

function systemSummary({ op }: weaver.SystemOp): string {
  switch (op.oneofKind) {
    case "admit":
      return `admit ${op.admit.name || short(op.admit.member)} as ${roleName(op.admit.role)}`;
    case "invite":
      return `invite for a new ${roleName(op.invite.role)}`;
    case "uninvite":
      return "take back an invite";
    case "childAdd":
      return `add child ${op.childAdd.alias}`;
    case "setName":
      return `name the store ${op.setName.name}`;
    case "setMemberName":
      return `name oneself ${op.setMemberName.name}`;
    case "setSchema":
      return `raise the schema to ${op.setSchema.schema}`;
    case undefined:
      return "an unknown system op";
  }
}

function payloadSummary(store: Store, payload: Uint8Array): string {
  const { type } = store;
  try {
    const text = JSON.stringify(type.payload.fromBinary(payload), readable);
    return text.length <= SUMMARY_CHARS_MAX ? text : `${text.slice(0, SUMMARY_CHARS_MAX - 1)}…`;
  } catch {
    return "undecodable";
  }
}

/** Bytes as text where they are text, else so that nobody takes them for text; intentions by their hash; without what is empty. */
function readable(_key: string, value: unknown): unknown {
  if (Array.isArray(value) && value.length === 0) return undefined;
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Uint8Array)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(value);
  } catch {
    if (value.length === ID_BYTES) return short(idHash(value as IntentionId));
    return `0x${toHex(value.subarray(0, SUMMARY_BYTES_MAX))}${value.length > SUMMARY_BYTES_MAX ? "…" : ""}`;
  }
}

function short(key: Uint8Array): string {
  return toHex(key).slice(0, 8);
}
