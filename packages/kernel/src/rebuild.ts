/**
 * Makes a store anew from what is sound of its log (`store rebuild`). Driver; the store is closed meanwhile.
 *
 * Every intention goes through the same checks as if a peer had sent it, so indexes, tips, heads and forks are
 * derived again, not copied. The old file is kept aside where anything of it could not be used. What was lost comes
 * back from peers; until this node's own chain has, it does not write, since it would fork itself.
 */
import {
  bytesKey,
  decodeIntention,
  equalBytes,
  ID_BYTES,
  idHash,
  LatticeError,
  readSeqBe,
  storeIdOf,
  toHex,
  u64be,
  verifyIntention,
  vouchesForPrev,
  type Intention,
  type IntentionId,
  type Random,
} from "@lattice/model";
import type { Storage } from "@lattice/storage";
import { begin } from "./open-store.ts";
import { FloatingBuffer } from "./floating.ts";
import { ingest, type Offered } from "./ingest.ts";
import { WitnessLog } from "./log.ts";
import type { StorePlace } from "./place.ts";
import { decodeFloating, decodeWitness } from "./records.ts";
import { Role, type RoleSource } from "@lattice/systemstore";

const BATCH_COUNT = 4096;
/** What vouches for a record stands in the log soon behind it, or was lost. */
const GROUP_COUNT_MAX = 65_536;
/** Nothing in the log lies too far ahead of this; it was timely when it came. */
const FOREVER_MS = 2 ** 48 - 1;

export interface RebuiltLog {
  readonly intentionCount: number;
  /** One line for each record that could not be used. */
  readonly lost: readonly string[];
}

/**
 * Rebuilds the log of a store that is closed and removes its state, which the next opening projects. `beforeReplace` may
 * make durable what must be known of a log that lacks something, before there is one.
 */
export async function rebuildStore(
  place: StorePlace,
  random: Random,
  { beforeReplace }: { beforeReplace?: (lost: readonly string[]) => Promise<void> } = {},
): Promise<RebuiltLog> {
  const old = place.openLog();
  const open = [old];
  const lost: string[] = [];
  let intentionCount = 0;
  let closed: PromiseSettledResult<void>[] = [];
  try {
    const target = place.openNewLog();
    open.unshift(target);
    intentionCount = await copySound({ old, target, random }, lost);
  } finally {
    // Each of them, whatever becomes of the others: what stays open could not be opened again.
    closed = await Promise.allSettled(open.map((log) => log.close()));
  }
  for (const result of closed) if (result.status === "rejected") throw LatticeError.from(result.reason);
  await beforeReplace?.(lost);
  place.replaceLog({ keepOld: lost.length > 0 });
  place.removeState();
  return { intentionCount, lost };
}

interface Copying {
  readonly old: Storage;
  readonly target: Storage;
  readonly random: Random;
}

async function copySound({ old, target, random }: Copying, lost: string[]): Promise<number> {
  const genesis = old.table("witness").get(u64be(1));
  const record = genesis && decodeWitness(genesis);
  try {
    begin(target, record ?? { body: new Uint8Array(0), signature: undefined }, random);
  } catch (cause) {
    throw new LatticeError(
      "corrupt",
      "the genesis of the store is damaged: leave the store and join it again",
      { cause },
    );
  }
  const log = new WitnessLog(target);
  const first = log.at(1).intention;
  const storeId = storeIdOf(first.hash);
  for (const batch of soundBatches(old, lost)) {
    const floating = new FloatingBuffer(target);
    const wallMs = new Map(batch.map((record) => [bytesKey(record.id), record.wallMs]));
    const wallMsOf = ({ id }: Intention) => wallMs.get(bytesKey(id));
    const context = { storeId, floating, roles: everyone, nowMs: FOREVER_MS, writers: new Map(), wallMsOf };
    const report = log.write((writer) => ingest(writer, context, batch));
    await target.flush();
    for (const [reason, count] of report.rejectedByReason) lost.push(`${count} intentions: ${reason}`);
    if (report.droppedCount > 0)
      lost.push(`${report.droppedCount} intentions stand on parents that were lost`);
  }
  noteFloating(target, lost);
  copyFloating(old, target, lost);
  await target.flush();
  return log.head.wseq;
}

