/**
 * What a node knows besides its stores (`meta.db`): which stores there are, its name, where its peers were last.
 */
import { utf8, type Hash, type PubKey, type StoreId } from "@lattice/model";
import type { Offered } from "@lattice/kernel";
import { sync } from "@lattice/proto";
import type { Storage } from "@lattice/storage";

export const INVENTORY_TABLES = ["stores", "peers", "settings"] as const;

export interface StoreRow {
  readonly id: StoreId;
  readonly genesisHash: Hash;
  readonly type: string;
  /** Of the parent; undefined for a root store. */
  readonly parentHash: Hash | undefined;
  /** Who let this node in; trusted for as long as this node's own membership has not arrived. */
  readonly inviter: PubKey | undefined;
  /** The members of a root store besides this node, as they were last: whom to ask when the store has lost them. */
  readonly members: readonly PubKey[];
  /** A rebuild has lost something: nothing is written until a member has shown that all of it is back. */
  readonly isRecovering: boolean;
  /** With which the store is to begin, as soon as this node knows its type; undefined where it has begun. */
  readonly genesis?: Offered | undefined;
}

export class Inventory {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  stores(): StoreRow[] {
    return [...this.#storage.table("stores").range()].map(([key, value]) =>
      decodeStoreRow(key as StoreId, value),
    );
  }

  async putStore(row: StoreRow): Promise<void> {
    this.#put("stores", row.id, encodeStoreRow(row));
    await this.#storage.flush();
  }

  addresses(peer: PubKey): string[] {
    const row = this.#storage.table("peers").get(peer);
    return row === undefined ? [] : sync.PeerAddresses.fromBinary(row).addresses;
  }

  /** Not waited for: an address that is lost is told again. */
  putAddresses(peer: PubKey, addresses: readonly string[]): void {
    if (addresses.length === 0 || addresses.join() === this.addresses(peer).join()) return;
    this.#put("peers", peer, sync.PeerAddresses.toBinary({ peer, addresses: [...addresses] }));
    this.#storage.flush().catch(() => undefined);
  }

  setting(name: string): string | undefined {
    const row = this.#storage.table("settings").get(utf8(name));
    return row === undefined ? undefined : new TextDecoder().decode(row);
  }

  async putSetting(name: string, value: string): Promise<void> {
    this.#put("settings", utf8(name), utf8(value));
    await this.#storage.flush();
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #put(name: string, key: Uint8Array, value: Uint8Array): void {
    this.#storage.transaction((table) => {
      table(name).put(key, value);
    });
  }
}

interface StoredRow {
  genesis: string;
  type: string;
  parent?: string | undefined;
  inviter?: string | undefined;
  members?: string[];
  recovering?: boolean;
  pending?: { body: string; signature?: string | undefined } | undefined;
}

function encodeStoreRow(row: StoreRow): Uint8Array {
  const stored: StoredRow = {
    genesis: Buffer.from(row.genesisHash).toString("hex"),
    type: row.type,
    parent: row.parentHash && Buffer.from(row.parentHash).toString("hex"),
    inviter: row.inviter && Buffer.from(row.inviter).toString("hex"),
    members: row.members.map((member) => Buffer.from(member).toString("hex")),
    recovering: row.isRecovering,
    pending: row.genesis && {
      body: Buffer.from(row.genesis.body).toString("hex"),
      signature: row.genesis.signature && Buffer.from(row.genesis.signature).toString("hex"),
    },
  };
  return utf8(JSON.stringify(stored));
}

function decodeStoreRow(id: StoreId, value: Uint8Array): StoreRow {
  const stored = JSON.parse(new TextDecoder().decode(value)) as StoredRow;
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
  return {
    id,
    genesisHash: bytes(stored.genesis) as Hash,
    type: stored.type,
    parentHash: stored.parent === undefined ? undefined : (bytes(stored.parent) as Hash),
    inviter: stored.inviter === undefined ? undefined : (bytes(stored.inviter) as PubKey),
    members: (stored.members ?? []).map((member) => bytes(member) as PubKey),
    isRecovering: stored.recovering ?? false,
    genesis: stored.pending && {
      body: bytes(stored.pending.body),
      signature: stored.pending.signature === undefined ? undefined : bytes(stored.pending.signature),
    },
  };
}
