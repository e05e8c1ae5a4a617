/**
 * The verdict on intentions that come from outside (weaver.md §3) and the rule of tip-signed batches (§6). Core.
 *
 * A batch is authenticated from its end: an intention whose id a later, authenticated one of its author cites as
 * store_prev needs no signature of its own. Then all that is new is judged in the order of ids, which extends the causal
 * order, together with what floats and hangs together with it.
 *
 * Invariants
 *  1. What is witnessed is authenticated, in place, timely and by a member; its parents stand before it. This node's own is
 *     timely always.
 *  2. What is witnessed without a signature is witnessed together with the signed intention that vouches for it. So
 *     whoever holds it can prove it to others.
 *  3. No input makes this throw, but a damaged disk.
 */
import {
  bytesKey,
  compareBytes,
  decodeIntention,
  equalBytes,
  FUTURE_MS_MAX,
  hlcFromMs,
  hlcToMs,
  idTimestamp,
  isGenesis,
  isIdentityKey,
  parentsOf,
  verifyIntention,
  vouchesForPrev,
  type HoldReason,
  type Intention,
  type IntentionId,
  type PubKey,
  type RejectReason,
  type StoreId,
} from "@lattice/model";
import { mayWrite, type RoleSource } from "@lattice/systemstore";
import type { Floating, FloatingBuffer, Hold } from "./floating.ts";
import { BAD_SIGNATURES_MAX } from "./limits.ts";
import { Groups, type InBatch } from "./groups.ts";
import type { LogWriter } from "./log.ts";
import type { Authentication } from "./records.ts";

/** An intention as it comes from a peer, a file or the store's own past. */
export interface Offered {
  readonly body: Uint8Array;
  readonly signature: Uint8Array | undefined;
}

export interface IngestReport {
  witnessed: Intention[];
  duplicateCount: number;
  /** Dropped although nothing is wrong with them: the floating buffer is full. */
  droppedCount: number;
  heldByReason: Map<HoldReason, number>;
  rejectedByReason: Map<RejectReason | "batch-rule", number>;
  /** Parents that are neither held nor floating: to be fetched at once. */
  missing: IntentionId[];
  /** Authors that were caught with a fork. */
  forkers: PubKey[];
}

export function emptyReport(): IngestReport {
  return {
    witnessed: [],
    duplicateCount: 0,
    droppedCount: 0,
    heldByReason: new Map(),
    rejectedByReason: new Map(),
    missing: [],
    forkers: [],
  };
}

export interface IngestContext {
  readonly storeId: StoreId;
  readonly floating: FloatingBuffer;
  readonly roles: RoleSource;
  /**
   * Whose own intentions are timely: whoever has them has accepted them, so it is this node's clock that was set back since. It
   * would write anew in their places if it did not take them. Undefined where a log is made anew.
   */
  readonly self?: PubKey;
  readonly nowMs: number;
  /** Authors that were looked up in this step; empty at its start. */
  readonly writers: Map<string, boolean>;
  /** When it was witnessed before, where a log is made anew. Default: now. */
  readonly wallMsOf?: (intention: Intention) => number | undefined;
}

interface Candidate extends Floating {
  authentication: Authentication;
  /** A signature that nobody has looked at, because a voucher made that unnecessary. */
  readonly spare: Uint8Array | undefined;
  readonly floats: boolean;
  /** Set once it is clear that it cannot be witnessed in this step for want of a signature. */
  unsigned: boolean;
}

/** Judges a batch, and whatever it releases. */
export function ingest(writer: LogWriter, context: IngestContext, offered: readonly Offered[]): IngestReport {
  const report = emptyReport();
  const fresh = authenticate(writer, context, offered, report);
  if (fresh.length === 0) return report;
  const related = context.floating.count === 0 ? [] : relatedFloating(writer, context, fresh);
  judge(writer, context, [...fresh, ...related.map(toCandidate)], report);
  report.missing = distinct(report.missing);
  return report;
}

/** Judges what floats again: `ids` and whatever hangs together with them. */
export function reconsider(
  writer: LogWriter,
  context: IngestContext,
  ids: readonly IntentionId[],
): IngestReport {
  const report = emptyReport();
  const connected = context.floating.connected((name) => writer.table(name), ids);
  judge(writer, context, connected.map(toCandidate), report);
  report.missing = distinct(report.missing);
  return report;
}

/** Whether an intention is too far ahead of the clock to be accepted now. */
function isFuture(intention: Intention, nowMs: number): boolean {
  return hlcToMs(intention.timestamp) > nowMs + FUTURE_MS_MAX;
}

