/**
 * Makes a store anew from what is sound of its log (`store rebuild`). Driver; the store is closed meanwhile.
 *
 * Every intention goes through the same checks as if a peer had sent it, so indexes, tips, heads and forks are
 * derived again, not copied. The old file is kept aside where anything of it could not be used. What was lost comes
 * back from peers; until this node's own chain has, it does not write, since it would fork itself.
 */
import { renameSync } from "node:fs";
import {
  bytesKey,
  decodeIntention,
  equalBytes,
  LatticeError,
  storeIdOf,
  systemRandom,
  toHex,
  u64be,
  type Intention,
} from "@lattice/model";
import { removeLmdbStorage, type Storage } from "@lattice/storage";
import { begin, openLog, setAsideLog, storePaths } from "./open-store.ts";
import { FloatingBuffer } from "./floating.ts";
import { ingest, type Offered } from "./ingest.ts";
import { WitnessLog } from "./log.ts";
import { decodeWitness } from "./records.ts";
import { Role, type RoleSource } from "@lattice/systemstore";

const BATCH_COUNT = 4096;
/** Nothing in the log lies too far ahead of this; it was timely when it came. */
const FOREVER_MS = 2 ** 48 - 1;

export interface RebuiltLog {
  readonly intentionCount: number;
  /** One line for each record that could not be used. */
  readonly lost: readonly string[];
}

/** Rebuilds `intentions/log.db` and removes the state, which the next opening projects. */
export async function rebuildStoreFiles(directory: string): Promise<RebuiltLog> {
  const paths = storePaths(directory);
  const fresh = `${paths.log}.new.db`;
  removeLmdbStorage(fresh);
  const old = openLog(paths.log);
  const target = openLog(fresh);
  const lost: string[] = [];
  let intentionCount = 0;
  try {
    intentionCount = await copySound(old, target, lost);
  } finally {
    await target.close();
    await old.close();
  }
  if (lost.length > 0) setAsideLog(directory);
  removeLmdbStorage(paths.log);
  // The journal was merged when the new log was closed, so the one file is all of it.
  renameSync(fresh, paths.log);
  removeLmdbStorage(fresh);
  removeLmdbStorage(paths.state);
  return { intentionCount, lost };
}

async function copySound(old: Storage, target: Storage, lost: string[]): Promise<number> {
  const genesis = old.table("witness").get(u64be(1));
  const record = genesis && decodeWitness(genesis);
  if (record === undefined) {
    throw new LatticeError("corrupt", "the genesis of the store is damaged: leave the store and join it again");
  }
  begin(target, record, systemRandom);
  const log = new WitnessLog(target);
  const first = log.at(1).intention;
  const storeId = storeIdOf(first.hash);
  for (const batch of soundBatches(old, lost)) {
    const floating = new FloatingBuffer(target);
    const context = { storeId, floating, roles: everyone, nowMs: FOREVER_MS, writers: new Map() };
    log.write((writer) => ingest(writer, context, batch));
    await target.flush();
  }
  noteFloating(target, lost);
  return log.head.wseq;
}

/** Was accepted before, by rules that need not be asked again: who was a member then is decided by the state, later. */
const everyone: RoleSource = { roleNow: () => Role.OWNER, roleAt: () => Role.OWNER };

/** Records in the order of the log, each batch such that it proves itself. What floated comes back from peers. */
function* soundBatches(old: Storage, lost: string[]): Iterable<Offered[]> {
  let batch: Offered[] = [];
  const unproven = new Set<string>();
  for (const offered of soundRecords(old, lost)) {
    const intention = decodeIntention(offered.body) as Intention;
    batch.push(offered);
    unproven.delete(bytesKey(intention.storePrev));
    if (offered.signature === undefined) unproven.add(bytesKey(intention.id));
    if (batch.length < BATCH_COUNT || unproven.size > 0) continue;
    yield batch;
    batch = [];
  }
  yield proven(batch, lost);
}

/** Without those whose voucher was lost. */
function proven(batch: readonly Offered[], lost: string[]): Offered[] {
  const vouched = new Set<string>();
  const kept: Offered[] = [];
  for (const offered of batch.toReversed()) {
    const intention = decodeIntention(offered.body) as Intention;
    if (offered.signature === undefined && !vouched.has(bytesKey(intention.id))) {
      lost.push(`${toHex(intention.hash).slice(0, 12)}: what vouches for it was lost`);
      continue;
    }
    vouched.add(bytesKey(intention.storePrev));
    kept.push(offered);
  }
  return kept.toReversed();
}

function* soundRecords(old: Storage, lost: string[]): Iterable<Offered> {
  for (const [key, row] of old.table("witness").range({ gt: u64be(1) })) {
    const record = decodeWitness(row);
    const intention = record && decodeIntention(record.body);
    if (record === undefined || intention === undefined || typeof intention === "string") {
      lost.push(`witness ${toHex(key)}: not readable`);
      continue;
    }
    // A changed byte gives another hash, under which nothing was ever indexed.
    if (!equalBytes(old.table("index").get(intention.id) ?? new Uint8Array(0), key) && record.signature === undefined) {
      lost.push(`witness ${toHex(key)}: not what was written`);
      continue;
    }
    yield { body: record.body, signature: record.signature };
  }
}

function noteFloating(target: Storage, lost: string[]): void {
  const count = target.table("floating").count();
  if (count > 0) lost.push(`${count} intentions wait for parents that were lost`);
}
