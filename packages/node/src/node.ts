/**
 * A node: many stores under one identity, kept in sync with everybody who has them. Service: puts stores, members and
 * sessions together, and is what a runtime or an API talks to.
 *
 * Level-triggered: whatever changes who should be connected ends in `Connector.evaluate`.
 */
import {
  bytesKey,
  equalBytes,
  formatStoreId,
  HybridClock,
  LatticeError,
  toHex,
  type Clock,
  type PubKey,
  type Random,
  type Signer,
  type StoreId,
} from "@lattice/model";
import type { sync } from "@lattice/proto";
import {
  createGenesis,
  verifyStore,
  type RebuiltLog,
  type Store,
  type StorePlace,
  type Verification,
} from "@lattice/kernel";
import type { Transport } from "@lattice/net";
import type { Storage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import { JOIN_PROTOCOL, serveJoin, type SyncSession } from "@lattice/sync";
import { Role, type SystemState } from "@lattice/systemstore";
import { Connector } from "./connector.ts";
import { Door } from "./door.ts";
import { NodeEvents } from "./events.ts";
import { openStoreFigures, type NodeFigures, type PeerFigures } from "./figures.ts";
import { Inventory } from "./inventory.ts";
import { createInvite, grantJoin, type MadeInvite, type NewInvite } from "./invites.ts";
import { askInviter, assertCanRedeem, firstSync, type JoinStep } from "./joining.ts";
import { NODE_NAME_CHARS_MAX, RECONSIDER_MS } from "./limits.ts";
import { Membership } from "./membership.ts";
import { compareWithPeer, syncWithPeer, type PeerSync, type PeerVerdict } from "./peer-sync.ts";
import { SessionTotals } from "./session-totals.ts";
import { Stores, type Entry } from "./stores.ts";

export interface NodeOptions {
  /** Where each store lies, or is to lie. */
  readonly placeOf: (id: StoreId) => StorePlace;
  /** Of the inventory; closed with the node. */
  readonly inventory: Storage;
  readonly signer: Signer;
  readonly transport: Transport;
  /** The first is the default. */
  readonly types: readonly StoreType[];
  readonly clock: Clock;
  readonly random: Random;
}

export class Node implements AsyncDisposable {
  readonly #options: NodeOptions;
  readonly #inventory: Inventory;
  readonly #hlc: HybridClock;
  readonly #door: Door;
  readonly #stores: Stores;
  readonly #membership: Membership;
  readonly #connector: Connector;
  readonly #seenMsByPeer = new Map<string, number>();
  readonly #totals = new SessionTotals();
  #cancelReconsider: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  readonly events: NodeEvents;
  readonly startedMs: number;

  private constructor(options: NodeOptions) {
    const { clock, transport } = options;
    this.#options = options;
    this.#inventory = new Inventory(options.inventory);
    this.#hlc = new HybridClock(clock);
    this.#door = new Door(clock);
    this.startedMs = clock.now();
    this.events = new NodeEvents(() => clock.now());
    this.#stores = new Stores({
      ...options,
      inventory: this.#inventory,
      hlc: this.#hlc,
      letGo: (store) => this.#connector.drop(store),
      onSystemChanged: (store) => this.#onSystemChanged(store),
      onBegun: () => this.#connector.evaluate(),
      emit: (kind, text, about) => this.events.publish({ kind, text, ...about }),
    });
    this.#membership = new Membership({
      self: this.self,
      stores: this.#stores,
      inventory: this.#inventory,
    });
    this.#connector = new Connector({
      ...options,
      stores: () => this.#stores.open(),
      peersOf: (store) => this.#peersToDial(store),
      addressesOf: (peer) => this.#inventory.addresses(peer),
      addressBook: (store) => this.#addressBook(store),
      onAddresses: (store, teller, peers) => this.#onAddresses(store, teller, peers),
      onSession: (session, change) => this.#onSession(session, change),
    });
    transport.handle(JOIN_PROTOCOL, (channel) => {
      const { peer } = channel;
      const grant = (request: sync.JoinRequest) => this.#grantJoin(peer, request);
      void serveJoin(channel, { clock, grant });
    });
  }

  static async start(options: NodeOptions): Promise<Node> {
    const node = new Node(options);
    await node.#stores.openAll();
    node.#scheduleReconsider();
    node.#connector.evaluate();
    return node;
  }

  get self(): PubKey {
    return this.#options.signer.publicKey;
  }

  get name(): string {
    return this.#inventory.setting("name") ?? "";
  }

  get types(): readonly StoreType[] {
    return this.#options.types;
  }

  addresses(): readonly string[] {
    return this.#options.transport.addresses();
  }

  /** Peers that this node has a session with, about whichever store. */
  livePeers(store?: Store): PubKey[] {
    const peers = new Map(this.#connector.sessions(store).map(({ peer }) => [bytesKey(peer), peer]));
    return [...peers.values()];
  }

  /** When a peer was last heard; 0 where it was not since the start. */
  seenMs(peer: PubKey): number {
    const live = this.#connector.sessions().filter((session) => equalBytes(session.peer, peer));
    return Math.max(
      this.#seenMsByPeer.get(bytesKey(peer)) ?? 0,
      ...live.map(({ lastHeardMs }) => lastHeardMs),
    );
  }

  addressesOf(peer: PubKey): readonly string[] {
    return this.#inventory.addresses(peer);
  }

  /** Parents before their children. */
  entries(): Entry[] {
    return this.#stores.entries();
  }

  /** Throws `not-found` or `ambiguous`; `text` is an id, a unique prefix of one, or a name. */
  resolve(text: string): Entry {
    return this.#stores.resolve(text);
  }

  /** Of `resolve`, open. Throws the store's own problem where it is not. */
  open(text: string): Store {
    const { store, problem } = this.resolve(text);
    if (store === undefined)
      throw new LatticeError("failed-precondition", `the store is not open: ${problem}`);
    return store;
  }

  storeName(entry: Entry): string {
    return this.#stores.nameOf(entry);
  }

  /** The members of a store's root. */
  membersOf(store: Store): SystemState {
    return this.#membership.of(store);
  }

  async setName(name: string): Promise<void> {
    if (name.trim() === "" || name.length > NODE_NAME_CHARS_MAX) {
      throw new LatticeError("invalid-argument", `a node's name has 1 to ${NODE_NAME_CHARS_MAX} characters`);
    }
    if (/\p{Cc}/u.test(name))
      throw new LatticeError("invalid-argument", "a node's name is one line without control characters");
    await this.#inventory.putSetting("name", name);
    for (const store of this.#stores.open()) await this.#tellName(store);
  }

  /** A root store, or a child of `parent`. */
  async createStore(options: { name: string; type: string; parent: Store | undefined }): Promise<Entry> {
    const type = this.#stores.type(options.type);
    const { signer, random } = this.#options;
    const parent = options.parent;
    const genesis = createGenesis({ type, signer, hlc: this.#hlc, random, parent: parent?.genesisHash });
    if (parent !== undefined) {
      const { body, signature } = genesis;
      const childAdd = { genesisBody: body, genesisSignature: signature!, alias: options.name };
      // First in the parent: a child that nobody knows of would be lost to the others.
      await parent.submitSystem({ oneofKind: "childAdd", childAdd });
      assertCounts(parent);
    }
    const entry = await this.#stores.begin(genesis, { inviter: undefined });
    if (parent === undefined && options.name !== "") {
      await entry.store!.submitSystem({ oneofKind: "setName", setName: { name: options.name } });
    }
    if (parent === undefined) await this.#tellName(entry.store!);
    return entry;
  }

  invite(store: Store, invite: NewInvite): Promise<MadeInvite> {
    return createInvite(store, invite, { ...this.#options, addresses: this.addresses() });
  }

  /** Asks the inviter, begins the store, and syncs it; tells each stage as it is reached. Can be tried again. */
  async *join(tokenText: string, { signal }: { signal?: AbortSignal } = {}): AsyncIterable<JoinStep> {
    const { clock, transport } = this.#options;
    const token = assertCanRedeem(tokenText, { self: this.self, nowMs: clock.now() });
    yield { stage: "connecting", intentionCount: 0 };
    const own = { nodeName: this.name, addresses: this.addresses() };
    const grant = await askInviter(token, { transport, clock, ...own, signal });
    this.#inventory.putAddresses(token.inviter, token.addresses);
    for (const { peer, addresses } of grant.peers) this.#inventory.putAddresses(peer as PubKey, addresses);
    const begun = await this.#stores.begin(grant.genesis, { inviter: token.inviter });
    const { store, problem } = begun;
    if (store === undefined)
      throw new LatticeError("failed-precondition", `joined, but the store is not open: ${problem}`);
    yield { stage: "admitted", entry: begun, intentionCount: 1 };
    this.#connector.retryNow(store);
    const work = this.#syncWith(store, token.inviter, signal);
    const now = () => ({
      entry: this.#stores.entryOf(store) ?? begun,
      intentionCount: store.log.head.wseq,
    });
    yield* firstSync(work, { clock, now });
  }

  /** Compares with every member, and exchanges what differs. */
  async sync(store: Store, { signal }: { signal?: AbortSignal } = {}): Promise<PeerSync[]> {
    this.#connector.retryNow(store);
    const peers = this.#membership.peersOf(store);
    return Promise.all(peers.map((peer) => this.#syncWith(store, peer, signal)));
  }

  async verify(
    store: Store,
    options: { signal?: AbortSignal } = {},
  ): Promise<Verification & { peers: PeerVerdict[] }> {
    const verification = await verifyStore(store, options);
    const ports = { clock: this.#options.clock, connector: this.#connector };
    const peers = this.#membership.peersOf(store);
    return {
      ...verification,
      peers: await Promise.all(peers.map((peer) => compareWithPeer(store, peer, ports))),
    };
  }

  /** Makes the store anew from what is sound of its log, open or not. */
  rebuild(entry: Entry): Promise<{ entry: Entry; log: RebuiltLog }> {
    return this.#stores.rebuild(entry);
  }

  /** What the store takes on the disk. */
  diskBytes(store: Store): number {
    return this.#options.placeOf(store.id).bytes();
  }

  /** One line each, of what needs somebody's attention. */
  warnings(): string[] {
    return this.entries().flatMap((entry) => {
      const name = this.storeName(entry) || formatStoreId(entry.row.id).slice(0, 8);
      return problemsOf(entry).map((problem) => `store ${name}: ${problem}`);
    });
  }

  figures(): NodeFigures {
    const stores = this.entries().map((entry) => ({
      id: entry.row.id,
      name: this.storeName(entry),
      type: entry.row.type,
      open: entry.store && openStoreFigures(entry.store, { diskBytes: this.diskBytes(entry.store) }),
    }));
    return {
      stores,
      peers: this.#stores.open().flatMap((store) => this.#peerFigures(store)),
      sessionsStarted: this.#totals.startedCount,
      sessionsEnded: this.#totals.endedCount,
      syncs: this.#totals.sameCount,
    };
  }

  #peerFigures(store: Store): PeerFigures[] {
    const members = this.membersOf(store);
    return this.#membership.peersOf(store).map((peer) => {
      const session = this.#connector.session(store, peer);
      return {
        storeId: store.id,
        peer,
        name: members.memberName(peer),
        isConnected: session !== undefined,
        unsentCount: session?.unsentCount,
        lastHeardMs: this.seenMs(peer),
        ...this.#totals.of(store, peer),
      };
    });
  }

  /** Closes sessions, then the transport, then stores. Can be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stores.end();
    this.#cancelReconsider?.();
    this.events.close();
    await this.#connector.close();
    await this.#options.transport.close();
    try {
      await this.#stores.close();
    } finally {
      await this.#inventory.close();
    }
  }

  async #onSystemChanged(store: Store): Promise<void> {
    await this.#membership.remember(store);
    await this.#stores.adoptChildren(store);
    await this.#stores.reconsiderBelow(store);
    this.#connector.evaluate();
  }

  /** A store whose members cannot be read is as good as damaged, and harms no other. */
  #peersToDial(store: Store): PubKey[] {
    try {
      return this.#membership.peersOf(store);
    } catch (error) {
      void this.#stores.fail(store, LatticeError.from(error)).catch(() => undefined);
      return [];
    }
  }

  #addressBook(store: Store): sync.PeerAddresses[] {
    return this.#membership.addressBook(store, this.addresses());
  }

  #onAddresses(store: Store, teller: PubKey, peers: readonly sync.PeerAddresses[]): void {
    this.#membership.learnAddresses(store, teller, peers);
    if (peers.length > 1) this.#connector.evaluate();
  }

  #onSession(session: SyncSession, change: "started" | "ended" | "same"): void {
    const { peer, store } = session;
    this.#totals.note(session, change);
    this.#seenMsByPeer.set(bytesKey(peer), this.#options.clock.now());
    const name = this.membersOf(store).memberName(peer) || toHex(peer).slice(0, 8);
    const about = { storeId: store.id, peer };
    if (change === "started")
      this.events.publish({ kind: "peer-connected", text: `${name} is connected`, ...about });
    if (change === "ended")
      this.events.publish({ kind: "peer-disconnected", text: `${name} is gone`, ...about });
    if (change !== "same") return;
    this.events.publish({ kind: "synced", text: `in sync with ${name}`, ...about });
    void this.#membership.endRecovery(store).catch(() => undefined);
  }

  async #grantJoin(peer: PubKey, request: sync.JoinRequest) {
    const { genesisHash, addresses, nodeName } = request;
    const store = this.#stores.open().find((candidate) => equalBytes(candidate.genesisHash, genesisHash));
    const grant = await grantJoin(store, request, {
      peer,
      clock: this.#options.clock,
      door: this.#door,
      peers: () => (store === undefined ? [] : this.#addressBook(store)),
    });
    this.#inventory.putAddresses(peer, addresses);
    const text = `${nodeName || toHex(peer).slice(0, 8)} has joined`;
    this.events.publish({ kind: "member-joined", text, storeId: store!.id, peer });
    return grant;
  }

  #syncWith(store: Store, peer: PubKey, signal: AbortSignal | undefined): Promise<PeerSync> {
    const { clock } = this.#options;
    return syncWithPeer(store, peer, { clock, connector: this.#connector, signal });
  }

  async #tellName(store: Store): Promise<void> {
    const name = this.name;
    const isMember = store.parent === undefined && store.system.roleNow(this.self) >= Role.WRITER;
    if (name === "" || !isMember || store.system.memberName(this.self) === name) return;
    await store.submitSystem({ oneofKind: "setMemberName", setMemberName: { name } });
  }

  /** What waits for a time, or for room on the disk, is looked at again now and then. */
  #scheduleReconsider(): void {
    this.#cancelReconsider = this.#options.clock.after(RECONSIDER_MS, () => {
      for (const store of this.#stores.open()) {
        if (store.replica.floating.count > 0) void store.reconsider().catch(() => undefined);
      }
      this.#stores.retryFailed(() => this.#connector.evaluate());
      this.#scheduleReconsider();
    });
  }
}

/** A system op is refused after it was written, so that everybody refuses alike; its author wants to know. */
function assertCounts(store: Store): void {
  const reason = store.system.voidReason(store.replica.ownTip().id);
  if (reason !== undefined && reason !== "") throw new LatticeError("permission-denied", reason);
}

function problemsOf({ store, problem }: Entry): string[] {
  if (store === undefined) return [problem];
  const { paused } = store.replica.projection;
  return [
    ...(store.isDiskFull ? ["the disk is full, writes are refused until there is room"] : []),
    ...(paused === "" ? [] : [paused]),
  ];
}
