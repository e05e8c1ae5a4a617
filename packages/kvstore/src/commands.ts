/** put, delete, batch and resolve: check, read, submit, with no `await` before the submit. */
import { readHeads, readRegisters, type Head } from "@lattice/kvtable";
import { LatticeError } from "@lattice/model";
import type { CommandContext } from "@lattice/store";
import { checkKey, checkValue, checkWrites } from "./check-request.ts";
import { checkCondition, chooseHead } from "./choose-head.ts";
import { formatBytes } from "./format-bytes.ts";
import type {
  BatchRequest,
  DeleteRequest,
  KvOp,
  KvWrite,
  PutRequest,
  ResolveRequest,
  Write,
} from "./gen/lattice/kvstore/v1/kvstore.ts";
import { KEYS, latestWrites } from "./kv-op.ts";
import { HEAD_COUNT_MAX } from "./limits.ts";

type Context = CommandContext<KvOp>;

/** Empty where there was nothing to do and nothing was written. */
interface Written {
  readonly hash: Uint8Array;
}

export function put(context: Context, request: PutRequest): Promise<Written> {
  const { key, value } = request;
  checkKey(key);
  checkValue(key, value);
  const heads = headsOf(context, key);
  checkCondition({ key, heads }, request.if);
  return submit(context, [replace(key, heads, value)]);
}

export function remove(context: Context, request: DeleteRequest): Promise<Written> {
  const { key } = request;
  checkKey(key);
  const heads = headsOf(context, key);
  checkCondition({ key, heads }, request.if);
  return submit(context, hasValue(heads) ? [replace(key, heads, undefined)] : []);
}

export function batch(context: Context, request: BatchRequest): Promise<Written> {
  if (request.writes.length === 0) {
    throw new LatticeError("invalid-argument", "the batch is empty; give one write or more");
  }
  for (const write of request.writes) checkBatchWrite(write);
  const writes: KvWrite[] = [];
  for (const write of latestWrites(request.writes)) {
    const heads = headsOf(context, write.key);
    if (!write.delete) writes.push(replace(write.key, heads, write.value));
    else if (hasValue(heads)) writes.push(replace(write.key, heads, undefined));
  }
  return submit(context, writes);
}

export function resolve(context: Context, request: ResolveRequest): Promise<Written> {
  const { key, head, value } = request;
  checkKey(key);
  if ((head === "") === (value === undefined)) {
    throw new LatticeError("invalid-argument", "give either the head to keep or a new value");
  }
  if (value !== undefined) checkValue(key, value);
  const heads = headsOf(context, key);
  if (heads.length < 2) {
    throw new LatticeError("failed-precondition", `${formatBytes(key)} has no conflict to resolve`);
  }
  const kept = value ?? chooseHead({ key, heads }, head).value;
  return submit(context, [replace(key, heads, kept)]);
}

function checkBatchWrite(write: Write): void {
  checkKey(write.key);
  checkValue(write.key, write.value);
  if (write.delete && write.value.length > 0) {
    throw new LatticeError(
      "invalid-argument",
      `the batch both sets and removes ${formatBytes(write.key)} in one write`,
    );
  }
}

function headsOf(context: Context, key: Uint8Array): readonly Head[] {
  return readHeads(readRegisters(context.read, KEYS), key, HEAD_COUNT_MAX);
}

function hasValue(heads: readonly Head[]): boolean {
  return heads.some((head) => head.value !== undefined);
}

function replace(key: Uint8Array, heads: readonly Head[], value: Uint8Array | undefined): KvWrite {
  const supersedes = heads.map((head) => head.id);
  return value === undefined ? { key, supersedes } : { key, value, supersedes };
}

async function submit(context: Context, writes: KvWrite[]): Promise<Written> {
  if (writes.length === 0) return { hash: new Uint8Array() };
  checkWrites(writes);
  const { hash } = await context.submit({ writes });
  return { hash };
}
