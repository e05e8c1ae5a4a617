/**
 * The verdict on intentions that come from outside (weaver.md §3) and the rule of tip-signed batches (§6). Core.
 *
 * A batch is authenticated from its end: an intention whose id a later, authenticated one of its author cites as
 * store_prev needs no signature of its own. Then all that is new is judged in the order of ids, which extends the causal
 * order, together with what floats and hangs together with it.
 *
 * Invariants
 *  1. What is witnessed is authenticated, in place, timely and by a member; its parents stand before it.
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
  type HoldReason,
  type Intention,
  type IntentionId,
  type PubKey,
  type RejectReason,
  type StoreId,
} from "@lattice/model";
import { mayWrite, type RoleSource } from "@lattice/systemstore";
import type { Floating, FloatingBuffer, Hold } from "./floating.ts";
import { CLOSURE_ROUNDS_MAX } from "./limits.ts";
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
  readonly nowMs: number;
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
  const ids = fresh.map((candidate) => candidate.intention.id);
  const related = context.floating.count === 0 ? [] : relatedFloating(writer, context, fresh, ids);
  judge(writer, context, [...fresh, ...related.map(toCandidate)], report);
  return report;
}

/** Judges what floats again: `ids` and whatever hangs together with them. */
export function reconsider(writer: LogWriter, context: IngestContext, ids: readonly IntentionId[]): IngestReport {
  const report = emptyReport();
  const connected = context.floating.connected((name) => writer.table(name), ids);
  judge(writer, context, connected.map(toCandidate), report);
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

function relatedFloating(
  writer: LogWriter,
  { floating }: IngestContext,
  fresh: readonly Candidate[],
  ids: readonly IntentionId[],
): Floating[] {
  const table = (name: string) => writer.table(name);
  const known = new Set(ids.map(bytesKey));
  const touching = fresh.flatMap(({ intention }) => [
    ...floating.waitingForParent(table, intention.id),
    ...parentsOf(intention),
  ]);
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
  const vouchers = new Map<string, IntentionId>();
  for (let at = offered.length - 1; at >= 0; at--) {
    const { body, signature } = offered[at]!;
    const intention = decodeIntention(body);
    const fault = typeof intention === "string" ? intention : staticFault(intention, context);
    if (typeof intention === "string" || fault !== undefined) {
      if (fault !== undefined) count(report.rejectedByReason, fault);
      continue;
    }
    const voucher = vouchers.get(bytesKey(intention.id));
    if (voucher === undefined && signature === undefined) {
      const rejected = emptyReport();
      rejected.rejectedByReason.set("batch-rule", offered.length);
      Object.assign(report, rejected);
      return [];
    }
    const isHeld = writer.table("index").has(intention.id);
    // What is held needs no proof, and vouches for nothing below it that is not held as well.
    if (!isHeld && voucher === undefined && !verifyIntention(intention.author, intention.hash, signature!)) {
      count(report.rejectedByReason, "bad-signature");
      continue;
    }
    vouchers.set(bytesKey(intention.storePrev), voucher ?? intention.id);
    if (isHeld || isKnownFloat(writer, context, intention, voucher)) {
      report.duplicateCount += 1;
      continue;
    }
    candidates.push({
      intention,
      authentication:
        voucher === undefined ? { kind: "signature", signature: signature! } : { kind: "voucher", id: voucher },
      spare: voucher === undefined ? undefined : signature,
      receivedMs: context.nowMs,
      floats: context.floating.count > 0 && context.floating.has((name) => writer.table(name), intention.id),
      unsigned: false,
    });
  }
  return dedupe(candidates);
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
  voucher: IntentionId | undefined,
): boolean {
  if (floating.count === 0) return false;
  const known = floating.get((name) => writer.table(name), intention.id);
  if (known === undefined) return false;
  return known.authentication.kind === "signature" || voucher !== undefined;
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
function judge(writer: LogWriter, context: IngestContext, candidates: Candidate[], report: IngestReport): void {
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
    for (const [candidate, hold] of judged.held) holdBack(writer, context, { candidate, hold, judged }, report);
    if (context.floating.count === 0) return;
    const released = [...judged.accepted.values()].flatMap((candidate) =>
      context.floating.waitingForParent(table, candidate.intention.id),
    );
    pending = context.floating.connected(table, released).map(toCandidate);
    if (released.length === 0) return;
  }
}

function witness(writer: LogWriter, context: IngestContext, candidate: Candidate, report: IngestReport): void {
  const { intention, authentication } = candidate;
  if (candidate.floats) context.floating.remove((name) => writer.table(name), intention.id);
  const signature = authentication.kind === "signature" ? authentication.signature : undefined;
  const { forked } = writer.append(intention, { wallMs: context.nowMs, signature });
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

/** Repeats the judgement until nothing is accepted whose voucher is not. */
function settle(writer: LogWriter, context: IngestContext, candidates: readonly Candidate[]): Judged {
  for (let round = 1; ; round++) {
    const judged = judgeOnce(writer, context, candidates);
    let changed = false;
    for (const candidate of judged.accepted.values()) {
      if (isVouchedFor(candidate, judged.accepted)) continue;
      changed = true;
      // Giving up on all of them at once is always safe, and bounds the work a hostile batch can cause.
      if (round >= CLOSURE_ROUNDS_MAX) candidate.unsigned = true;
      else useSpareSignature(candidate);
    }
    if (!changed) return judged;
    if (round >= CLOSURE_ROUNDS_MAX) {
      for (const candidate of candidates) candidate.unsigned ||= candidate.authentication.kind === "voucher";
    }
  }
}

function isVouchedFor({ authentication }: Candidate, accepted: ReadonlyMap<string, Candidate>): boolean {
  return authentication.kind === "signature" || accepted.has(bytesKey(authentication.id));
}

function useSpareSignature(candidate: Candidate): void {
  const { intention, spare } = candidate;
  if (spare !== undefined && verifyIntention(intention.author, intention.hash, spare)) {
    candidate.authentication = { kind: "signature", signature: spare };
  } else {
    candidate.unsigned = true;
  }
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
  if (isFuture(intention, context.nowMs)) return { reason: "future", parents: [] };
  // First, so that a stranger cannot make this node fetch anything.
  if (!mayWrite(context.roles.roleNow(intention.author))) return { reason: "not-a-member", parents: [] };
  const index = writer.table("index");
  const parents = parentsOf(intention).filter((id) => !accepted.has(bytesKey(id)) && !index.has(id));
  if (parents.length > 0) return { reason: "parent-missing", parents };
  return candidate.unsigned ? { reason: "unsigned", parents: [] } : undefined;
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

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
