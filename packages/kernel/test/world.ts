/**
 * What the kernel's tests have in common: authors with known keys, intentions forged by hand, replicas and stores over
 * memory, a clock that stands still until it is told to move.
 */
import {
  encodeIntention,
  hlcFromMs,
  HybridClock,
  sha256,
  signerFromSeed,
  signIntention,
  storeIdOf,
  toHex,
  utf8,
  type Clock,
  type Intention,
  type IntentionFields,
  type IntentionId,
  type Signer,
} from "@lattice/model";
import { kvstore } from "@lattice/kvstore";
import { weaver } from "@lattice/proto";
import { MemoryStorage, type Storage } from "@lattice/storage";
import type { StoreType } from "@lattice/store";
import { Role } from "@lattice/systemstore";
import { createGenesis, LOG_TABLES, Replica, stateTables, type Offered } from "../src/index.ts";
import { begin } from "../src/open-store.ts";

export const START_MS = Date.UTC(2026, 0, 1);

export class FakeClock implements Clock {
  ms: number;
  constructor(ms = START_MS) {
    this.ms = ms;
  }
  now(): number {
    return this.ms;
  }
  /** Nobody waits for a time here, but everybody for a turn. */
  after(ms: number, callback: () => void): () => void {
    if (ms === 0) setImmediate(callback);
    return () => {};
  }
}

export function signerNamed(name: string): Signer {
  return signerFromSeed(sha256(utf8(name)));
}

/** The same bytes each time. */
export const noRandom = { bytes: (count: number) => new Uint8Array(count).fill(7) };

export interface Forged extends Offered {
  readonly intention: Intention;
  readonly signature: Uint8Array;
}

export function signed(intention: Intention, signer: Signer): Forged {
  return { intention, body: intention.body, signature: signIntention(signer, intention.hash) };
}

export function unsigned({ body }: Offered): Offered {
  return { body, signature: undefined };
}

/** One store's genesis, and what authors write on it. */
export class World {
  readonly owner = signerNamed("owner");
  readonly type: StoreType;
  readonly genesis: Offered;
  readonly first: Intention;
  readonly #hlc = new HybridClock(new FakeClock());

