/**
 * One session between two nodes about one store (weaver.md §6). Driver: reads and writes a channel, and leaves every
 * judgement to the store.
 *
 *   hello ⇄ hello → frontier ⇄ frontier → batches → drained ⇄ drained → live, and now and then:
 *   fingerprint ⇄ fingerprint → reconcile ⇄ reconcile → batches → reconciled
 *
 * Both sides do the same; each sends what it finds the other to lack. A session may be cut at any byte: what was
 * witnessed stays, and the next one starts from there.
 *
 * Invariants
 *  1. Nothing is sent to, or taken from, a peer that is no member, but the refusal.
 *  2. The reader never waits for the writer, so two sessions cannot wait for each other.
 *  3. What the peer sends can end this session, and nothing else.
 */
import {
  bytesKey,
  equalBytes,
  LatticeError,
  sha256,
  type SetSum,
  type Clock,
  type Hash,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import { type sync } from "@lattice/proto";
import type { IngestReport, Offered, Store, Tip } from "@lattice/kernel";
import type { SyncChannel } from "./channel.ts";
import { decodeFrame, encodeFrame, fromBatchFrame, type Frame } from "./frames.ts";
import { owedTo } from "./frontier.ts";
import {
  COMPARE_EVERY_MS,
  FETCH_COUNT_MAX,
  FRONTIER_COUNT_MAX,
  FRONTIER_PART_COUNT,
  HELLO_WAIT_MS,
  OWN_CHAIN_WAIT_MS,
  PROTOCOL_VERSION,
  REASON_CHARS_MAX,
  RECONCILE_BYTES_MAX,
  RECONCILE_CUT_SHORT_MAX,
  RECONCILE_ROUNDS_MAX,
  REJECTS_MAX,
} from "./limits.ts";
import { LogItems } from "./log-items.ts";
import { Initiator, respond } from "./negentropy/index.ts";
import { Outbox } from "./outbox.ts";

export interface SessionOptions {
  readonly store: Store;
  readonly channel: SyncChannel;
  readonly clock: Clock;
  /** Addresses of members, one's own included, to be told to the peer. */
  readonly addressBook: () => sync.PeerAddresses[];
  readonly onAddresses?: (peers: readonly sync.PeerAddresses[]) => void;
  /** Both sides hold the same set. */
  readonly onSame?: () => void;
  readonly compareEveryMs?: number;
}

export interface SyncResult {
  readonly same: boolean;
  readonly received: number;
  readonly sent: number;
}

export interface PeerDigest {
  readonly sameSet: boolean;
  readonly stateDigest: Hash;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: LatticeError): void;
}

/** Why a session came to its end. */
export type SessionEnd =
  /** `message`: of what went wrong on this side, if anything did. */
  | { readonly kind: "closed"; readonly message?: string }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  /** The peer broke the protocol, or kept sending what is invalid. */
  | { readonly kind: "fault"; readonly message: string };

