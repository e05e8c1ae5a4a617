/**
 * Leases and the keys that hang on them. How long a lease still lives is decided elsewhere: here stands what was granted, and what
 * was left when that was last written down.
 *
 * Invariants:
 * 1. A key is among those of a lease if and only if its last version names the lease.
 */
import { concatBytes, readSeqBe, readU64be, u64be, writeU64be } from "@lattice/model";
import type { Table, TableReader } from "@lattice/storage";
import { EMPTY } from "./key-value.ts";
import { LEASES_TABLE, LEASE_KEYS_TABLE, type Tables, type WritableTables } from "./tables.ts";

export interface LeaseRow {
  readonly id: bigint;
  readonly ttlSeconds: number;
  /** 0 where it was not written down since the lease was granted or extended. */
  readonly remainingSeconds: number;
}

const ID_BYTES = 8;

export class Leases {
  readonly #leases: TableReader;
  readonly #keys: TableReader;

  constructor(tables: Tables) {
    this.#leases = tables(LEASES_TABLE);
    this.#keys = tables(LEASE_KEYS_TABLE);
  }

  has(id: bigint): boolean {
    return this.#leases.has(idBytes(id));
  }

  get(id: bigint): LeaseRow | undefined {
    const value = this.#leases.get(idBytes(id));
    return value && decodeLease(id, value);
  }

  /** In no order that means anything, but the same everywhere. */
  *all(): Generator<LeaseRow> {
    for (const [key, value] of this.#leases.range())
      yield decodeLease(BigInt.asIntN(64, readU64be(key)), value);
  }

  /** In their order. */
  *keysOf(id: bigint): Generator<Uint8Array> {
    const prefix = idBytes(id);
    const end = idBytes(id + 1n);
    // The greatest id, which is -1, has nothing behind it.
    for (const [key] of this.#keys.range(id === -1n ? { gte: prefix } : { gte: prefix, lt: end })) {
      yield key.subarray(ID_BYTES);
    }
  }
}

export class LeasesWriter extends Leases {
  readonly #leases: Table;
  readonly #keys: Table;

  constructor(tables: WritableTables) {
    super(tables);
    this.#leases = tables(LEASES_TABLE);
    this.#keys = tables(LEASE_KEYS_TABLE);
  }

  write({ id, ttlSeconds, remainingSeconds }: LeaseRow): void {
    const value = new Uint8Array(16);
    writeU64be(value, ttlSeconds, 0);
    writeU64be(value, remainingSeconds, 8);
    this.#leases.put(idBytes(id), value);
  }

  remove(id: bigint): void {
    this.#leases.delete(idBytes(id));
  }

  attach(id: bigint, key: Uint8Array): void {
    this.#keys.put(concatBytes(idBytes(id), key), EMPTY);
  }

  detach(id: bigint, key: Uint8Array): void {
    this.#keys.delete(concatBytes(idBytes(id), key));
  }
}

function idBytes(id: bigint): Uint8Array {
  return u64be(BigInt.asUintN(64, id));
}

function decodeLease(id: bigint, value: Uint8Array): LeaseRow {
  return { id, ttlSeconds: readSeqBe(value), remainingSeconds: readSeqBe(value, 8) };
}
