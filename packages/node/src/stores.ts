/**
 * The stores of a node, open or not: begun, opened, made anew and closed. Service; its one caller is `Node`.
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
  LatticeError,
  storeIdOf,
  toHex,
  type Clock,
  type Hash,
  type HybridClock,
  type PubKey,
  type Random,
  type Signer,
  type StoreId,
} from "@lattice/model";
import type { weaver } from "@lattice/proto";
import {
  openStoreAt,
  parseGenesis,
  rebuildStore,
  type Offered,
  type RebuiltLog,
  type Store,
  type StorePlace,
} from "@lattice/kernel";
import type { StoreType } from "@lattice/store";
import { Role, type RoleSource, type SystemState } from "@lattice/systemstore";
import type { NodeEventKind } from "./events.ts";
import type { Inventory, StoreRow } from "./inventory.ts";
import { holdWrites } from "./recovery.ts";

export interface StoresOptions {
  readonly placeOf: (id: StoreId) => StorePlace;
  readonly inventory: Inventory;
  readonly hlc: HybridClock;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Random;
  /** The first is the default. */
  readonly types: readonly StoreType[];
  /** Ends whatever goes on with a store before that is closed. */
  readonly letGo: (store: Store) => Promise<void>;
  readonly onSystemChanged: (store: Store) => Promise<void>;
  /** There is a store that was not there before. */
  readonly onBegun: () => void;
  readonly emit: (kind: NodeEventKind, text: string, about: { storeId: StoreId; peer?: PubKey }) => void;
}

/** A store of this node's, open or not. */
export interface Entry {
  readonly row: StoreRow;
  readonly store: Store | undefined;
  /** Why it is not open; empty where it is. */
  readonly problem: string;
}

export class Stores {
  readonly #options: StoresOptions;
  readonly #inventory: Inventory;
  readonly #entries = new Map<string, Entry>();
  readonly #beginning = new Map<string, Promise<Entry>>();
  readonly #rebuilding = new Map<string, Promise<RebuiltLog>>();
  /** Those that could not be opened for a reason that may pass, such as a full disk. */
  readonly #toReopen = new Map<string, StoreRow>();
  readonly #typeByName: Map<string, StoreType>;
  #isClosed = false;

  constructor(options: StoresOptions) {
    this.#options = options;
    this.#inventory = options.inventory;
    this.#typeByName = new Map(options.types.map((type) => [type.type, type]));
  }

