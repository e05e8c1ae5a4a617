/** Stores in memory with one genesis, and sessions between them. */
import { kvstore } from "@lattice/kvstore";
import { createGenesis, LOG_TABLES, stateTables, Store, WitnessLog, type Offered } from "@lattice/kernel";
import {
  decodeIntention,
  encodeIntention,
  HybridClock,
  idTimestamp,
  LatticeError,
  sha256,
  signerFromSeed,
  signIntention,
  toHex,
  u64be,
  utf8,
  type Hlc,
  type Intention,
  type IntentionId,
  type Signer,
} from "@lattice/model";
import { weaver } from "@lattice/proto";
import { MemoryStorage, type Storage } from "@lattice/storage";
import { SyncSession, type SessionEnd, type SessionOptions } from "../src/index.ts";
import { FakeClock } from "@lattice/testkit";
import { atRest, Wire, type End } from "./wire.ts";

export function signerOf(index: number): Signer {
  return signerFromSeed(new Uint8Array(sha256(u64be(1_000_000 + index))));
}

/** Stores of some nodes, all members and writers, each with the genesis and the admissions. */
export class Club {
  readonly clock = new FakeClock();
  readonly signers: readonly Signer[];
  readonly genesis: Offered & { hash: Uint8Array };
  #base: readonly Offered[] = [];

  private constructor(count: number) {
    this.signers = Array.from({ length: count }, (_, index) => signerOf(index));
    this.genesis = createGenesis({
      type: kvstore,
      signer: this.signers[0]!,
      hlc: new HybridClock(this.clock),
      random: { bytes: (length) => new Uint8Array(length).fill(7) },
    });
  }

  /** `count` members; the first made the store. */
  static async of(count: number): Promise<Club> {
    const club = new Club(count);
    const first = await club.store(0);
    for (const { publicKey } of club.signers.slice(1)) {
      const admit = { member: publicKey, role: weaver.Role.WRITER, secretHash: new Uint8Array(0), name: "" };
      await first.submitSystem({ oneofKind: "admit", admit });
    }
    club.#base = offeredOf(first).slice(1);
    return club;
  }

  /** The store of a member, with what everybody starts from. */
  async store(
    index: number,
    options: { disk?: () => Promise<void>; clock?: FakeClock } = {},
  ): Promise<Store> {
    const { disk, clock = this.clock } = options;
    const log = new MemoryStorage({ tables: [...LOG_TABLES], ...(disk && { disk }) });
    new WitnessLog(log).write((writer) =>
      writer.append(decodeIntention(this.genesis.body) as Intention, {
        wallMs: 0,
        signature: this.genesis.signature,
      }),
    );
    const store = await this.#open(index, log, clock);
    if (this.#base.length > 0) await store.ingest(this.#base);
    return store;
  }

  /** Another store on what this one has now: a restored backup, a cloned disk. */
  async copy(store: Store, index: number): Promise<Store> {
    const copy = await this.store(index);
    // Floating ones are lost, as with a backup of the log alone.
    await copy.ingest(offeredOf(store).slice(1));
    return copy;
  }

  async #open(index: number, log: Storage, clock: FakeClock): Promise<Store> {
    const store = new Store({
      log,
      state: new MemoryStorage({ tables: stateTables(kvstore) }),
      type: kvstore,
      signer: this.signers[index]!,
      clock,
      hlc: new HybridClock(clock),
      instance: new Uint8Array(8),
    }) as unknown as Store;
    await store.catchUp();
    return store;
  }
}

function offeredOf(store: Store): Offered[] {
  return [...store.log.records({ from: 1 })].map(({ intention, signature }) => ({
    body: intention.body,
    signature,
  }));
}

export function put(store: Store, key: string, value: string): Promise<object> {
  return store.call("put", { key: utf8(key), value: utf8(value) });
}

export interface Crafted extends Offered {
  readonly id: IntentionId;
  readonly seq: number;
}

/** An intention as no honest node would write it, or as one would at another time. */
export function craft(
  store: Store,
  options: {
    signer: Signer;
    prev?: { readonly id: IntentionId; readonly seq: number } | undefined;
    condition?: readonly IntentionId[];
    timestamp?: bigint;
    key?: string;
    value?: Uint8Array;
    signature?: Uint8Array | undefined | "none";
  },
): Crafted {
  const { signer, condition = [], key = "k", value = utf8("crafted") } = options;
  const prev = options.prev ?? { id: store.log.at(1).intention.id, seq: 0 };
  const parents = [prev.id, ...condition].map(idTimestamp);
  const after = parents.reduce((max, timestamp) => (timestamp > max ? timestamp : max)) + 1n;
  const payload = kvstore.payload.toBinary({ writes: [{ key: utf8(key), value, supersedes: [] }] });
  const intention = encodeIntention({
    storeId: store.id,
    author: signer.publicKey,
    seq: prev.seq + 1,
    timestamp: (options.timestamp ?? after) as Hlc,
    storePrev: prev.id,
    condition: condition.toSorted((a, b) => Buffer.compare(a, b)),
    ops: weaver.Ops.toBinary({ op: { oneofKind: "app", app: { schema: 1, payload } } }),
  });
  const signature =
    options.signature === "none" ? undefined : (options.signature ?? signIntention(signer, intention.hash));
  return { body: intention.body, signature, id: intention.id, seq: intention.seq };
}

export function setOf(store: Store): string {
  return toHex(store.log.head.setSum.encode());
}

export function stateOf(store: Store): string {
  return `${setOf(store)} ${toHex(store.digest())}`;
}

export interface Side {
  readonly session: SyncSession;
  readonly ended: Promise<SessionEnd>;
}

export function start(
  store: Store,
  channel: End,
  options: Partial<SessionOptions> & { clock: SessionOptions["clock"] },
): Side {
  const session = new SyncSession({ store, channel, addressBook: () => [], ...options });
  const ended = session.run(channel.frames[Symbol.asyncIterator]());
  return { session, ended };
}

export interface Talk {
  readonly wire: Wire;
  readonly sides: readonly [Side, Side];
  readonly end: () => Promise<readonly [SessionEnd, SessionEnd]>;
}

/** A session between two stores. */
export function connect(a: Store, b: Store, clock: FakeClock, options: Partial<SessionOptions> = {}): Talk {
  const wire = new Wire(a.replica.self, b.replica.self);
  const sides = [
    start(a, wire.ends[0], { clock, ...options }),
    start(b, wire.ends[1], { clock, ...options }),
  ] as const;
  return {
    wire,
    sides,
    end: async () => {
      for (const { session } of sides) session.close();
      return Promise.all([sides[0].ended, sides[1].ended]);
    },
  };
}

/** Lets two stores talk until neither has anything more to say. */
export async function talk(a: Store, b: Store, clock: FakeClock, passes?: Wire["passes"]): Promise<Wire> {
  const { wire, end } = connect(a, b, clock);
  if (passes !== undefined) wire.passes = passes;
  await atRest(wire);
  await end();
  return wire;
}

/** Every pair talks until all are equal, or, which is a fault, no more comes of it. */
export async function talkAll(stores: readonly Store[], clock: FakeClock): Promise<void> {
  for (let round = 0; round < stores.length; round++) {
    for (let left = 0; left < stores.length; left++) {
      for (let right = left + 1; right < stores.length; right++)
        await talk(stores[left]!, stores[right]!, clock);
    }
    if (stores.every((store) => setOf(store) === setOf(stores[0]!))) return;
  }
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return LatticeError.from(error).code;
  }
  return "none";
}