/** The greatest timestamp that is accepted at `nowMs`. */
export function latestAccepted(nowMs: number): bigint {
  return hlcFromMs(nowMs + FUTURE_MS_MAX) | 0xffffn;
}

/** What floats and may be witnessed with `fresh`. That much waits for something else must not make the newcomer dear. */
function relatedFloating(
  writer: LogWriter,
  { floating }: IngestContext,
  fresh: readonly Candidate[],
): Floating[] {
  const table = (name: string) => writer.table(name);
  const known = new Set(fresh.map(({ intention }) => bytesKey(intention.id)));
  const isHere = (id: IntentionId) => known.has(bytesKey(id)) || writer.table("index").has(id);
  const touching = fresh.flatMap(({ intention }) => {
    const parents = parentsOf(intention);
    if (!parents.every((id) => isHere(id) || floating.has(table, id))) return [];
    const waiting = floating.waitingForParent(table, intention.id);
    return vouchesForPrev(intention) ? [...waiting, intention.storePrev] : waiting;
  });
  return floating.connected(table, touching).filter(({ intention }) => !known.has(bytesKey(intention.id)));
}

function toCandidate(floating: Floating): Candidate {
  return { ...floating, spare: undefined, floats: true, unsigned: false };
}

/**
 * From the bytes to candidates in the order of ids: decodes, drops what can never be accepted or is held already, and
 * finds for each what authenticates it. A batch that breaks the rule of tip-signing is rejected as a whole.
 */
function authenticate(
  writer: LogWriter,
  context: IngestContext,
  offered: readonly Offered[],
  report: IngestReport,
): Candidate[] {
  const candidates: Candidate[] = [];
  const batch = offered.map((each) => readOffered(context, each, report));
  const groups = new Groups(batch);
  for (const item of batch.toReversed()) {
    if (item === undefined) continue;
    const { intention, signature } = item;
    const { author, id } = intention;
    const voucher = groups.voucherOf(item);
    const isForgery = (report.rejectedByReason.get("bad-signature") ?? 0) > BAD_SIGNATURES_MAX;
    if (voucher === "none" || isForgery) {
      const rejected = emptyReport();
      rejected.rejectedByReason.set("batch-rule", offered.length);
      Object.assign(report, rejected);
      return [];
    }
    const isHeld = writer.table("index").has(id);
    // What is held needs no proof, and vouches for nothing below it that is not held as well.
    if (!isHeld && voucher === undefined && !verifyIntention(author, intention.hash, signature!)) {
      count(report.rejectedByReason, "bad-signature");
      continue;
    }
    groups.add(item, voucher);
    if (isHeld || isKnownFloat(writer, context, intention, signature)) {
      report.duplicateCount += 1;
      continue;
    }
    candidates.push({
      intention,
      authentication:
        voucher === undefined
          ? { kind: "signature", signature: signature! }
          : { kind: "voucher", id: voucher },
      spare: voucher === undefined ? undefined : signature,
      receivedMs: context.nowMs,
      floats: context.floating.count > 0 && context.floating.has((name) => writer.table(name), id),
      unsigned: false,
    });
  }
  return dedupe(candidates);
}

/** Undefined, and counted, where it can never be accepted. */
function readOffered(
  context: IngestContext,
  { body, signature }: Offered,
  report: IngestReport,
): InBatch | undefined {
  const intention = decodeIntention(body);
  const fault = typeof intention === "string" ? intention : staticFault(intention, context);
  if (typeof intention !== "string" && fault === undefined) return { intention, signature };
  if (fault !== undefined) count(report.rejectedByReason, fault);
  return undefined;
}

function dedupe(candidates: Candidate[]): Candidate[] {
  candidates.sort((a, b) => compareBytes(a.intention.id, b.intention.id));
  return candidates.filter(
    (candidate, at) => at === 0 || !equalBytes(candidate.intention.id, candidates[at - 1]!.intention.id),
  );
}

/** Floating already, and this copy is not better: it has no signature of its own where that one lacks it. */
function isKnownFloat(
  writer: LogWriter,
  { floating }: IngestContext,
  intention: Intention,
  signature: Uint8Array | undefined,
): boolean {
  if (floating.count === 0) return false;
  const known = floating.get((name) => writer.table(name), intention.id);
  if (known === undefined) return false;
  return known.authentication.kind === "signature" || signature === undefined;
}

const identityKeys = new Set<string>();

