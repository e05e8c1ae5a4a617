/**
 * Who else has a store of this node's: whom to sync it with, where they are, and whom to ask when the store itself has
 * lost its members.
 */
import { bytesKey, equalBytes, type PubKey } from "@lattice/model";
import type { sync } from "@lattice/proto";
import type { Store } from "@lattice/kernel";
import { Role, type SystemState } from "@lattice/systemstore";
import type { Inventory } from "./inventory.ts";
import { ADDRESS_BOOK_PEERS_MAX } from "./limits.ts";
import { releaseWrites } from "./recovery.ts";
import type { Stores } from "./stores.ts";

export class Membership {
  readonly #self: PubKey;
  readonly #stores: Stores;
  readonly #inventory: Inventory;

  constructor(options: { self: PubKey; stores: Stores; inventory: Inventory }) {
    this.#self = options.self;
    this.#stores = options.stores;
    this.#inventory = options.inventory;
  }

  /** The members of a store's root. */
  of(store: Store): SystemState {
    return this.#stores.rootOf(store)?.store?.system ?? store.system;
  }

  /** All members but this node, and whoever may tell of them while the store itself cannot. */
  peersOf(store: Store): PubKey[] {
    const system = this.of(store);
    const root = this.#stores.rootOf(store)?.row;
    const isNew = system.roleNow(this.#self) === Role.UNSPECIFIED;
    const remembered = [
      ...(root?.inviter !== undefined && isNew ? [root.inviter] : []),
      ...(root?.isRecovering === true ? root.members : []),
    ];
    const peers = this.#others(system);
    for (const peer of remembered) if (!peers.some((known) => equalBytes(known, peer))) peers.push(peer);
    return peers;
  }

  /**
   * For the day on which the store itself has lost them. Who was a member stays known: where a row of the system is gone,
   * it was lost, perhaps everywhere, and its member may be the only one left who can tell what else was.
   */
  async remember(store: Store): Promise<void> {
    const row = this.#stores.entryOf(store)?.row;
    if (row === undefined || row.parentHash !== undefined || row.isRecovering) return;
    const known = new Set(row.members.map(bytesKey));
    const learned = this.#others(store.system).filter((key) => !known.has(bytesKey(key)));
    if (learned.length === 0) return;
    await this.#stores.putRow(store, { ...row, members: [...row.members, ...learned] });
  }

  /** A member holds the same set: whatever a rebuild had lost is back. */
  async endRecovery(store: Store): Promise<void> {
    const row = this.#stores.entryOf(store)?.row;
    if (row?.isRecovering !== true) return;
    // Something is still missing: this member does not have it, another one may.
    if (store.replica.waitsForOwnParents) return;
    await this.#stores.putRow(store, { ...row, isRecovering: false });
    releaseWrites(store);
    await this.remember(store);
  }

  /** Where this node and the others are, as far as it is known; for whoever shares the store. */
  addressBook(store: Store, ownAddresses: readonly string[]): sync.PeerAddresses[] {
    const others = this.peersOf(store).map((peer) => ({ peer, addresses: this.#inventory.addresses(peer) }));
    const all = [{ peer: this.#self, addresses: [...ownAddresses] }, ...others];
    return all.filter(({ addresses }) => addresses.length > 0).slice(0, ADDRESS_BOOK_PEERS_MAX);
  }

  /** What a member says of itself is taken; of others, only where nothing is known. */
  learnAddresses(store: Store, teller: PubKey, peers: readonly sync.PeerAddresses[]): void {
    const members = new Set(this.peersOf(store).map(bytesKey));
    for (const { peer, addresses } of peers) {
      if (!members.has(bytesKey(peer))) continue;
      if (equalBytes(peer, teller) || this.#inventory.addresses(peer as PubKey).length === 0)
        this.#inventory.putAddresses(peer as PubKey, addresses);
    }
  }

  #others(system: SystemState): PubKey[] {
    return system
      .members()
      .map(({ key }) => key)
      .filter((key) => !equalBytes(key, this.#self));
  }
}