  constructor(type: StoreType = kvstore) {
    this.type = type;
    const created = createGenesis({ type, signer: this.owner, hlc: this.#hlc, random: noRandom });
    this.genesis = created;
    this.first = decodedGenesis(created, this.owner);
  }

  get storeId() {
    return storeIdOf(this.first.hash);
  }

  /** An intention on top of `prev`, with a later time than any before unless told otherwise. */
  forge(signer: Signer, prev: Intention, fields: Partial<IntentionFields> = {}): Forged {
    const intention = encodeIntention({
      storeId: this.storeId,
      author: signer.publicKey,
      seq: prev.seq + 1,
      timestamp: fields.timestamp ?? this.#hlc.tick(),
      storePrev: prev.id,
      condition: [],
      ops: put("k", "v"),
      ...fields,
    });
    return signed(intention, signer);
  }

  admit(
    member: Signer,
    role: Role = Role.WRITER,
    on: Intention = this.first,
    by: Signer = this.owner,
  ): Forged {
    return this.forge(by, on, { ops: admitOps(member, role) });
  }

  replica(options: Partial<ReplicaParts> = {}): Replica {
    return openReplica({ world: this, ...options });
  }
}

function decodedGenesis(offered: Offered & { hash: Uint8Array }, owner: Signer): Intention {
  const replica = new Replica({
    ...beginStorage(offered),
    type: kvstore,
    signer: owner,
    hlc: new HybridClock(new FakeClock()),
    clock: new FakeClock(),
  });
  return replica.log.at(1).intention;
}

function beginStorage(genesis: Offered, type: StoreType = kvstore): { log: Storage; state: Storage } {
  const log = new MemoryStorage({ tables: LOG_TABLES });
  begin(log, genesis, noRandom);
  return { log, state: new MemoryStorage({ tables: stateTables(type) }) };
}

export interface ReplicaParts {
  world: World;
  type: StoreType;
  signer: Signer;
  clock: Clock;
  log: Storage;
  state: Storage;
}

export function openReplica(parts: { world: World } & Partial<ReplicaParts>): Replica {
  const type = parts.type ?? parts.world.type;
  const clock = parts.clock ?? new FakeClock();
  const fresh = parts.log === undefined ? beginStorage(parts.world.genesis, type) : undefined;
  const replica = new Replica({
    log: parts.log ?? fresh!.log,
    state: parts.state ?? fresh?.state ?? new MemoryStorage({ tables: stateTables(type) }),
    type,
    signer: parts.signer ?? signerNamed("reader"),
    hlc: new HybridClock(clock),
    clock,
  });
  while (replica.catchUp().more);
  return replica;
}

export function memoryLog(world: World): MemoryStorage {
  const log = new MemoryStorage({ tables: LOG_TABLES });
  begin(log, world.genesis, noRandom);
  return log;
}

export function memoryState(type: StoreType): MemoryStorage {
  return new MemoryStorage({ tables: stateTables(type) });
}

export function ms(value: number): bigint & IntentionFields["timestamp"] {
  return hlcFromMs(value);
}

export function opsOf(op: weaver.Ops["op"]): Uint8Array {
  return weaver.Ops.toBinary({ op });
}

export function app(payload: Uint8Array, schema = 1): Uint8Array {
  return opsOf({ oneofKind: "app", app: { schema, payload } });
}

export interface KvWriteLike {
  readonly key: Uint8Array;
  readonly value?: Uint8Array;
  readonly supersedes: readonly Uint8Array[];
}

export function kvPayload(writes: readonly KvWriteLike[]): Uint8Array {
  return kvstore.payload.toBinary({ writes });
}

export function put(
  key: string,
  value: string,
  schema = 1,
  supersedes: readonly IntentionId[] = [],
): Uint8Array {
  return app(kvPayload([{ key: utf8(key), value: utf8(value), supersedes }]), schema);
}

export function system(op: weaver.SystemOp["op"]): Uint8Array {
  return opsOf({ oneofKind: "system", system: { schema: 1, op } });
}

export function admitOps(member: Signer, role: Role = Role.WRITER): Uint8Array {
  const admit = { member: member.publicKey, role, secretHash: new Uint8Array(0), name: "" };
  return system({ oneofKind: "admit", admit });
}

export function setSchemaOps(schema: number): Uint8Array {
  return system({ oneofKind: "setSchema", setSchema: { schema } });
}

/** Counts by reason as a plain object. */
export function counts(map: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries(map);
}

export function idsOf(intentions: Iterable<{ id: IntentionId }>): string[] {
  return [...intentions].map(({ id }) => toHex(id)).sort();
}

/** All that two replicas of one set must agree on. */
export function picture(replica: Replica): Record<string, unknown> {
  const { log, projection, floating } = replica;
  const ids = [...log.ids()];
  return {
    digest: toHex(projection.digest()),
    tables: projection.tableSums().map(({ table, sum }) => `${table} ${toHex(sum.encode())}`),
    setSum: toHex(log.head.setSum.encode()),
    maxTimestamp: log.head.maxTimestamp,
    ids: ids.map(toHex),
    tips: log.tips().map(({ author, seq, id }) => `${toHex(author)} ${seq} ${toHex(id)}`),
    frontier: toHex(log.frontierDigest()),
    heads: log.heads().map(toHex),
    forks: log
      .forks()
      .map(({ author, storePrev, branches }) =>
        [toHex(author), toHex(storePrev), ...branches.map(toHex).sort()].join(" "),
      )
      .sort(),
    poison: ids.map((id) => projection.poisonReason(id)),
    void: ids.map((id) => replica.system.voidReason(id)),
    floating: idsOf([...floating.all()].map((each) => each.intention)),
    schema: replica.system.schemaTimeline(),
  };
}