/** What is wrong with an intention by itself, whatever else is held. */
function staticFault(intention: Intention, { storeId }: IngestContext): RejectReason | undefined {
  if (isGenesis(intention)) return "second-genesis";
  if (!equalBytes(intention.storeId, storeId)) return "wrong-store";
  const author = bytesKey(intention.author);
  if (!identityKeys.has(author)) {
    if (!isIdentityKey(intention.author)) return "bad-author-key";
    if (identityKeys.size >= 4096) identityKeys.clear();
    identityKeys.add(author);
  }
  const isAfter = (parent: IntentionId) => idTimestamp(parent) < intention.timestamp;
  return parentsOf(intention).every(isAfter) ? undefined : "timestamp-not-after-parent";
}

/** Witnesses what can be witnessed, lets the rest float, and goes on with what that releases. */
function judge(
  writer: LogWriter,
  context: IngestContext,
  candidates: Candidate[],
  report: IngestReport,
): void {
  const table = (name: string) => writer.table(name);
  let pending = candidates;
  while (pending.length > 0) {
    pending.sort((a, b) => compareBytes(a.intention.id, b.intention.id));
    const judged = settle(writer, context, pending);
    for (const candidate of judged.accepted.values()) witness(writer, context, candidate, report);
    for (const [candidate, reason] of judged.rejected) {
      count(report.rejectedByReason, reason);
      if (candidate.floats) context.floating.remove(table, candidate.intention.id);
    }
    for (const [candidate, hold] of judged.held)
      holdBack(writer, context, { candidate, hold, judged }, report);
    if (context.floating.count === 0) return;
    const released = [...judged.accepted.values()].flatMap((candidate) =>
      context.floating.waitingForParent(table, candidate.intention.id),
    );
    pending = context.floating.connected(table, released).map(toCandidate);
    if (released.length === 0) return;
  }
}

function witness(
  writer: LogWriter,
  context: IngestContext,
  candidate: Candidate,
  report: IngestReport,
): void {
  const { intention, authentication } = candidate;
  if (candidate.floats) context.floating.remove((name) => writer.table(name), intention.id);
  const signature = authentication.kind === "signature" ? authentication.signature : undefined;
  const wallMs = context.wallMsOf?.(intention) ?? context.nowMs;
  const { forked } = writer.append(intention, { wallMs, signature });
  if (forked) report.forkers.push(intention.author);
  report.witnessed.push(intention);
}

function holdBack(
  writer: LogWriter,
  context: IngestContext,
  held: { candidate: Candidate; hold: Hold; judged: Judged },
  report: IngestReport,
): void {
  const { candidate, hold, judged } = held;
  const table = (name: string) => writer.table(name);
  if (!candidate.floats) count(report.heldByReason, hold.reason);
  // It may have to wait longer than what vouches for it, which may turn out to be worthless.
  useSpareSignature(candidate);
  if (!context.floating.put(table, candidate, hold)) {
    report.droppedCount += 1;
    return;
  }
  for (const parent of hold.parents) {
    const isCandidate = judged.heldIds.has(bytesKey(parent));
    if (!isCandidate && !context.floating.has(table, parent)) report.missing.push(parent);
  }
}

interface Judged {
  readonly accepted: Map<string, Candidate>;
  readonly held: Map<Candidate, Hold>;
  readonly heldIds: Set<string>;
  readonly rejected: Map<Candidate, RejectReason>;
}

/** Nothing is accepted whose voucher is not. */
function settle(writer: LogWriter, context: IngestContext, candidates: readonly Candidate[]): Judged {
  const judged = judgeOnce(writer, context, candidates);
  const { accepted } = judged;
  if (accepted.values().every((candidate) => isVouchedFor(candidate, accepted))) return judged;
  markUnsigned(accepted);
  return judgeOnce(writer, context, candidates);
}

function isVouchedFor({ authentication }: Candidate, accepted: ReadonlyMap<string, Candidate>): boolean {
  return authentication.kind === "signature" || accepted.has(bytesKey(authentication.id));
}

/**
 * Marks what cannot be witnessed for want of a signature: it has none, and nothing that vouches for it can be
 * witnessed. What cites it in any way cannot either, and so vouches for nothing. Takes time with the number of citations.
 */
