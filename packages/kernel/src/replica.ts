/**
 * One replicated store: its log, what floats, and its state, as one synchronous machine (weaver.md §3–§5). Core: time,
 * keys and storage are given to it; the same inputs give the same store.
 *
 * Nothing here is durable by itself: the driver calls `seal`, flushes the log, and only then tells anybody.
 */
import {
  bytesKey,
  CONDITION_COUNT_MAX,
  encodeIntention,
  equalBytes,
  idHash,
  isGenesis,
  LatticeError,
  OPS_BYTES_MAX,
  parentsOf,
  signIntention,
  storeIdOf,
  toHex,
  u64be,
  type Clock,
  type Hash,
  type HybridClock,
  type Intention,
  type IntentionId,
  type PubKey,
  type Signer,
  type StoreId,
} from "@lattice/model";
import { weaver } from "@lattice/proto";
import type { Storage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import { mayWrite, type RoleSource, type SystemState } from "@lattice/systemstore";
import { FloatingBuffer } from "./floating.ts";
import { parseGenesis } from "./genesis.ts";
import {
  emptyReport,
  ingest,
  latestAccepted,
  reconsider,
  type IngestContext,
  type IngestReport,
  type Offered,
} from "./ingest.ts";
import { OWN_CHAIN_PATIENCE_MS, TAIL_CHECK_COUNT, UNSIGNED_BYTES_MAX, UNSIGNED_COUNT_MAX } from "./limits.ts";
import { HEAD_KEY, WitnessLog, type Tip, type Witnessed } from "./log.ts";
import { Projection, type Projected } from "./projection.ts";
import { chainHashAfter, corrupt } from "./records.ts";

export interface ReplicaOptions {
  readonly log: Storage;
  readonly state: Storage;
  readonly type: StoreType;
  readonly signer: Signer;
  /** One for the whole node: what a store has seen, the others' writes come after. */
  readonly hlc: HybridClock;
  readonly clock: Clock;
  /** Of the root, for a child store. */
  readonly roles?: RoleSource | undefined;
}

/** What changed, for who wants to tell others. */
export interface Outcome {
  readonly report: IngestReport;
  readonly projected: readonly Projected[];
}

interface OwnChainClaim {
  readonly seq: number;
  readonly sinceMs: number;
  /** This node knows it by itself. */
  readonly isCertain: boolean;
}

export class Replica {
  readonly #options: ReplicaOptions;
  readonly log: WitnessLog;
  readonly floating: FloatingBuffer;
  readonly projection: Projection;
  readonly storeId: StoreId;
  readonly genesisHash: Hash;
  readonly genesis: weaver.Genesis;
  /** How far peers say they have this node's own chain; beyond the own tip while a restored backup catches up. */
  readonly #claimByPeer = new Map<string, OwnChainClaim>();
  /** Spent on waiting for what peers claimed in vain, since anything of this node's own chain came last. */
  readonly #waitedMsByPeer = new Map<string, number>();
  /** When it last became more or less of this node's own that floats. */
  #ownFloatsMs: number;
  /** Of what was written since the last signature. */
  #unsignedBytes = 0;
  #unsignedCount = 0;

  /** The log holds at least the genesis. */
  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.log = new WitnessLog(options.log);
    if (this.log.head.wseq === 0) throw corrupt("meta", HEAD_KEY, "no log head");
    const first = this.log.at(1).intention;
    if (!isGenesis(first)) throw corrupt("witness", u64be(1), "the log does not start with a genesis");
    this.genesis = parseGenesis(first);
    this.genesisHash = idHash(first.id);
    this.storeId = storeIdOf(this.genesisHash);
    this.#checkTail();
    this.floating = new FloatingBuffer(options.log);
    this.projection = new Projection({ ...options, storage: options.state, log: this.log });
    if (!this.projection.belongsToLog()) this.projection.clear();
    options.hlc.witness(this.log.head.maxTimestamp);
    this.#ownFloatsMs = options.clock.now();
  }

  get system(): SystemState {
    return this.projection.system;
  }

  /** Who may write here: the store's own members, or its root's. */
  get roles(): RoleSource {
    return this.#options.roles ?? this.system;
  }

  get self(): PubKey {
    return this.#options.signer.publicKey;
  }

  /** The intention on which this node's next one stands. Of a fork of one's own the greatest; the others become conditions. */
  ownTip(): Tip {
    const tips = this.log.tipsOf(this.self);
    const greatest = tips.reduce<Tip | undefined>(
      (best, tip) => (best && Buffer.compare(best.id, tip.id) > 0 ? best : tip),
      undefined,
    );
    const genesis = this.log.at(1).intention;
    return greatest ?? { author: this.self, seq: 0, id: genesis.id };
  }

  /**
   * A peer says that it holds this node's own chain up to `seq`. Until that is here again this node must not write: it
   * would fork itself. Forgotten when the peer has sent what it has, and not believed for ever while it sends nothing of it,
   * so that a liar can only delay; but `isCertain`.
   */
  noteOwnSeqElsewhere(peer: PubKey, seq: number, options: { isCertain?: boolean } = {}): void {
    const { isCertain = false } = options;
    this.forgetPeer(peer);
    this.#claimByPeer.set(bytesKey(peer), { seq, sinceMs: this.#options.clock.now(), isCertain });
  }

  forgetPeer(peer: PubKey): void {
    const key = bytesKey(peer);
    const claim = this.#claimByPeer.get(key);
    if (claim === undefined) return;
    if (claim.seq > this.ownTip().seq) this.#waitedMsByPeer.set(key, this.#waitedMs(key, claim));
    this.#claimByPeer.delete(key);
  }

  /** In all. A clock that was set back has not given time back. */
  #waitedMs(key: string, { sinceMs }: OwnChainClaim): number {
    const before = this.#waitedMsByPeer.get(key) ?? 0;
    return before + Math.max(0, this.#options.clock.now() - sinceMs);
  }

  /** Whoever claimed that more was to come may have told the truth. */
  #noteOwnCame({ witnessed }: IngestReport): void {
    if (this.#claimByPeer.size === 0 || !witnessed.some(({ author }) => equalBytes(author, this.self)))
      return;
    this.#waitedMsByPeer.clear();
    const sinceMs = this.#options.clock.now();
    for (const [key, claim] of this.#claimByPeer) this.#claimByPeer.set(key, { ...claim, sinceMs });
  }

  /**
   * Something of this node's own floats, so that what lies below it was lost here. It may be lost everywhere, or be held back
   * by somebody, so it is waited for no longer than what peers claim.
   */
  get waitsForOwnParents(): boolean {
    if (this.floating.countOf(this.self) === 0) return false;
    const waitedMs = Math.max(0, this.#options.clock.now() - this.#ownFloatsMs);
    return waitedMs < OWN_CHAIN_PATIENCE_MS;
  }

  /** Whether more of this node's own chain is known than can be built on: it would fork. */
  get isBehindItself(): boolean {
    if (this.waitsForOwnParents) return true;
    if (this.#claimByPeer.size === 0) return false;
    const { seq } = this.ownTip();
    return this.#claimByPeer.entries().some(([key, claim]) => {
      const isBelieved = claim.isCertain || this.#waitedMs(key, claim) < OWN_CHAIN_PATIENCE_MS;
      return claim.seq > seq && isBelieved;
    });
  }

  /**
   * Writes an op of this node. Where more are expected before the next flush it need not be signed by itself: `seal`
   * signs the last of them. Throws `permission-denied`, `too-large` or `unavailable`; then nothing has changed.
   */
  submit(ops: weaver.Ops, options: { sign: boolean }): { intention: Intention; outcome: Outcome } {
    const bytes = weaver.Ops.toBinary(ops);
    if (bytes.length > OPS_BYTES_MAX) {
      throw new LatticeError(
        "too-large",
        `a write of ${bytes.length} bytes is over the limit of ${OPS_BYTES_MAX}`,
      );
    }
    if (!mayWrite(this.roles.roleNow(this.self))) {
      throw new LatticeError(
        "permission-denied",
        "this node is not a writer of the store: ask an admin for an invite",
      );
    }
    if (this.isBehindItself) {
      throw new LatticeError(
        "unavailable",
        "peers hold later writes of this node than it does itself (a restored backup?): it fetches them first, try again then",
      );
    }
    const written: Intention[] = [];
    let prev = this.ownTip();
    let others = this.log.heads().filter((head) => !equalBytes(head, prev.id));
    // What cites others vouches for nothing of one's own.
    if (others.length > 0) this.seal();
    const intention = this.log.write((writer) => {
      const append = (fields: Intention, signature?: Uint8Array) => {
        writer.append(fields, { wallMs: this.#options.clock.now(), signature });
        written.push(fields);
        return fields;
      };
      while (others.length > CONDITION_COUNT_MAX) {
        const fields = this.#build(prev, others.slice(0, CONDITION_COUNT_MAX), new Uint8Array(0));
        const merge = append(fields, signIntention(this.#options.signer, fields.hash));
        others = others.slice(CONDITION_COUNT_MAX);
        prev = { author: this.self, seq: merge.seq, id: merge.id };
      }
      const last = this.#build(prev, others, bytes);
      return append(last, options.sign ? signIntention(this.#options.signer, last.hash) : undefined);
    });
    if (options.sign) this.#noteSigned();
    else this.#noteUnsigned(bytes.length);
    return { intention, outcome: this.#settled({ ...emptyReport(), witnessed: written }) };
  }

  /**
   * Signs what this node wrote last: one signature vouches for all that was written since the last one. Of a fork of one's
   * own each branch, since none of them vouches for another.
   */
  seal(): void {
    this.#noteSigned();
    for (const { id } of this.log.tipsOf(this.self)) {
      const last = this.log.get(id);
      if (last === undefined || last.signature !== undefined) continue;
      const signature = signIntention(this.#options.signer, last.intention.hash);
      this.log.write((writer) => {
        writer.sign(last, signature);
      });
    }
  }

  /** What one signature vouches for travels as a whole, so it must not grow too large. */
  #noteUnsigned(bytes: number): void {
    this.#unsignedBytes += bytes;
    this.#unsignedCount += 1;
    if (this.#unsignedBytes > UNSIGNED_BYTES_MAX || this.#unsignedCount >= UNSIGNED_COUNT_MAX) this.seal();
  }

  #noteSigned(): void {
    this.#unsignedBytes = 0;
    this.#unsignedCount = 0;
  }

  /** Takes intentions from outside; never throws for what they are. */
  ingest(offered: readonly Offered[]): Outcome {
    const floatingBefore = this.floating.countOf(this.self);
    const report = this.#inTransaction((writer, context) => ingest(writer, context, offered));
    const outcome = this.#settled(report);
    this.#noteOwnCame(outcome.report);
    if (this.floating.countOf(this.self) !== floatingBefore) this.#ownFloatsMs = this.#options.clock.now();
    return outcome;
  }

  /** Looks again at what floats: its time may have come, or its author may be a member by now. */
  reconsiderFloating(): Outcome {
    return this.#settled(this.#reconsider(this.#ready()));
  }

  /** Why an intention that floats does so, in words. */
  holdReason(intention: Intention): string {
    if (!mayWrite(this.roles.roleNow(intention.author))) return "its author is not a member who may write";
    const isFuture = intention.timestamp > latestAccepted(this.#options.clock.now());
    if (isFuture && !equalBytes(intention.author, this.self)) return "its time is too far ahead";
    const missing = parentsOf(intention).filter((id) => !this.log.has(id));
    return missing.length > 0 ? `waits for ${missing.map(shortId).join(", ")}` : "waits for a signature";
  }

  /** For a child store, whose root's members have changed. */
  rolesChanged(): Outcome {
    const refolded = this.projection.refoldSystem();
    const { report, projected } = this.reconsiderFloating();
    return { report, projected: [refolded, ...projected] };
  }

  /** Projects what the projection is behind; in steps, so that others get a turn. True while there is more. */
  catchUp(): { more: boolean; projected: Projected } {
    const projected = this.projection.advance();
    return { more: this.projection.isBehind, projected };
  }

  /** Storage was rolled back to what is durable: forget what was built on the rest. */
  reload(): void {
    this.log.reload();
    this.floating.reload();
    this.projection.reload();
    if (!this.projection.belongsToLog()) this.projection.clear();
  }

  #build(prev: Tip, condition: readonly IntentionId[], ops: Uint8Array): Intention {
    return encodeIntention({
      storeId: this.storeId,
      author: this.self,
      seq: prev.seq + 1,
      timestamp: this.#options.hlc.tick(),
      storePrev: prev.id,
      condition,
      ops,
    });
  }

  #inTransaction(
    body: (writer: Parameters<typeof ingest>[0], context: IngestContext) => IngestReport,
  ): IngestReport {
    const context = {
      storeId: this.storeId,
      floating: this.floating,
      roles: this.roles,
      nowMs: this.#options.clock.now(),
      self: this.self,
      writers: new Map<string, boolean>(),
    };
    try {
      return this.log.write((writer) => body(writer, context));
    } catch (error) {
      this.floating.reload();
      throw error;
    }
  }

  #reconsider(ids: readonly IntentionId[]): IngestReport {
    if (ids.length === 0) return emptyReport();
    return this.#inTransaction((writer, context) => reconsider(writer, context, ids));
  }

  /** Floating intentions whose time has come or whose authors have become members. */
  #ready(): IntentionId[] {
    if (this.floating.count === 0) return [];
    const table = (name: string) => this.#options.log.table(name);
    const due = this.floating.due(table, latestAccepted(this.#options.clock.now()));
    const welcome = this.floating.strangers(table).filter((author) => mayWrite(this.roles.roleNow(author)));
    return [...due, ...welcome.flatMap((author) => this.floating.waitingForMember(table, author))];
  }

  /** Projects, and goes on for as long as that makes new members whose intentions float. */
  #settled(first: IngestReport): Outcome {
    const projected: Projected[] = [];
    let report = first;
    for (const { timestamp } of first.witnessed) this.#options.hlc.witness(timestamp);
    for (;;) {
      const steps = this.#project();
      projected.push(...steps);
      if (!steps.some((step) => step.systemChanged)) return { report, projected };
      const ready = this.#ready();
      if (ready.length === 0) return { report, projected };
      const more = this.#reconsider(ready);
      for (const { timestamp } of more.witnessed) this.#options.hlc.witness(timestamp);
      report = mergeReports(report, more);
      if (more.witnessed.length === 0) return { report, projected };
    }
  }

  /** All of what the log has beyond the cursor. */
  #project(): Projected[] {
    const steps: Projected[] = [];
    for (;;) {
      const { more, projected } = this.catchUp();
      steps.push(projected);
      if (!more) return steps;
    }
  }

  /** The end of the log is where a torn disk shows first; and it is cheap to look at. */
  #checkTail(): void {
    const { head } = this.log;
    const from = Math.max(1, head.wseq - TAIL_CHECK_COUNT + 1);
    let chainHash = this.log.chainHashAt(from - 1);
    let last: Witnessed | undefined;
    for (const witnessed of this.log.records({ from })) {
      chainHash = chainHashAfter(chainHash, witnessed.intention.hash, witnessed.wallMs);
      if (!equalBytes(chainHash, witnessed.chainHash)) {
        throw corrupt("witness", u64be(witnessed.wseq), "the chain hash does not fit the record");
      }
      last = witnessed;
    }
    const key = u64be(last?.wseq ?? 0);
    if (last?.wseq !== head.wseq)
      throw corrupt("witness", key, `the log ends here, and its head says ${head.wseq}`);
    if (!equalBytes(chainHash, head.chainHash))
      throw corrupt("witness", key, "the head of the log has another chain hash");
  }
}

function mergeReports(a: IngestReport, b: IngestReport): IngestReport {
  return {
    witnessed: [...a.witnessed, ...b.witnessed],
    duplicateCount: a.duplicateCount + b.duplicateCount,
    droppedCount: a.droppedCount + b.droppedCount,
    heldByReason: sumCounts(a.heldByReason, b.heldByReason),
    rejectedByReason: sumCounts(a.rejectedByReason, b.rejectedByReason),
    missing: [...a.missing, ...b.missing],
    forkers: [...a.forkers, ...b.forkers],
  };
}

function sumCounts<K>(a: ReadonlyMap<K, number>, b: ReadonlyMap<K, number>): Map<K, number> {
  const sum = new Map(a);
  for (const [key, count] of b) sum.set(key, (sum.get(key) ?? 0) + count);
  return sum;
}

/** First digits of an id, for messages. */
function shortId(id: IntentionId): string {
  return toHex(idHash(id)).slice(0, 12);
}
