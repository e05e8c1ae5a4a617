/**
 * What a node knows besides its stores (`meta.db`): which stores there are, its name, where its peers were last.
 */
import {
  fromHex,
  LatticeError,
  STORE_ID_BYTES,
  toHex,
  utf8,
  type Hash,
  type PubKey,
  type StoreId,
} from "@lattice/model";
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
  /** Whoever was a member of a root store besides this node: whom to ask when the store has lost them. */
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

  /** Throws `corrupt` where a row is damaged. */
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
    if (row === undefined) return [];
    try {
      return sync.PeerAddresses.fromBinary(row).addresses;
    } catch {
      // What is damaged is lost, and told again.
      return [];
    }
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
    genesis: toHex(row.genesisHash),
    type: row.type,
    parent: row.parentHash && toHex(row.parentHash),
    inviter: row.inviter && toHex(row.inviter),
    members: row.members.map(toHex),
    recovering: row.isRecovering,
    pending: row.genesis && {
      body: toHex(row.genesis.body),
      signature: row.genesis.signature && toHex(row.genesis.signature),
    },
  };
  return utf8(JSON.stringify(stored));
}

function decodeStoreRow(id: StoreId, value: Uint8Array): StoreRow {
  const damaged = (cause?: unknown) =>
    new LatticeError(
      "corrupt",
      `meta.db is damaged: what it says of store ${toHex(id)} cannot be read; stop the node and put back the one that was there`,
      { cause },
    );
  let stored: unknown;
  try {
    stored = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(value));
  } catch (cause) {
    throw damaged(cause);
  }
  if (id.length !== STORE_ID_BYTES || !isStoredRow(stored)) throw damaged();
  const { genesis, type, parent, inviter, members = [], recovering = false, pending } = stored;
  return {
    id,
    genesisHash: fromHex(genesis) as Hash,
    type,
    parentHash: parent === undefined ? undefined : (fromHex(parent) as Hash),
    inviter: inviter === undefined ? undefined : (fromHex(inviter) as PubKey),
    members: members.map((member) => fromHex(member) as PubKey),
    isRecovering: recovering,
    genesis: pending && {
      body: fromHex(pending.body)!,
      signature: pending.signature === undefined ? undefined : fromHex(pending.signature),
    },
  };
}

function isStoredRow(value: unknown): value is StoredRow {
  if (typeof value !== "object" || value === null) return false;
  const { genesis, type, parent, inviter, members, recovering, pending } = value as Record<string, unknown>;
  return (
    isHex32(genesis) &&
    typeof type === "string" &&
    (parent === undefined || isHex32(parent)) &&
    (inviter === undefined || isHex32(inviter)) &&
    (members === undefined || (Array.isArray(members) && members.every(isHex32))) &&
    (recovering === undefined || typeof recovering === "boolean") &&
    (pending === undefined || isPending(pending))
  );
}

/** What it holds is verified when the store begins. */
function isPending(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { body, signature } = value as Record<string, unknown>;
  return isHex(body) && (signature === undefined || isHex(signature));
}

function isHex(value: unknown): boolean {
  return typeof value === "string" && fromHex(value) !== undefined;
}

/** A hash or a key. */
function isHex32(value: unknown): value is string {
  return typeof value === "string" && fromHex(value)?.length === 32;
}
