/** get, list, count and inspect. */
import {
  countKeys,
  countKeysIn,
  isConflicted,
  readHeads,
  readRegister,
  readRegisters,
  type Head as RegisterHead,
} from "@lattice/kvtable";
import { idHash, idTimestamp } from "@lattice/model";
import type { QueryContext } from "@lattice/store";
import { checkKey, checkKeyBound } from "./check-request.ts";
import type {
  CountReply,
  CountRequest,
  GetReply,
  GetRequest,
  Head,
  InspectReply,
  InspectRequest,
  KvOp,
  ListReply,
  ListRequest,
} from "./gen/lattice/kvstore/v1/kvstore.ts";
import { KEYS } from "./kv-op.ts";
import { HEAD_COUNT_MAX } from "./limits.ts";
import { pageCount, prefixRange, readPage, stateRange } from "./page.ts";

type Context = QueryContext<KvOp>;

export function get(context: Context, request: GetRequest): GetReply {
  checkKey(request.key);
  const { value, conflicted } = readRegister({ rows: context.read.table(KEYS) }, request.key);
  return value === undefined ? { conflicted } : { value, conflicted };
}

export function list(context: Context, request: ListRequest): ListReply {
  const { prefix, from, to, cursor } = request;
  for (const [what, bytes] of Object.entries({ prefix, from, to, cursor })) checkKeyBound(what, bytes);
  const bounds = { countMax: pageCount(request.limit), removed: false };
  const { rows, next } = readPage(readRegisters(context.read, KEYS), request, bounds);
  const entries = rows.map(([key, row]) => ({
    key,
    value: row.winner.value!,
    conflicted: isConflicted(row),
  }));
  return { entries, next: next ?? new Uint8Array() };
}

export function count(context: Context, request: CountRequest): CountReply {
  checkKeyBound("prefix", request.prefix);
  const registers = readRegisters(context.read, KEYS);
  if (request.prefix.length === 0) return { count: BigInt(countKeys(registers)) };
  return { count: BigInt(countKeysIn(registers, stateRange(prefixRange(request.prefix))!)) };
}

export function inspect(context: Context, request: InspectRequest): InspectReply {
  checkKey(request.key);
  const heads = readHeads(readRegisters(context.read, KEYS), request.key, HEAD_COUNT_MAX);
  return { heads: heads.map(headMessage) };
}

export function headMessage(head: RegisterHead): Head {
  const { id, author, value } = head;
  const message = { hash: idHash(id), author, timestamp: idTimestamp(id) };
  return value === undefined ? message : { ...message, value };
}