  /** Opens whatever the inventory names. */
  async openAll(): Promise<void> {
    const rows = this.#inventory.stores().toSorted(rootsFirst);
    // Known before any is open: a parent that tells of a child would begin it a second time.
    for (const row of rows) this.#put({ row, store: undefined, problem: "it is being opened" });
    for (const row of rows) await this.#open(row);
    for (const store of this.open()) await this.adoptChildren(store);
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

  open(): Store[] {
    return [...this.#entries.values()].flatMap(({ store }) => store ?? []);
  }

  entryOf(store: Store): Entry | undefined {
    return this.#entries.get(bytesKey(store.id));
  }

  byGenesis(hash: Hash): Entry | undefined {
    return [...this.#entries.values()].find(({ row }) => equalBytes(row.genesisHash, hash));
  }

  /** The entry of the root above a store; undefined where a parent is not here. */
  rootOf(store: Store): Entry | undefined {
    const entry = this.entryOf(store);
    return entry && this.#rootOf(entry);
  }

  nameOf({ row, store }: Entry): string {
    const own = store?.system.name() ?? "";
    if (own !== "" || row.parentHash === undefined) return own;
    const parent = this.byGenesis(row.parentHash)?.store;
    return (
      parent?.system.children().find(({ genesisHash }) => equalBytes(genesisHash, row.genesisHash))?.alias ??
      ""
    );
  }

  /** Throws `not-found` or `ambiguous`; `text` is an id, a unique prefix of one, or a name. */
  resolve(text: string): Entry {
    const name = text.trim();
    const prefix = name.toLowerCase().replaceAll("-", "");
    const entries = this.entries();
    const byName = entries.filter((entry) => name !== "" && this.nameOf(entry) === name);
    const byId = entries.filter(({ row }) => prefix !== "" && toHex(row.id).startsWith(prefix));
    const found = byName.length > 0 ? byName : byId;
    if (found.length === 1) return found[0]!;
    if (found.length === 0) throw this.#notFound(name, entries);
    const candidates = found.map((entry) =>
      [formatStoreId(entry.row.id), this.nameOf(entry)].filter(Boolean).join(" "),
    );
    throw new LatticeError("ambiguous", `"${text}" could be ${candidates.join(", ")}`);
  }

  #notFound(name: string, entries: readonly Entry[]): LatticeError {
    const hint =
      entries.length === 0 ? 'create one with "store create --root"' : '"store list" shows what there is';
    return new LatticeError(
      "not-found",
      name === "" ? `no store is selected: ${hint}` : `there is no store "${name}": ${hint}`,
    );
  }

  /** Throws `invalid-argument` where this node does not know it; the default one has the empty name. */
  type(name: string): StoreType {
    const type = name === "" ? this.#options.types[0] : this.#typeByName.get(name);
    if (type !== undefined) return type;
    const known = [...this.#typeByName.keys()].join(", ");
    throw new LatticeError(
      "invalid-argument",
      `this node knows no store type "${name}", only ${known}; start it with --types MODULE to add the one that has it`,
    );
  }

  /** Its creator and the parent's news may both want to begin a store; it is begun once. */
  async begin(genesis: Offered, { inviter }: { inviter: PubKey | undefined }): Promise<Entry> {
    this.#assertOpen();
    const { ops, hash } = parseOffered(genesis);
    const key = bytesKey(hash);
    const known = this.byGenesis(hash);
    if (known !== undefined) return known;
    let beginning = this.#beginning.get(key);
    if (beginning === undefined) {
      beginning = this.#begin({ genesis, ops, hash, inviter }).finally(() => this.#beginning.delete(key));
      this.#beginning.set(key, beginning);
    }
    return beginning;
  }

  /** Begins here what a parent tells of; also what it told while this node was not looking. */
  async adoptChildren(parent: Store): Promise<void> {
    for (const { genesisHash, genesisBody, genesisSignature } of parent.system.children()) {
      if (this.byGenesis(genesisHash) !== undefined) continue;
      const genesis = { body: genesisBody, signature: genesisSignature };
      if (!isChildOf(parent, genesis)) continue;
      const entry = await this.begin(genesis, { inviter: undefined }).catch(() => undefined);
      if (entry?.store !== undefined) await this.adoptChildren(entry.store);
    }
  }

  /** Looks again at what was held back below a root whose members have changed. */
  async reconsiderBelow(root: Store): Promise<void> {
    for (const child of this.open()) {
      if (child !== root && this.rootOf(child)?.store === root)
        await child.reconsider({ rolesChanged: true });
    }
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

  /** Durable before it resolves. */
  async putRow(store: Store, row: StoreRow): Promise<void> {
    if (this.entryOf(store)?.store === store) this.#put({ row, store, problem: "" });
    await this.#inventory.putStore(row);
  }

  /** What could not be opened and may be by now is tried again; `then` is called for each. */
  retryFailed(then: () => void): void {
    for (const [key, row] of this.#toReopen) {
      this.#toReopen.delete(key);
      if (!this.#rebuilding.has(key)) void this.#reopen(row).then(then);
    }
  }

  /** What failed is closed, and stays listed. */
  async fail(store: Store, error: LatticeError): Promise<void> {
    const entry = this.entryOf(store);
    if (entry?.store !== store) return;
    this.#put({ row: entry.row, store: undefined, problem: error.message });
    this.#options.emit("store-failed", error.message, { storeId: store.id });
    await this.#options.letGo(store);
    await store.close();
  }

  /** From here on none is begun, opened or rebuilt. */
  end(): void {
    this.#isClosed = true;
  }

  /** Waits for what is under way, then closes all. Throws what the first of them threw. */
  async close(): Promise<void> {
    this.end();
    await Promise.allSettled([...this.#beginning.values(), ...this.#rebuilding.values()]);
    const closed = await Promise.allSettled(this.open().map((store) => store.close()));
    for (const result of closed) if (result.status === "rejected") throw LatticeError.from(result.reason);
  }

  async #begin(options: {
    genesis: Offered;
    ops: weaver.Genesis;
    hash: Hash;
    inviter: PubKey | undefined;
  }): Promise<Entry> {
    const { genesis, ops, hash, inviter } = options;
    const id = storeIdOf(hash);
    const key = bytesKey(id);
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
    const entry = this.#entries.get(key)!;
    // One whose type is not known here is kept, and begins when it is; anything else may be tried again.
    if (entry.store === undefined && row.genesis === undefined) {
      this.#entries.delete(key);
      // Nobody opens it but who begins it: it would be found empty.
      this.#toReopen.delete(key);
      throw new LatticeError("failed-precondition", entry.problem);
    }
    // The store first, then its name in the inventory: a crash between the two leaves a directory that nobody looks at.
    try {
      await this.#inventory.putStore(row);
    } catch (error) {
      // Or it would be here until the node stops, and then be gone.
      this.#entries.delete(key);
      if (entry.store !== undefined) await this.#options.letGo(entry.store);
      await entry.store?.close().catch(() => undefined);
      throw error;
    }
    this.#options.onBegun();
    return entry;
  }

  /** Never rejects: what is wrong is kept with the entry. */
  async #open(row: StoreRow, genesis = row.genesis): Promise<void> {
    const key = bytesKey(row.id);
    const { placeOf, signer, clock, random, hlc, emit } = this.#options;
    try {
      const type = this.type(row.type);
      const roles = this.#rolesFor(row);
      const store = await openStoreAt({
        place: placeOf(row.id),
        genesisHash: row.genesisHash,
        type,
        signer,
        clock,
        random,
        hlc,
        ...(roles && { roles }),
        ...(genesis && { genesis }),
      });
      this.#put({ row, store, problem: "" });
      this.#toReopen.delete(key);
      if (row.isRecovering) holdWrites(store);
      this.#listen(store);
      // What this misses is made good at the next start.
      if (row.genesis !== undefined)
        await this.putRow(store, { ...row, genesis: undefined }).catch(() => undefined);
      // The root may have moved on while this store was away.
      if (roles !== undefined && this.rootOf(store)?.store !== undefined)
        await store.reconsider({ rolesChanged: true });
      emit("store-opened", `store ${formatStoreId(row.id)} is open`, { storeId: row.id });
    } catch (error) {
      const { message, retry } = LatticeError.from(error);
      this.#put({ row, store: undefined, problem: message });
      if (retry) this.#toReopen.set(key, row);
      emit("store-failed", message, { storeId: row.id });
    }
  }

  async #reopen(row: StoreRow): Promise<void> {
    await this.#open(row);
    const store = this.#entries.get(bytesKey(row.id))?.store;
    // Its children had nobody to ask for their members meanwhile.
    if (store !== undefined) await this.#options.onSystemChanged(store).catch(() => undefined);
  }

  async #rebuild(before: StoreRow): Promise<RebuiltLog> {
    let row = before;
    const store = this.#entries.get(bytesKey(row.id))?.store;
    const closed = { row, store: undefined, problem: "it is being rebuilt" };
    this.#put(closed);
    try {
      if (store !== undefined) {
        await this.#options.letGo(store);
        // What could not be written at its end is what is to be rebuilt.
        await store.close().catch(() => undefined);
      }
      const others = this.#rootOf(closed)?.row.members ?? [];
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

  #listen(store: Store): void {
    const { emit, onSystemChanged } = this.#options;
    const about = { storeId: store.id };
    store.listen({
      systemChanged: () => void onSystemChanged(store).catch(() => undefined),
      forked: (peer) => emit("fork", `${toHex(peer).slice(0, 8)} has forked its log`, { ...about, peer }),
      projectionPaused: (reason) => reason !== "" && emit("projection-paused", reason, about),
      diskFull: () => emit("disk-full", "the disk is full: writes are refused until there is room", about),
      diskRecovered: () => emit("disk-recovered", "there is room on the disk again", about),
      failed: (error) => void this.fail(store, error).catch(() => undefined),
    });
  }

  #rolesFor(row: StoreRow): RoleSource | undefined {
    if (row.parentHash === undefined) return undefined;
    const root = (): SystemState | undefined =>
      this.#rootOf({ row, store: undefined, problem: "" })?.store?.system;
    return {
      roleNow: (author) => root()?.roleNow(author) ?? Role.UNSPECIFIED,
      roleAt: (author, at) => root()?.roleAt(author, at) ?? Role.UNSPECIFIED,
    };
  }

  #rootOf(entry: Entry): Entry | undefined {
    let above = entry;
    while (above.row.parentHash !== undefined) {
      const parent = this.byGenesis(above.row.parentHash);
      if (parent === undefined) return undefined;
      above = parent;
    }
    return above;
  }

  #put(entry: Entry): void {
    this.#entries.set(bytesKey(entry.row.id), entry);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new LatticeError("closed", "the node is closed");
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
