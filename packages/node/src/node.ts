/**
 * A node: many stores under one identity. Service: life cycle of stores, membership, joining, peers.
 *
 * Invariants
 *  1. What the inventory names is tried to be opened at each start; a store that cannot be opened stays listed, with the
 *     reason, and harms no other. One that was joined without its type being known waits for a start that knows it.
 *  2. A child store has the members of its root, and is begun here as soon as its parent tells of it.
 */
import {
  bytesKey,
  decodeIntention,
  equalBytes,
  formatStoreId,
  HybridClock,
  LatticeError,
  storeIdOf,
  toHex,
  type Clock,
  type Hash,
  type PubKey,
  type Random,
  type Signer,
  type StoreId,
} from "@lattice/model";
import type { sync, weaver } from "@lattice/proto";
import {
  createGenesis,
  openStoreAt,
  parseGenesis,
  rebuildStore,
  verifyStore,
  type Offered,
  type RebuiltLog,
  type Store,
  type StorePlace,
  type Verification,
} from "@lattice/kernel";
import type { Transport } from "@lattice/net";
import type { Storage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import { JOIN_PROTOCOL, requestJoin, serveJoin, type SyncSession } from "@lattice/sync";
import { decodeInviteToken, Role, type RoleSource, type SystemState } from "@lattice/systemstore";
import { Connector } from "./connector.ts";
import { Door } from "./door.ts";
import { NodeEvents, type NodeEventKind } from "./events.ts";
import type { NodeFigures, OpenStoreFigures, PeerFigures } from "./figures.ts";
import { Inventory, type StoreRow } from "./inventory.ts";
import { createInvite, grantJoin, type MadeInvite, type NewInvite } from "./invites.ts";
import { NODE_NAME_CHARS_MAX, RECONSIDER_MS, SYNC_ATTEMPTS_MAX, SYNC_WAIT_MS } from "./limits.ts";
import { SessionTotals } from "./session-totals.ts";

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

/** In whose name writes are held back while a store recovers: nobody's key. */
const UNKNOWN_PEER = new Uint8Array(32) as PubKey;

/** A store of this node's, open or not. */
export interface Entry {
  readonly row: StoreRow;
  readonly store: Store | undefined;
  /** Why it is not open; empty where it is. */
  readonly problem: string;
}

export interface PeerSync {
  readonly peer: PubKey;
  readonly received: number;
  readonly sent: number;
  readonly same: boolean;
  readonly error: string;
}

export interface PeerVerdict {
  readonly peer: PubKey;
  readonly verdict: "same" | "other-set" | "different" | "unreachable";
}

export interface JoinStep {
  readonly stage: "connecting" | "admitted" | "syncing" | "done";
  readonly entry?: Entry;
  readonly intentionCount: number;
}

export class Node implements AsyncDisposable {
  readonly #options: NodeOptions;
  readonly #inventory: Inventory;
  readonly #hlc: HybridClock;
  readonly #door: Door;
  readonly #connector: Connector;
  readonly #entries = new Map<string, Entry>();
  readonly #beginning = new Map<string, Promise<Entry>>();
  readonly #rebuilding = new Map<string, Promise<RebuiltLog>>();
  /** Stores that could not be opened for a reason that may pass, such as a full disk. */
  readonly #toReopen = new Map<string, StoreRow>();
  readonly #seenMsByPeer = new Map<string, number>();
  readonly #totals = new SessionTotals();
  readonly #typeByName: Map<string, StoreType>;
  #cancelReconsider: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  readonly events: NodeEvents;
  readonly startedMs: number;

  private constructor(options: NodeOptions) {
    this.#options = options;
    this.#inventory = new Inventory(options.inventory);
    this.#hlc = new HybridClock(options.clock);
    this.#door = new Door(options.clock);
    this.#typeByName = new Map(options.types.map((type) => [type.type, type]));
    this.startedMs = options.clock.now();
    this.events = new NodeEvents(() => options.clock.now());
    this.#connector = new Connector({
      ...options,
      stores: () => this.#openStores(),
      peersOf: (store) => this.#peersToDial(store),
      addressesOf: (peer) => this.#inventory.addresses(peer),
      addressBook: (store) => this.#addressBook(store),
      onAddresses: (store, teller, peers) => this.#learnAddresses(store, teller, peers),
      onSession: (session, change) => this.#onSession(session, change),
    });
    options.transport.handle(JOIN_PROTOCOL, (channel) => {
      const { peer } = channel;
      const grant = (request: sync.JoinRequest) => this.#grantJoin(peer, request);
      void serveJoin(channel, { clock: options.clock, grant });
    });
  }

  static async start(options: NodeOptions): Promise<Node> {
    const node = new Node(options);
    const rows = node.#inventory.stores().toSorted(rootsFirst);
    // Known before any is open: a parent that tells of a child would begin it a second time.
    for (const row of rows)
      node.#entries.set(bytesKey(row.id), { row, store: undefined, problem: "it is being opened" });
    for (const row of rows) await node.#open(row);
    for (const store of node.#openStores()) await node.#adoptChildren(store);
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
    const all = [...this.#entries.values()];
    const below = (parent: Hash | undefined): Entry[] =>
      all
        .filter(({ row }) => sameParent(row.parentHash, parent))
        .flatMap((entry) => [entry, ...below(entry.row.genesisHash)]);
    return below(undefined);
  }

  /** Throws `not-found` or `ambiguous`; `text` is an id, a unique prefix of one, or a name. */
  resolve(text: string): Entry {
    const wanted = text.trim().toLowerCase().replaceAll("-", "");
    const byName = this.entries().filter(
      (entry) => this.storeName(entry) === text.trim() && text.trim() !== "",
    );
    const byId = this.entries().filter(({ row }) => wanted !== "" && toHex(row.id).startsWith(wanted));
    const found = byName.length > 0 ? byName : byId;
    if (found.length === 1) return found[0]!;
    if (found.length === 0) {
      const hint =
        this.#entries.size === 0
          ? 'create one with "store create --root"'
          : '"store list" shows what there is';
      throw new LatticeError(
        "not-found",
        text.trim() === "" ? `no store is selected: ${hint}` : `there is no store "${text}": ${hint}`,
      );
    }
    const candidates = found.map((entry) =>
      [formatStoreId(entry.row.id), this.storeName(entry)].filter(Boolean).join(" "),
    );
    throw new LatticeError("ambiguous", `"${text}" could be ${candidates.join(", ")}`);
  }

  /** Of `resolve`, open. Throws the store's own problem where it is not. */
  open(text: string): Store {
    const entry = this.resolve(text);
    if (entry.store === undefined)
      throw new LatticeError("failed-precondition", `the store is not open: ${entry.problem}`);
    return entry.store;
  }

  storeName({ row, store }: Entry): string {
    const own = store?.system.name() ?? "";
    if (own !== "" || row.parentHash === undefined) return own;
    const parent = this.#byGenesis(row.parentHash)?.store;
    return (
      parent?.system.children().find(({ genesisHash }) => equalBytes(genesisHash, row.genesisHash))?.alias ??
      ""
    );
  }

  async setName(name: string): Promise<void> {
    if (name.trim() === "" || name.length > NODE_NAME_CHARS_MAX) {
      throw new LatticeError("invalid-argument", `a node's name has 1 to ${NODE_NAME_CHARS_MAX} characters`);
    }
    await this.#inventory.putSetting("name", name);
    for (const store of this.#openStores()) await this.#tellName(store);
  }

  /** A root store, or a child of `parent`. */
  async createStore(options: { name: string; type: string; parent: Store | undefined }): Promise<Entry> {
    const type = this.#type(options.type);
    const { signer, random } = this.#options;
    const parent = options.parent;
    const genesis = createGenesis({ type, signer, hlc: this.#hlc, random, parent: parent?.genesisHash });
    if (parent !== undefined) {
      const { body, signature } = genesis;
      const childAdd = { genesisBody: body, genesisSignature: signature!, alias: options.name };
      // First in the parent: a child that nobody knows of would be lost to the others.
      await parent.submitSystem({ oneofKind: "childAdd", childAdd });
      this.#assertCounts(parent);
    }
    const entry = await this.#begin(genesis, { inviter: undefined });
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
  async *join(tokenText: string, options: { signal?: AbortSignal } = {}): AsyncIterable<JoinStep> {
    const token = decodeInviteToken(tokenText);
    const { clock, transport } = this.#options;
    if (token.expiresMs <= clock.now()) {
      throw new LatticeError("invite-expired", "the invite has expired: ask for a new one");
    }
    if (equalBytes(token.inviter, this.self)) {
      throw new LatticeError(
        "failed-precondition",
        "this node made the invite itself: join from another node",
      );
    }
    yield { stage: "connecting", intentionCount: 0 };
    const { addresses, inviter, genesisHash, secret } = token;
    const channel = await transport.open(inviter, JOIN_PROTOCOL, { addresses, ...options });
    const request = { clock, genesisHash, secret, nodeName: this.name, addresses: this.addresses() };
    const grant = await requestJoin(channel, { ...request, ...options });
    this.#inventory.putAddresses(inviter, addresses);
    for (const { peer, addresses: theirs } of grant.peers)
      this.#inventory.putAddresses(peer as PubKey, theirs);
    const entry = await this.#begin(grant.genesis, { inviter });
    if (entry.store === undefined)
      throw new LatticeError("failed-precondition", `joined, but the store is not open: ${entry.problem}`);
    yield { stage: "admitted", entry, intentionCount: 1 };
    yield* this.#firstSync(entry, { store: entry.store, inviter, signal: options.signal });
  }

  /** Compares with every member, and exchanges what differs. */
  async sync(store: Store, options: { signal?: AbortSignal } = {}): Promise<PeerSync[]> {
    this.#connector.retryNow(store);
    return Promise.all(this.#peersOf(store).map((peer) => this.#syncWith(store, peer, options.signal)));
  }

  async verify(
    store: Store,
    options: { signal?: AbortSignal } = {},
  ): Promise<Verification & { peers: PeerVerdict[] }> {
    const verification = await verifyStore(store, options);
    const peers = await Promise.all(this.#peersOf(store).map((peer) => this.#compareState(store, peer)));
    return { ...verification, peers };
  }

  /** Makes the store anew from what is sound of its log, open or not. */
  async rebuild({ row }: Entry): Promise<{ entry: Entry; log: RebuiltLog }> {
    const key = bytesKey(row.id);
    this.#assertOpen();
    if (this.#rebuilding.has(key))
      throw new LatticeError("failed-precondition", "the store is being rebuilt");
    const rebuilding = this.#rebuild(row).finally(() => this.#rebuilding.delete(key));
    this.#rebuilding.set(key, rebuilding);
    const log = await rebuilding;
    return { entry: this.#entries.get(key)!, log };
  }

  async #rebuild(before: StoreRow): Promise<RebuiltLog> {
    let row = before;
    const store = this.#entries.get(bytesKey(row.id))?.store;
    this.#entries.set(bytesKey(row.id), { row, store: undefined, problem: "it is being rebuilt" });
    try {
      if (store !== undefined) {
        await this.#connector.drop(store);
        // What could not be written at its end is what is to be rebuilt.
        await store.close().catch(() => undefined);
      }
      const others = this.#rootRow(row)?.row.members ?? [];
      // Durable before the log lacks anything: after a crash between the two it would not know that it does. Nobody knows
      // what was lost but the others; alone, there is nobody to disagree with.
      const beforeReplace = async (lost: readonly string[]): Promise<void> => {
        if (lost.length === 0 || others.length === 0) return;
        row = { ...row, isRecovering: true };
        await this.#inventory.putStore(row);
      };
      return await rebuildStore(this.#options.placeOf(row.id), this.#options.random, { beforeReplace });
    } finally {
      await this.#reopen(row);
    }
  }

  async #reopen(row: StoreRow): Promise<void> {
    await this.#open(row);
    const store = this.#entries.get(bytesKey(row.id))?.store;
    // Its children had nobody to ask for their members meanwhile.
    if (store !== undefined) await this.#onSystemChanged(store).catch(() => undefined);
  }

  /** What the store takes on the disk. */
  diskBytes(store: Store): number {
    return this.#options.placeOf(store.id).bytes();
  }

  /** One line each, of what needs somebody's attention. */
  warnings(): string[] {
    return this.entries().flatMap((entry) => {
      const name = this.storeName(entry) || formatStoreId(entry.row.id).slice(0, 8);
      if (entry.store === undefined) return [`store ${name}: ${entry.problem}`];
      const { paused } = entry.store.replica.projection;
      return [
        ...(entry.store.isDiskFull
          ? [`store ${name}: the disk is full, writes are refused until there is room`]
          : []),
        ...(paused === "" ? [] : [`store ${name}: ${paused}`]),
      ];
    });
  }

  figures(): NodeFigures {
    const stores = this.entries().map((entry) => ({
      id: entry.row.id,
      name: this.storeName(entry),
      type: entry.row.type,
      open: entry.store && this.#openFigures(entry.store),
    }));
    return {
      stores,
      peers: this.#openStores().flatMap((store) => this.#peerFigures(store)),
      sessionsStarted: this.#totals.startedCount,
      sessionsEnded: this.#totals.endedCount,
      syncs: this.#totals.sameCount,
    };
  }

  #openFigures(store: Store): OpenStoreFigures {
    const { log, replica } = store;
    const { projection } = replica;
    return {
      intentionCount: log.head.wseq,
      ownCount: replica.ownTip().seq,
      projectedCount: projection.cursor.wseq,
      floatingCount: replica.floating.count,
      headCount: log.heads().length,
      forkCount: log.forkCount(),
      poisonCount: projection.poisonCount(),
      waitingCount: store.waitingCount,
      isProjectionPaused: projection.paused !== "",
      isDiskFull: store.isDiskFull,
      diskBytes: this.diskBytes(store),
      rejected: store.rejectedByReason,
    };
  }

  #peerFigures(store: Store): PeerFigures[] {
    const members = this.membersOf(store);
    return this.#peersOf(store).map((peer) => {
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

  /** Closes sessions, then stores, then the transport. Can be called twice. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#cancelReconsider?.();
    this.events.close();
    await this.#connector.close();
    await this.#options.transport.close();
    // From here on none is begun any more.
    await Promise.allSettled([...this.#beginning.values(), ...this.#rebuilding.values()]);
    const closed = await Promise.allSettled(this.#openStores().map((store) => store.close()));
    await this.#inventory.close();
    for (const result of closed) if (result.status === "rejected") throw LatticeError.from(result.reason);
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new LatticeError("closed", "the node is closed");
  }

  /** Its creator and the parent's news may both want to begin a store; it is begun once. */
  async #begin(genesis: Offered, { inviter }: { inviter: PubKey | undefined }): Promise<Entry> {
    this.#assertOpen();
    const { ops, hash } = parseOffered(genesis);
    const key = bytesKey(hash);
    const known = this.#byGenesis(hash);
    if (known !== undefined) return known;
    let beginning = this.#beginning.get(key);
    if (beginning === undefined) {
      beginning = this.#beginNew({ genesis, ops, hash, inviter }).finally(() => this.#beginning.delete(key));
      this.#beginning.set(key, beginning);
    }
    return beginning;
  }

  async #beginNew(options: {
    genesis: Offered;
    ops: weaver.Genesis;
    hash: Hash;
    inviter: PubKey | undefined;
  }): Promise<Entry> {
    const { genesis, ops, hash, inviter } = options;
    const id = storeIdOf(hash);
    const row: StoreRow = {
      id,
      genesisHash: hash,
      type: ops.storeType,
      parentHash: ops.parent.length === 0 ? undefined : (ops.parent as Hash),
      inviter,
      members: [],
      isRecovering: false,
      genesis: this.#typeByName.has(ops.storeType) ? undefined : genesis,
    };
    await this.#open(row, genesis);
    const entry = this.#entries.get(bytesKey(id))!;
    // One whose type is not known here is kept, and begins when it is; anything else may be tried again.
    if (entry.store === undefined && row.genesis === undefined) {
      this.#entries.delete(bytesKey(id));
      // Nobody opens it but who begins it: it would be found empty.
      this.#toReopen.delete(bytesKey(id));
      throw new LatticeError("failed-precondition", entry.problem);
    }
    // The store first, then its name in the inventory: a crash between the two leaves a directory that nobody looks at.
    try {
      await this.#inventory.putStore(row);
    } catch (error) {
      // Or it would be here until the node stops, and then be gone.
      this.#entries.delete(bytesKey(id));
      if (entry.store !== undefined) await this.#connector.drop(entry.store);
      await entry.store?.close().catch(() => undefined);
      throw error;
    }
    this.#connector.evaluate();
    return entry;
  }

  /** Never rejects: what is wrong is kept with the entry. */
  async #open(row: StoreRow, genesis = row.genesis): Promise<void> {
    const key = bytesKey(row.id);
    try {
      const type = this.#type(row.type);
      const roles = this.#rolesFor(row);
      const store = await openStoreAt({
        place: this.#options.placeOf(row.id),
        genesisHash: row.genesisHash,
        type,
        signer: this.#options.signer,
        clock: this.#options.clock,
        random: this.#options.random,
        hlc: this.#hlc,
        ...(roles && { roles }),
        ...(genesis && { genesis }),
      });
      this.#entries.set(key, { row, store, problem: "" });
      this.#toReopen.delete(key);
      if (row.isRecovering)
        store.replica.noteOwnSeqElsewhere(UNKNOWN_PEER, Number.MAX_SAFE_INTEGER, { isCertain: true });
      this.#listen(store);
      // What this misses is made good at the next start.
      if (row.genesis !== undefined)
        await this.#putRow(store, { ...row, genesis: undefined }).catch(() => undefined);
      // The root may have moved on while this store was away.
      if (this.#rootOf(store) !== undefined && roles !== undefined)
        await store.reconsider({ rolesChanged: true });
      this.#emit("store-opened", `store ${formatStoreId(row.id)} is open`, { storeId: row.id });
    } catch (error) {
      const { message, retry } = LatticeError.from(error);
      this.#entries.set(key, { row, store: undefined, problem: message });
      if (retry) this.#toReopen.set(key, row);
      this.#emit("store-failed", message, { storeId: row.id });
    }
  }

  #listen(store: Store): void {
    const storeId = store.id;
    store.listen({
      systemChanged: () => void this.#onSystemChanged(store).catch(() => undefined),
      forked: (peer) =>
        this.#emit("fork", `${toHex(peer).slice(0, 8)} has forked its log`, { storeId, peer }),
      projectionPaused: (reason) => reason !== "" && this.#emit("projection-paused", reason, { storeId }),
      diskFull: () =>
        this.#emit("disk-full", "the disk is full: writes are refused until there is room", { storeId }),
      diskRecovered: () => this.#emit("disk-recovered", "there is room on the disk again", { storeId }),
      failed: (error) => void this.#onFailed(store, error).catch(() => undefined),
    });
  }

  async #onFailed(store: Store, error: LatticeError): Promise<void> {
    const key = bytesKey(store.id);
    const entry = this.#entries.get(key);
    if (entry?.store !== store) return;
    this.#entries.set(key, { row: entry.row, store: undefined, problem: error.message });
    this.#emit("store-failed", error.message, { storeId: store.id });
    await this.#connector.drop(store);
    await store.close();
  }

  async #onSystemChanged(store: Store): Promise<void> {
    await this.#rememberMembers(store);
    await this.#adoptChildren(store);
    for (const child of this.#openStores()) {
      if (child !== store && this.#rootOf(child) === store) await child.reconsider({ rolesChanged: true });
    }
    this.#connector.evaluate();
  }

  /** Begins here what a parent tells of; also what it told while this node was not looking. */
  async #adoptChildren(parent: Store): Promise<void> {
    for (const { genesisHash, genesisBody, genesisSignature } of parent.system.children()) {
      if (this.#byGenesis(genesisHash) !== undefined) continue;
      const genesis = { body: genesisBody, signature: genesisSignature };
      if (!isChildOf(parent, genesis)) continue;
      const entry = await this.#begin(genesis, { inviter: undefined }).catch(() => undefined);
      if (entry?.store !== undefined) await this.#adoptChildren(entry.store);
    }
  }

  #rolesFor(row: StoreRow): RoleSource | undefined {
    if (row.parentHash === undefined) return undefined;
    return {
      roleNow: (author) => this.#rootSystem(row)?.roleNow(author) ?? Role.UNSPECIFIED,
      roleAt: (author, at) => this.#rootSystem(row)?.roleAt(author, at) ?? Role.UNSPECIFIED,
    };
  }

  #rootSystem(row: StoreRow): SystemState | undefined {
    return this.#rootRow(row)?.store?.system;
  }

  /** The entry of the root above a store; undefined where a parent is not here. */
  #rootRow(row: StoreRow): Entry | undefined {
    let entry = this.#entries.get(bytesKey(row.id)) ?? { row, store: undefined, problem: "" };
    while (entry.row.parentHash !== undefined) {
      const parent = this.#byGenesis(entry.row.parentHash);
      if (parent === undefined) return undefined;
      entry = parent;
    }
    return entry;
  }

  #rootOf(store: Store): Store | undefined {
    const entry = this.#entries.get(bytesKey(store.id));
    return entry && this.#rootRow(entry.row)?.store;
  }

  /** The members of a store's root. */
  membersOf(store: Store): SystemState {
    return this.#rootOf(store)?.system ?? store.system;
  }

  /** A store whose members cannot be read is as good as damaged, and harms no other. */
  #peersToDial(store: Store): PubKey[] {
    try {
      return this.#peersOf(store);
    } catch (error) {
      void this.#onFailed(store, LatticeError.from(error)).catch(() => undefined);
      return [];
    }
  }

  #peersOf(store: Store): PubKey[] {
    const system = this.membersOf(store);
    const peers = system
      .members()
      .map(({ key }) => key)
      .filter((key) => !equalBytes(key, this.self));
    const root = this.#rootRow(this.#entries.get(bytesKey(store.id))!.row)?.row;
    const isNew = system.roleNow(this.self) === Role.UNSPECIFIED;
    const remembered = [
      ...(root?.inviter !== undefined && isNew ? [root.inviter] : []),
      ...(root?.isRecovering === true ? root.members : []),
    ];
    for (const peer of remembered) if (!peers.some((known) => equalBytes(known, peer))) peers.push(peer);
    return peers;
  }

  /**
   * For the day on which the store itself has lost them. Who was a member stays known: where a row of the system is gone,
   * it was lost, perhaps everywhere, and its member may be the only one left who can tell what else was.
   */
  async #rememberMembers(store: Store): Promise<void> {
    const { row } = this.#entries.get(bytesKey(store.id)) ?? {};
    if (row === undefined || row.parentHash !== undefined || row.isRecovering) return;
    const known = new Set(row.members.map(bytesKey));
    const learned = store.system
      .members()
      .map(({ key }) => key)
      .filter((key) => !equalBytes(key, this.self) && !known.has(bytesKey(key)));
    if (learned.length === 0) return;
    await this.#putRow(store, { ...row, members: [...row.members, ...learned] });
  }

  /** A member holds the same set: whatever a rebuild had lost is back. */
  async #endRecovery(store: Store): Promise<void> {
    const { row } = this.#entries.get(bytesKey(store.id)) ?? {};
    if (row?.isRecovering !== true) return;
    // Something is still missing: this member does not have it, another one may.
    if (store.replica.waitsForOwnParents) return;
    await this.#putRow(store, { ...row, isRecovering: false });
    store.replica.forgetPeer(UNKNOWN_PEER);
    await this.#rememberMembers(store);
  }

  async #putRow(store: Store, row: StoreRow): Promise<void> {
    const key = bytesKey(row.id);
    if (this.#entries.get(key)?.store === store) this.#entries.set(key, { row, store, problem: "" });
    await this.#inventory.putStore(row);
  }

  #addressBook(store: Store): sync.PeerAddresses[] {
    const others = this.#peersOf(store).map((peer) => ({ peer, addresses: this.#inventory.addresses(peer) }));
    const all = [{ peer: this.self, addresses: [...this.addresses()] }, ...others];
    return all.filter(({ addresses }) => addresses.length > 0).slice(0, 64);
  }

  /** What a member says of itself is taken; of others, only where nothing is known. */
  #learnAddresses(store: Store, teller: PubKey, peers: readonly sync.PeerAddresses[]): void {
    const members = new Set(this.#peersOf(store).map(bytesKey));
    for (const { peer, addresses } of peers) {
      if (!members.has(bytesKey(peer))) continue;
      if (equalBytes(peer, teller) || this.#inventory.addresses(peer as PubKey).length === 0) {
        this.#inventory.putAddresses(peer as PubKey, addresses);
      }
    }
    if (peers.length > 1) this.#connector.evaluate();
  }

  #onSession(session: SyncSession, change: "started" | "ended" | "same"): void {
    const { peer, store } = session;
    this.#totals.note(session, change);
    this.#seenMsByPeer.set(bytesKey(peer), this.#options.clock.now());
    const name = this.membersOf(store).memberName(peer) || toHex(peer).slice(0, 8);
    const about = { storeId: store.id, peer };
    if (change === "started") this.#emit("peer-connected", `${name} is connected`, about);
    if (change === "ended") this.#emit("peer-disconnected", `${name} is gone`, about);
    if (change !== "same") return;
    this.#emit("synced", `in sync with ${name}`, about);
    void this.#endRecovery(store).catch(() => undefined);
  }

  async #grantJoin(peer: PubKey, request: sync.JoinRequest) {
    const store = this.#openStores().find(({ genesisHash }) => equalBytes(genesisHash, request.genesisHash));
    const { clock } = this.#options;
    const grant = await grantJoin(store, request, {
      peer,
      clock,
      door: this.#door,
      peers: () => (store === undefined ? [] : this.#addressBook(store)),
    });
    this.#inventory.putAddresses(peer, request.addresses);
    const name = request.nodeName || toHex(peer).slice(0, 8);
    this.#emit("member-joined", `${name} has joined`, { storeId: store!.id, peer });
    return grant;
  }

  async *#firstSync(
    entry: Entry,
    { store, inviter, signal }: { store: Store; inviter: PubKey; signal: AbortSignal | undefined },
  ): AsyncIterable<JoinStep> {
    this.#connector.retryNow(store);
    const result = this.#syncWith(store, inviter, signal);
    let isDone = false;
    void result.finally(() => (isDone = true)).catch(() => undefined);
    while (!isDone) {
      yield { stage: "syncing", entry, intentionCount: store.log.head.wseq };
      let cancel = () => {};
      const pause = new Promise<void>((resolve) => (cancel = this.#options.clock.after(500, resolve)));
      await Promise.race([result, pause]).finally(cancel);
    }
    const { error } = await result;
    if (error !== "")
      throw new LatticeError(
        "unavailable",
        `joined, but the first sync failed: ${error}; it goes on by itself`,
      );
    yield {
      stage: "done",
      entry: this.#entries.get(bytesKey(entry.row.id))!,
      intentionCount: store.log.head.wseq,
    };
  }

  /** A session may give way to another one at any time, so one that is lost is no failure yet. */
  async #syncWith(store: Store, peer: PubKey, signal: AbortSignal | undefined): Promise<PeerSync> {
    const failed = (error: string): PeerSync => ({ peer, received: 0, sent: 0, same: false, error });
    for (let attempt = 1; ; attempt++) {
      try {
        const session = await this.#whenConnected(store, peer, signal);
        if (session === undefined)
          return failed(this.#connector.lastError(store, peer) || "it cannot be reached");
        const before = { received: session.received, sent: session.sent };
        const { same } = await this.#whileMoving(session, session.syncNow(), signal);
        return {
          peer,
          received: session.received - before.received,
          sent: session.sent - before.sent,
          same,
          error: "",
        };
      } catch (error) {
        const { code, message } = LatticeError.from(error);
        if (code !== "unavailable" || attempt === SYNC_ATTEMPTS_MAX) return failed(message);
      }
    }
  }

  /** The session with a peer, as soon as there is one; undefined where the next attempt fails as well. */
  async #whenConnected(store: Store, peer: PubKey, signal?: AbortSignal): Promise<SyncSession | undefined> {
    const ended = new AbortController();
    const cancel = this.#options.clock.after(SYNC_WAIT_MS, () => ended.abort());
    const watched = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]);
    try {
      const attempt = this.#connector.attempt(store, peer, watched);
      return this.#connector.session(store, peer) ?? (await attempt);
    } finally {
      cancel();
      ended.abort();
    }
  }

  /** Gives up when a session has been still for too long; a first sync may take as long as it needs. */
  async #whileMoving<T>(session: SyncSession, work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    let cancel = () => {};
    const stuck = new Promise<never>((_, reject) => {
      const watch = (moved: number) => {
        cancel = this.#options.clock.after(SYNC_WAIT_MS, () => {
          const now = session.received + session.sent;
          if (now !== moved) watch(now);
          else reject(new LatticeError("timeout", "the peer did not answer in time"));
        });
      };
      watch(session.received + session.sent);
      const end = () => reject(LatticeError.from(signal?.reason));
      if (signal?.aborted === true) end();
      else signal?.addEventListener("abort", end, { once: true });
    });
    return Promise.race([work, stuck]).finally(() => cancel());
  }

  async #compareState(store: Store, peer: PubKey): Promise<PeerVerdict> {
    const session = this.#connector.session(store, peer);
    if (session === undefined) return { peer, verdict: "unreachable" };
    try {
      const { sameSet, stateDigest } = await this.#whileMoving(session, session.peerDigest(), undefined);
      if (!sameSet) return { peer, verdict: "other-set" };
      return { peer, verdict: equalBytes(stateDigest, store.digest()) ? "same" : "different" };
    } catch {
      return { peer, verdict: "unreachable" };
    }
  }

  async #tellName(store: Store): Promise<void> {
    const name = this.name;
    const isMember = store.parent === undefined && store.system.roleNow(this.self) >= Role.WRITER;
    if (name === "" || !isMember || store.system.memberName(this.self) === name) return;
    await store.submitSystem({ oneofKind: "setMemberName", setMemberName: { name } });
  }

  /** A system op is refused after it was written, so that everybody refuses alike; its author wants to know. */
  #assertCounts(store: Store): void {
    const reason = store.system.voidReason(store.replica.ownTip().id);
    if (reason !== undefined && reason !== "") throw new LatticeError("permission-denied", reason);
  }

  #scheduleReconsider(): void {
    this.#cancelReconsider = this.#options.clock.after(RECONSIDER_MS, () => {
      for (const store of this.#openStores()) {
        if (store.replica.floating.count > 0) void store.reconsider().catch(() => undefined);
      }
      for (const [key, row] of this.#toReopen) {
        this.#toReopen.delete(key);
        if (!this.#rebuilding.has(key)) void this.#reopen(row).then(() => this.#connector.evaluate());
      }
      this.#scheduleReconsider();
    });
  }

  #type(name: string): StoreType {
    const type = name === "" ? this.#options.types[0] : this.#typeByName.get(name);
    if (type !== undefined) return type;
    const known = [...this.#typeByName.keys()].join(", ");
    throw new LatticeError(
      "invalid-argument",
      `this node knows no store type "${name}", only ${known}; start it with --types MODULE to add the one that has it`,
    );
  }

  #openStores(): Store[] {
    return [...this.#entries.values()].flatMap(({ store }) => store ?? []);
  }

  #byGenesis(hash: Hash): Entry | undefined {
    return [...this.#entries.values()].find(({ row }) => equalBytes(row.genesisHash, hash));
  }

  #emit(kind: NodeEventKind, text: string, about: { storeId?: StoreId; peer?: PubKey }): void {
    this.events.publish({ kind, text, ...about });
  }
}

/** A genesis that was verified, or made here. */
function parseOffered(genesis: Offered) {
  const intention = decodeIntention(genesis.body);
  if (typeof intention === "string")
    throw new LatticeError("invalid-argument", "a store begins with a genesis");
  return { hash: intention.hash, ops: parseGenesis(intention) };
}

/** Or an admin of one store could put children into another, or hand out roots. */
function isChildOf(parent: Store, genesis: Offered): boolean {
  try {
    return equalBytes(parseOffered(genesis).ops.parent, parent.genesisHash);
  } catch {
    return false;
  }
}

function rootsFirst(a: StoreRow, b: StoreRow): number {
  return Number(a.parentHash !== undefined) - Number(b.parentHash !== undefined);
}

function sameParent(a: Hash | undefined, b: Hash | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}
