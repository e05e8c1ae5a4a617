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
  equalBytes,
  LatticeError,
  type SetSum,
  type Clock,
  type Hash,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import { type sync } from "@lattice/proto";
import type { IngestReport, Store, Tip } from "@lattice/kernel";
import type { SyncChannel } from "./channel.ts";
import { decodeFrame, encodeFrame, fromBatchFrame, type Frame } from "./frames.ts";
import { owedTo } from "./frontier.ts";
import {
  COMPARE_EVERY_MS,
  FETCH_COUNT_MAX,
  FRONTIER_COUNT_MAX,
  FRONTIER_PART_COUNT,
  PROTOCOL_VERSION,
  RECONCILE_BYTES_MAX,
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
  | { readonly kind: "closed" }
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
  #drainedByUs = false;
  #drainedByThem = false;
  #initiator: Initiator | undefined;
  #rounds = 0;
  /** Whether the other side is still sending what it found us to lack. */
  #theyReconcile = false;
  #receivedBefore = -1;
  #rejects = 0;
  #cancelTimer: (() => void) | undefined;
  #syncWaiters: Waiter<SyncResult>[] = [];
  #digestWaiters: Waiter<PeerDigest>[] = [];
  #end: SessionEnd | undefined;
  #isClosed = false;
  #received = 0;
  #lastHeardMs: number;

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

  /** Intentions that were new to this node. */
  get received(): number {
    return this.#received;
  }

  get sent(): number {
    return this.#outbox.sentCount;
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
    this.#sayHello();
    const writing = this.#write();
    try {
      if (first !== undefined) await this.#receive(first);
      await this.#read(frames);
    } catch (error) {
      // Anything else is this node's own trouble: a full disk, a store that was closed.
      const { code, message } = LatticeError.from(error);
      this.#end ??= code === "invalid-argument" ? { kind: "fault", message } : { kind: "closed" };
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
      this.#receivedBefore = -1;
      if (this.isLive) this.#compare();
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
    this.#options.store.replica.forgetPeer(this.peer);
    this.#options.channel.abort();
    for (const waiter of [...this.#syncWaiters, ...this.#digestWaiters]) waiter.reject(goneError());
  }

  async #write(): Promise<void> {
    try {
      for (let frame = await this.#outbox.next(); frame !== undefined; frame = await this.#outbox.next()) {
        await this.#options.channel.send(encodeFrame(frame));
        if (frame.oneofKind === "drained") this.#noteDrained({ byUs: true });
      }
    } catch {
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
        return this.#noteDrained({ byUs: false });
      case "fingerprint":
        return this.#onFingerprint(frame.fingerprint);
      case "reconcile":
        return this.#onReconcile(frame.reconcile);
      case "reconciled":
        this.#theyReconcile = false;
        return this.#settleReconcile();
      case "fetch":
        return this.#outbox.serve(frame.fetch.ids as IntentionId[]);
      case "addresses":
        return this.#options.onAddresses?.(frame.addresses.peers);
      case "digestRequest":
        return this.#onDigestRequest();
      case "digest":
        return this.#onDigest(frame.digest);
      case "refused":
        this.#end = { kind: "refused", code: frame.refused.code, message: frame.refused.message };
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
    // Both sides hold the same two hellos, so both decide alike.
    if (equalBytes(hello.fingerprint, this.#helloSum!.encode())) {
      this.#outbox.goLive(this.#helloWseq);
      this.#drainedByThem = true;
      this.#noteDrained({ byUs: true });
      return;
    }
    this.#sayFrontier();
  }

  #sayFrontier(): void {
    const tips = this.#options.store.log.tips();
    for (let at = 0; at === 0 || at < tips.length; at += FRONTIER_PART_COUNT) {
      const part = tips.slice(at, at + FRONTIER_PART_COUNT);
      this.#say({ oneofKind: "frontier", frontier: { tips: part, last: at + FRONTIER_PART_COUNT >= tips.length } });
    }
  }

  #onFrontier({ tips, last }: sync.Frontier): void {
    if (this.#theirTips.length + tips.length > FRONTIER_COUNT_MAX) {
      throw new LatticeError("invalid-argument", "the peer announced too many authors");
    }
    this.#theirTips.push(...(tips as Tip[]));
    if (!last) return;
    const { store } = this.#options;
    const theirs = this.#theirTips;
    this.#theirTips = [];
    for (const { author, seq } of theirs) {
      if (equalBytes(author, store.replica.self)) store.replica.noteOwnSeqElsewhere(this.peer, seq);
    }
    this.#outbox.payDebt(owedTo(theirs, store.log), store.durableWseq);
  }

  async #onBatch(batch: sync.Batch): Promise<void> {
    const { store } = this.#options;
    const offered = fromBatchFrame(batch);
    const floatingBefore = store.replica.floating.count;
    const fromWseq = store.log.head.wseq + 1;
    const ingesting = store.ingest(offered);
    const toWseq = store.log.head.wseq;
    const report = await ingesting;
    this.#received += report.witnessed.length;
    if (floatingBefore === 0) this.#outbox.noteRun({ fromWseq, toWseq });
    else for (const { id } of report.witnessed) this.#outbox.noteEcho(id);
    this.#fetchMissing(report);
    this.#charge(report);
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
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(this.#options.compareEveryMs ?? COMPARE_EVERY_MS, () => {
      this.#receivedBefore = -1;
      this.#compare();
      this.#scheduleCompare();
    });
  }

  #compare(): void {
    this.#sayFingerprint({ reply: true });
  }

  #sayFingerprint({ reply }: { reply: boolean }): void {
    const fingerprint = this.#options.store.log.head.setSum.encode();
    this.#say({ oneofKind: "fingerprint", fingerprint: { fingerprint, reply } });
  }

  #onFingerprint({ fingerprint, reply }: sync.Fingerprint): void {
    const isSame = equalBytes(fingerprint, this.#options.store.log.head.setSum.encode());
    if (reply) this.#sayFingerprint({ reply: false });
    if (!this.isLive) return;
    if (isSame) this.#onSame();
    else this.#reconcile();
  }

  #onSame(): void {
    this.#options.onSame?.();
    this.#answerSync(true);
  }

  /** Starts to find out what the peer lacks; it does the same towards this side. */
  #reconcile(): void {
    if (this.#initiator !== undefined) return;
    if (this.#receivedBefore === this.#received) {
      // The last round changed nothing: what differs is held back on one side, and time must pass.
      this.#answerSync(false);
      return;
    }
    this.#receivedBefore = this.#received;
    this.#rounds = 0;
    this.#theyReconcile = true;
    const items = new LogItems(this.#options.store.log);
    this.#initiator = new Initiator(items, { frameBytesMax: RECONCILE_BYTES_MAX });
    this.#say({ oneofKind: "reconcile", reconcile: { message: this.#initiator.start(), reply: false } });
  }

  #onReconcile({ message, reply }: sync.Reconcile): void {
    if (reply) return this.#onReconcileReply(message);
    const items = new LogItems(this.#options.store.log);
    const answer = respond(items, message, { frameBytesMax: RECONCILE_BYTES_MAX });
    this.#say({ oneofKind: "reconcile", reconcile: { message: answer, reply: true } });
    // The other side sees a difference: so does this one, if it looks.
    if (this.#initiator === undefined && !this.#theyReconcile) {
      this.#receivedBefore = -1;
      this.#reconcile();
    }
  }

  #onReconcileReply(message: Uint8Array): void {
    if (this.#initiator === undefined) return;
    const { reply, have } = this.#initiator.receive(message);
    this.#rounds += 1;
    if (reply !== undefined && this.#rounds < RECONCILE_ROUNDS_MAX) {
      this.#outbox.serve(have);
      this.#say({ oneofKind: "reconcile", reconcile: { message: reply, reply: false } });
      return;
    }
    this.#initiator = undefined;
    this.#outbox.serve(have, { oneofKind: "reconciled", reconciled: {} });
    this.#settleReconcile();
  }

  /** When both directions are through, compare once more. */
  #settleReconcile(): void {
    if (this.#initiator === undefined && !this.#theyReconcile) this.#compare();
  }

  #onDigestRequest(): void {
    const { store } = this.#options;
    const digest = { fingerprint: store.log.head.setSum.encode(), stateDigest: store.digest() };
    this.#say({ oneofKind: "digest", digest });
  }

  #onDigest({ fingerprint, stateDigest }: sync.Digest): void {
    const sameSet = equalBytes(fingerprint, this.#options.store.log.head.setSum.encode());
    for (const waiter of this.#digestWaiters.splice(0)) waiter.resolve({ sameSet, stateDigest: stateDigest as Hash });
  }

  #answerSync(same: boolean): void {
    const result = { same, received: this.#received, sent: this.sent };
    for (const waiter of this.#syncWaiters.splice(0)) waiter.resolve(result);
  }

  #say(frame: Frame): void {
    if (!this.#outbox.say(frame)) this.close();
  }
}

function goneError(): LatticeError {
  return new LatticeError("unavailable", "the connection to the peer is gone");
}