function markUnsigned(accepted: ReadonlyMap<string, Candidate>): void {
  const citing = new Map<string, Candidate[]>();
  const voucherCount = new Map<Candidate, number>();
  const previous = ({ intention }: Candidate) =>
    vouchesForPrev(intention) ? accepted.get(bytesKey(intention.storePrev)) : undefined;
  const addVouchers = (candidate: Candidate | undefined, change: 1 | -1) => {
    if (candidate !== undefined) voucherCount.set(candidate, (voucherCount.get(candidate) ?? 0) + change);
  };
  for (const candidate of accepted.values()) {
    addVouchers(previous(candidate), 1);
    for (const parent of parentsOf(candidate.intention)) {
      const known = citing.get(bytesKey(parent));
      if (known === undefined) citing.set(bytesKey(parent), [candidate]);
      else known.push(candidate);
    }
  }
  const gone = new Set<Candidate>();
  // A set goes on with what is added to it on the way.
  const take = (candidate: Candidate | undefined) => {
    if (candidate === undefined || gone.has(candidate) || (voucherCount.get(candidate) ?? 0) > 0) return;
    if (useSpareSignature(candidate)) return;
    candidate.unsigned = true;
    gone.add(candidate);
  };
  for (const candidate of accepted.values()) take(candidate);
  for (const candidate of gone) {
    addVouchers(previous(candidate), -1);
    take(previous(candidate));
    for (const child of citing.get(bytesKey(candidate.intention.id)) ?? []) gone.add(child);
  }
}

/** Whether it has a signature by now. */
function useSpareSignature(candidate: Candidate): boolean {
  const { authentication, intention, spare } = candidate;
  if (authentication.kind === "signature") return true;
  if (spare === undefined || !verifyIntention(intention.author, intention.hash, spare)) return false;
  candidate.authentication = { kind: "signature", signature: spare };
  return true;
}

function judgeOnce(writer: LogWriter, context: IngestContext, candidates: readonly Candidate[]): Judged {
  const judged: Judged = { accepted: new Map(), held: new Map(), heldIds: new Set(), rejected: new Map() };
  for (const candidate of candidates) {
    const { intention } = candidate;
    const key = bytesKey(intention.id);
    const hold = holdOf(writer, context, candidate, judged.accepted);
    if (hold !== undefined) {
      judged.held.set(candidate, hold);
      judged.heldIds.add(key);
      continue;
    }
    const fault = chainFault(writer, intention, judged.accepted);
    if (fault !== undefined) judged.rejected.set(candidate, fault);
    else judged.accepted.set(key, candidate);
  }
  return judged;
}

function holdOf(
  writer: LogWriter,
  context: IngestContext,
  candidate: Candidate,
  accepted: ReadonlyMap<string, Candidate>,
): Hold | undefined {
  const { intention } = candidate;
  if (isFuture(intention, context.nowMs) && !isOwn(context, intention)) {
    return { reason: "future", parents: [] };
  }
  // First, so that a stranger cannot make this node fetch anything.
  if (!isWriter(context, intention.author)) return { reason: "not-a-member", parents: [] };
  const index = writer.table("index");
  const parents = parentsOf(intention).filter((id) => !accepted.has(bytesKey(id)) && !index.has(id));
  if (parents.length > 0) return { reason: "parent-missing", parents };
  return candidate.unsigned ? { reason: "unsigned", parents: [] } : undefined;
}

function isOwn({ self }: IngestContext, { author }: Intention): boolean {
  return self !== undefined && equalBytes(author, self);
}

/** Asked once for each author and step: within one, nobody becomes a member. */
function isWriter({ roles, writers }: IngestContext, author: PubKey): boolean {
  const key = bytesKey(author);
  let known = writers.get(key);
  if (known === undefined) {
    known = mayWrite(roles.roleNow(author));
    writers.set(key, known);
  }
  return known;
}

/** The parents are there; does the intention stand where its author's chain goes on? */
function chainFault(
  writer: LogWriter,
  intention: Intention,
  accepted: ReadonlyMap<string, Candidate>,
): RejectReason | undefined {
  const { author, seq, storePrev } = intention;
  const tipSeq = writer.tipSeq(author, storePrev);
  if (tipSeq !== undefined) return seq === tipSeq + 1 ? undefined : "wrong-seq";
  const prev = accepted.get(bytesKey(storePrev))?.intention ?? writer.intention(storePrev);
  if (!isGenesis(prev) && !equalBytes(prev.author, author)) return "prev-of-another";
  return seq === prev.seq + 1 ? undefined : "wrong-seq";
}

function distinct(ids: readonly IntentionId[]): IntentionId[] {
  return [...new Map(ids.map((id) => [bytesKey(id), id])).values()];
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