/** Was accepted before, by rules that need not be asked again: who was a member then is decided by the state, later. */
const everyone: RoleSource = { roleNow: () => Role.OWNER, roleAt: () => Role.OWNER };

interface SoundRecord extends Offered {
  readonly id: IntentionId;
  readonly storePrev: IntentionId;
  /** For the previous one. */
  readonly vouches: boolean;
  readonly wallMs: number;
}

/** Records in the order of the log, each batch such that it proves itself. */
function* soundBatches(old: Storage, lost: string[]): Iterable<SoundRecord[]> {
  let batch: SoundRecord[] = [];
  const unproven = new Set<string>();
  for (const record of soundRecords(old, lost)) {
    batch.push(record);
    unproven.delete(bytesKey(record.storePrev));
    if (record.signature === undefined) unproven.add(bytesKey(record.id));
    if (batch.length < BATCH_COUNT || (unproven.size > 0 && batch.length < GROUP_COUNT_MAX)) continue;
    yield proven(batch, lost);
    batch = [];
    unproven.clear();
  }
  yield proven(batch, lost);
}

/** Without those whose voucher was lost. */
function proven(batch: readonly SoundRecord[], lost: string[]): SoundRecord[] {
  const vouched = new Set<string>();
  const kept: SoundRecord[] = [];
  for (const record of batch.toReversed()) {
    if (record.signature === undefined && !vouched.has(bytesKey(record.id))) {
      lost.push(`${toHex(idHash(record.id)).slice(0, 12)}: what vouches for it was lost`);
      continue;
    }
    if (record.vouches) vouched.add(bytesKey(record.storePrev));
    kept.push(record);
  }
  return kept.toReversed();
}

function* soundRecords(old: Storage, lost: string[]): Iterable<SoundRecord> {
  let last = 1;
  const noteMissing = (until: number) => {
    if (until > last + 1) lost.push(`witness ${last + 1} to ${until - 1}: missing`);
  };
  for (const [key, row] of old.table("witness").range({ gt: u64be(1) })) {
    noteMissing(readSeqBe(key));
    last = readSeqBe(key);
    const record = decodeWitness(row);
    const intention = record && decodeIntention(record.body);
    if (record === undefined || intention === undefined || typeof intention === "string") {
      lost.push(`witness ${toHex(key)}: not readable`);
      continue;
    }
    const { id, hash, author, storePrev } = intention;
    const { body, wallMs } = record;
    const vouches = vouchesForPrev(intention);
    // A changed byte gives another hash, under which nothing was ever indexed; unless it is the index that changed, or the
    // signature, so that a later one has to vouch for it.
    const isIndexed = equalBytes(old.table("index").get(id) ?? new Uint8Array(0), key);
    const isSigned = record.signature !== undefined && verifyIntention(author, hash, record.signature);
    if (isIndexed || isSigned)
      yield { body, signature: isSigned ? record.signature : undefined, id, storePrev, vouches, wallMs };
    else lost.push(`witness ${toHex(key)}: not what was written`);
  }
  noteMissing((headWseq(old) ?? last) + 1);
}

/** undefined where that row is damaged, too. */
function headWseq(old: Storage): number | undefined {
  try {
    return new WitnessLog(old).head.wseq;
  } catch {
    return undefined;
  }
}

/** What floated floats on: after an earlier rebuild there may be no other copy of this node's own. */
function copyFloating(old: Storage, target: Storage, lost: string[]): void {
  const copied = new Set<string>();
  target.transaction((table) => {
    for (const [key, row] of old.table("floating").range()) {
      const record = decodeFloating(row);
      const intention = record && decodeIntention(record.body);
      if (intention === undefined || typeof intention === "string" || !equalBytes(intention.id, key)) {
        lost.push(`floating ${toHex(key)}: not what was written`);
      } else if (!table("index").has(key)) {
        table("floating").put(key, row);
        copied.add(bytesKey(key));
      }
    }
    for (const [key, row] of old.table("waiting").range()) {
      if (copied.has(bytesKey(key.subarray(-ID_BYTES)))) table("waiting").put(key, row);
    }
  });
}

function noteFloating(target: Storage, lost: string[]): void {
  const count = target.table("floating").count();
  if (count > 0) lost.push(`${count} intentions wait for parents that were lost`);
}