export class SyncSession {
  readonly #options: SessionOptions;
  readonly #outbox: Outbox;
  readonly #stopListening: () => void;
  #theirTips: Tip[] = [];
  #helloWseq = 0;
  #helloSum: SetSum | undefined;
  #helloDone = false;
  /** Theirs has come, or is not needed. */
  #frontierDone = false;
  #drainedByUs = false;
  #drainedByThem = false;
  #initiator: Initiator | undefined;
  #rounds = 0;
  #theirRounds = 0;
  /** Whether this side, or the other, has still to say `reconciled`. Neither begins anew before both have. */
  #weReconcile = false;
  #theyReconcile = false;
  /** Whether the last answer differed; the first one may only be about what was being written. */
  #differed = false;
  /** Whether a difference is gone into: once after each comparison that time or somebody asks for, or the peer begins. */
  #mayReconcile = true;
  /** Reconciliations since then that were cut short, having gone on for too long. */
  #cutShort = 0;
  #rejects = 0;
  #cancelTimer: (() => void) | undefined;
  #syncWaiters: Waiter<SyncResult>[] = [];
  #digestWaiters: Waiter<PeerDigest>[] = [];
  #end: SessionEnd | undefined;
  #isClosed = false;
  #received = 0;
  #lastHeardMs: number;
  #lastSameMs = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.store);
    this.#lastHeardMs = options.clock.now();
    this.#stopListening = options.store.listen({ witnessed: () => this.#outbox.wake() });
  }

  get peer(): PubKey {
    return this.#options.channel.peer;
  }

  get store(): Store {
    return this.#options.store;
  }

  get outbound(): boolean {
    return this.#options.channel.outbound;
  }

  /** Nothing more comes of it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Intentions that were new to this node. */
  get received(): number {
    return this.#received;
  }

  get sent(): number {
    return this.#outbox.sentCount;
  }

  /** Intentions that this node has yet to send, or to find that the peer has them. */
  get unsentCount(): number {
    return this.#outbox.unsentCount;
  }

  /** When both sides last held the same; 0 while that is not known of this session. */
  get lastSameMs(): number {
    return this.#lastSameMs;
  }

  get lastHeardMs(): number {
    return this.#lastHeardMs;
  }

  /** Whether the frontiers are settled, in both directions. */
  get isLive(): boolean {
    return this.#drainedByUs && this.#drainedByThem;
  }

  /** Runs to its end; never rejects. `first`: frames that were read before, such as the hello that found the store. */
  async run(frames: AsyncIterator<Uint8Array>, first?: Frame): Promise<SessionEnd> {
    this.#cancelTimer = this.#options.clock.after(HELLO_WAIT_MS, () => {
      this.#end ??= { kind: "closed", message: "the peer said nothing" };
      this.close();
    });
    const writing = this.#write();
    try {
      this.#sayHello();
      if (first !== undefined) await this.#receive(first);
      await this.#read(frames);
    } catch (error) {
      // Anything else is this node's own trouble: a full disk, a store that was closed.
      const { code, message } = LatticeError.from(error);
      this.#end ??= { kind: code === "invalid-argument" ? "fault" : "closed", message };
    }
    this.close();
    await writing;
    await this.#options.channel.close().catch(() => undefined);
    return this.#end ?? { kind: "closed" };
  }

  /** Compares with the peer, reconciles if need be, and says how it went. */
  syncNow(): Promise<SyncResult> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(goneError());
      this.#syncWaiters.push({ resolve, reject });
      if (this.isLive) this.#compareAnew();
    });
  }

  peerDigest(): Promise<PeerDigest> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(goneError());
      this.#digestWaiters.push({ resolve, reject });
      this.#say({ oneofKind: "digestRequest", digestRequest: {} });
    });
  }

  /** Ends the session; `run` then resolves. Can be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#end ??= { kind: "closed" };
    this.#stopListening();
    this.#cancelTimer?.();
    this.#outbox.close();
    this.#forgetClaims();
    this.#options.channel.abort();
    for (const waiter of [...this.#syncWaiters, ...this.#digestWaiters]) waiter.reject(goneError());
  }

  /** What the peer said of this node's own chain means nothing to a store that has been closed meanwhile. */
  #forgetClaims(): void {
    try {
      this.#options.store.replica.forgetPeer(this.peer);
    } catch (error) {
      if (LatticeError.from(error).code !== "closed") throw error;
    }
  }

  async #write(): Promise<void> {
    try {
      for (let frame = await this.#outbox.next(); frame !== undefined; frame = await this.#outbox.next()) {
        if (frame.oneofKind === "reconciled") this.#noteReconciled({ byUs: true });
        await this.#options.channel.send(encodeFrame(frame));
        if (frame.oneofKind === "drained") this.#noteDrained({ byUs: true });
      }
    } catch (error) {
      const { code, message } = LatticeError.from(error);
      this.#end ??= code === "closed" ? { kind: "closed" } : { kind: "closed", message };
      this.close();
    }
  }

  async #read(frames: AsyncIterator<Uint8Array>): Promise<void> {
    for (let next = await frames.next(); next.done !== true; next = await frames.next()) {
      this.#lastHeardMs = this.#options.clock.now();
      await this.#receive(decodeFrame(next.value));
      if (this.#end !== undefined) return;
    }
  }

  async #receive(frame: Frame): Promise<void> {
    if (!this.#helloDone && frame.oneofKind !== "hello" && frame.oneofKind !== "refused") {
      throw new LatticeError("invalid-argument", `the peer sent ${frame.oneofKind} before its hello`);
    }
    switch (frame.oneofKind) {
      case "hello":
        return this.#onHello(frame.hello);
      case "frontier":
        return this.#onFrontier(frame.frontier);
      case "batch":
        return this.#onBatch(frame.batch);
      case "drained":
        return this.#onDrained();
      case "fingerprint":
        return this.#onFingerprint(frame.fingerprint);
      case "reconcile":
        return this.#onReconcile(frame.reconcile);
      case "reconciled":
        return this.#noteReconciled({ byUs: false });
      case "fetch":
        return this.#outbox.serve(frame.fetch.ids as IntentionId[]);
      case "addresses":
        return this.#options.onAddresses?.(frame.addresses.peers);
      case "digestRequest":
        return this.#onDigestRequest();
      case "digest":
        return this.#onDigest(frame.digest);
      case "refused":
        this.#end = {
          kind: "refused",
          code: frame.refused.code,
          message: frame.refused.message.slice(0, REASON_CHARS_MAX),
        };
        break;
      case undefined:
    }
  }

  #sayHello(): void {
    const { store } = this.#options;
    this.#helloWseq = store.durableWseq;
    this.#helloSum = store.log.head.setSum.clone();
    this.#say({
      oneofKind: "hello",
      hello: {
        version: PROTOCOL_VERSION,
        genesisHash: store.genesisHash,
        fingerprint: this.#helloSum.encode(),
        frontierDigest: store.log.frontierDigest(),
      },
    });
    const peers = this.#options.addressBook();
    this.#say({ oneofKind: "addresses", addresses: { peers } });
  }

  #onHello(hello: sync.Hello): void {
    if (this.#helloDone) throw new LatticeError("invalid-argument", "the peer sent a second hello");
    const { store } = this.#options;
    if (hello.version !== PROTOCOL_VERSION) {
      throw new LatticeError("invalid-argument", `the peer speaks version ${hello.version} of the protocol`);
    }
    if (!equalBytes(hello.genesisHash, store.genesisHash)) {
      throw new LatticeError("invalid-argument", "the peer's hello is about another store");
    }
    this.#helloDone = true;
    this.#cancelTimer?.();
    // Both sides hold the same two hellos, so both decide alike.
    if (equalBytes(hello.fingerprint, this.#helloSum!.encode())) {
      this.#outbox.goLive(this.#helloWseq);
      this.#frontierDone = true;
      this.#drainedByThem = true;
      this.#noteDrained({ byUs: true });
      return;
    }
    this.#sayFrontier();
  }

  #sayFrontier(): void {
    // What is left out is sent to us whole; it is there, since nobody listens to more, and a forker can make as many.
    const tips = this.#options.store.log.tips().slice(0, FRONTIER_COUNT_MAX);
    for (let at = 0; at === 0 || at < tips.length; at += FRONTIER_PART_COUNT) {
      const part = tips.slice(at, at + FRONTIER_PART_COUNT);
      this.#say({
        oneofKind: "frontier",
        frontier: { tips: part, last: at + FRONTIER_PART_COUNT >= tips.length },
      });
    }
  }

  #onFrontier({ tips, last }: sync.Frontier): void {
    if (this.#frontierDone) throw new LatticeError("invalid-argument", "the peer sent a second frontier");
    if (this.#theirTips.length + tips.length > FRONTIER_COUNT_MAX) {
      throw new LatticeError("invalid-argument", "the peer announced too many authors");
    }
    for (const tip of tips) this.#theirTips.push(ownTip(tip));
    if (!last) return;
    this.#frontierDone = true;
    const { store } = this.#options;
    const theirs = this.#theirTips;
    this.#theirTips = [];
    const { self } = store.replica;
    const ownSeqs = theirs.filter(({ author }) => equalBytes(author, self)).map(({ seq }) => seq);
    // Where this node forked, they hold more than one tip of it.
    if (ownSeqs.length > 0) this.#awaitOwnChain(ownSeqs.reduce((a, b) => Math.max(a, b)));
    this.#outbox.payDebt(owedTo(theirs, store.log), store.durableWseq);
  }

  /** A peer that claims to be ahead in this node's own chain and sends nothing of it holds up its writes for so long only. */
  #awaitOwnChain(seq: number): void {
    const { store, clock } = this.#options;
    store.replica.noteOwnSeqElsewhere(this.peer, seq);
    if (!store.replica.isBehindItself) return;
    const watch = (received: number) => {
      this.#cancelTimer = clock.after(OWN_CHAIN_WAIT_MS, () => {
        if (this.#received === received) store.replica.forgetPeer(this.peer);
        else watch(this.#received);
      });
    };
    watch(this.#received);
  }

  async #onBatch(batch: sync.Batch): Promise<void> {
    const { store } = this.#options;
    const offered = fromBatchFrame(batch);
    const isFloating = store.replica.floating.count > 0;
    const fromWseq = store.log.head.wseq + 1;
    const ingesting = store.ingest(offered);
    if (isFloating) this.#noteRuns(offered, fromWseq);
    else this.#outbox.noteRun({ fromWseq, toWseq: store.log.head.wseq });
    const report = await ingesting;
    this.#received += report.witnessed.length;
    this.#fetchMissing(report);
    this.#charge(report);
  }

  /** What a batch released came from others, perhaps, and this peer may lack it. */
  #noteRuns(offered: readonly Offered[], fromWseq: number): void {
    const { log } = this.#options.store;
    if (log.head.wseq < fromWseq) return;
    const hashes = new Set(offered.map(({ body }) => bytesKey(sha256(body))));
    for (let wseq = fromWseq; wseq <= log.head.wseq; wseq++) {
      const isTheirs = hashes.has(bytesKey(log.at(wseq).intention.hash));
      if (isTheirs) this.#outbox.noteRun({ fromWseq: wseq, toWseq: wseq });
    }
  }

  #fetchMissing({ missing }: IngestReport): void {
    for (let at = 0; at < missing.length; at += FETCH_COUNT_MAX) {
      this.#say({ oneofKind: "fetch", fetch: { ids: missing.slice(at, at + FETCH_COUNT_MAX) } });
    }
  }

  /** A peer that keeps sending what can never be valid is not worth listening to. */
  #charge({ rejectedByReason }: IngestReport): void {
    for (const count of rejectedByReason.values()) this.#rejects += count;
    if (this.#rejects <= REJECTS_MAX) return;
    throw new LatticeError("invalid-argument", `the peer sent ${this.#rejects} invalid intentions`);
  }

  #onDrained(): void {
    if (!this.#frontierDone || this.#drainedByThem) {
      throw new LatticeError("invalid-argument", "the peer sent drained out of its turn");
    }
    this.#noteDrained({ byUs: false });
  }

  #noteDrained(by: { byUs: boolean }): void {
    if (by.byUs) this.#drainedByUs = true;
    else {
      this.#drainedByThem = true;
      this.#options.store.replica.forgetPeer(this.peer);
    }
    if (!this.isLive) return;
    this.#compare();
    this.#scheduleCompare();
  }

  #scheduleCompare(): void {
    if (this.#isClosed) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(this.#options.compareEveryMs ?? COMPARE_EVERY_MS, () => {
      this.#compareAnew();
      this.#scheduleCompare();
    });
  }

  #compareAnew(): void {
    this.#mayReconcile = true;
    this.#cutShort = 0;
    this.#compare();
  }

  #compare(): void {
    this.#outbox.sayFingerprint({ reply: true });
  }

  /**
   * Equality always counts. A difference counts in an answer only: that was given when the peer had all that was sent
   * before the question, and comes behind all that the peer had to send, so that nothing is on its way in either direction.
   */
  #onFingerprint({ fingerprint, reply }: sync.Fingerprint): void {
    const isSame = equalBytes(fingerprint, this.#options.store.log.head.setSum.encode());
    if (reply) this.#outbox.sayFingerprint({ reply: false });
    if (!this.isLive) return;
    if (isSame) this.#onSame();
    else if (!reply) this.#onDifferent();
  }

  #onDifferent(): void {
    const isSure = this.#differed;
    this.#differed = !isSure;
    if (isSure) this.#reconcile();
    else this.#compare();
  }

  #onSame(): void {
    this.#differed = false;
    this.#lastSameMs = this.#options.clock.now();
    this.#options.onSame?.();
    this.#answerSync(true);
  }

  /** Starts to find out what the peer lacks; it does the same towards this side. */
  #reconcile(): void {
    if (this.#weReconcile || this.#theyReconcile) return;
    if (!this.#mayReconcile) {
      // All that was found has been exchanged. What differs now is held back on one side, or is being written.
      this.#answerSync(false);
      return;
    }
    this.#mayReconcile = false;
    this.#rounds = 0;
    this.#weReconcile = true;
    this.#theyReconcile = true;
    const items = new LogItems(this.#options.store.log);
    this.#initiator = new Initiator(items, { frameBytesMax: RECONCILE_BYTES_MAX });
    this.#say({ oneofKind: "reconcile", reconcile: { message: this.#initiator.start(), reply: false } });
  }

  #onReconcile({ message, reply }: sync.Reconcile): void {
    if (reply) return this.#onReconcileReply(message);
    this.#theirRounds += 1;
    if (this.#theirRounds > RECONCILE_ROUNDS_MAX) {
      throw new LatticeError("invalid-argument", "the peer's reconciliation does not end");
    }
    const items = new LogItems(this.#options.store.log);
    const answer = respond(items, message, { frameBytesMax: RECONCILE_BYTES_MAX });
    this.#say({ oneofKind: "reconcile", reconcile: { message: answer, reply: true } });
    // The other side sees a difference: so does this one, if it looks.
    if (this.#weReconcile || this.#theyReconcile) return;
    this.#mayReconcile = true;
    this.#reconcile();
  }

  #onReconcileReply(message: Uint8Array): void {
    if (this.#initiator === undefined) return;
    const { reply, have } = this.#initiator.receive(message);
    this.#rounds += 1;
    if (reply !== undefined && this.#rounds < RECONCILE_ROUNDS_MAX) {
      // Behind what was found, so that no more is found than can be sent.
      this.#outbox.serve(have, { oneofKind: "reconcile", reconcile: { message: reply, reply: false } });
      return;
    }
    this.#initiator = undefined;
    if (reply !== undefined) {
      this.#cutShort += 1;
      this.#mayReconcile ||= this.#cutShort < RECONCILE_CUT_SHORT_MAX;
    }
    this.#outbox.serve(have, { oneofKind: "reconciled", reconciled: {} });
  }

  /** All that this side found the other to lack is on its way, or the reverse. When both are, compare once more. */
  #noteReconciled(by: { byUs: boolean }): void {
    if (by.byUs) this.#weReconcile = false;
    else {
      this.#theyReconcile = false;
      this.#theirRounds = 0;
    }
    if (!this.#weReconcile && !this.#theyReconcile) this.#compare();
  }

  #onDigestRequest(): void {
    const { store } = this.#options;
    const digest = { fingerprint: store.log.head.setSum.encode(), stateDigest: store.digest() };
    this.#say({ oneofKind: "digest", digest });
  }

  #onDigest({ fingerprint, stateDigest }: sync.Digest): void {
    const sameSet = equalBytes(fingerprint, this.#options.store.log.head.setSum.encode());
    for (const waiter of this.#digestWaiters.splice(0))
      waiter.resolve({ sameSet, stateDigest: stateDigest as Hash });
  }

  #answerSync(same: boolean): void {
    const result = { same, received: this.#received, sent: this.sent };
    for (const waiter of this.#syncWaiters.splice(0)) waiter.resolve(result);
  }

  #say(frame: Frame): void {
    if (this.#outbox.say(frame)) return;
    this.#end ??= { kind: "fault", message: "the peer asks, and does not read the answers" };
    this.close();
  }
}

/** Without the frame that it came in. */
function ownTip({ author, seq, id }: sync.Tip): Tip {
  return { author: new Uint8Array(author) as PubKey, seq, id: new Uint8Array(id) as IntentionId };
}

function goneError(): LatticeError {
  return new LatticeError("unavailable", "the connection to the peer is gone");
}
