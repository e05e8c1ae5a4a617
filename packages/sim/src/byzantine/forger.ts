/** Makes intentions that stand wherever one likes, on top of a real log. */
import {
  compareBytes,
  encodeIntention,
  equalBytes,
  hlcFromMs,
  idTimestamp,
  makeId,
  sha256,
  signIntention,
  toHex,
  utf8,
  type Hlc,
  type Intention,
  type IntentionId,
  type Signer,
  type StoreId,
} from "@lattice/model";
import { weaver } from "@lattice/proto";
import type { Offered, Store } from "@lattice/kernel";
import { kvstoreV1 } from "@lattice/kvstore";
import { logstoreV1 } from "@lattice/logstore";
import type { Prng } from "../prng.ts";
import { ALLOWED } from "./marks.ts";

export interface Forgery extends Offered {
  readonly intention: Intention;
}

/** Where a chain goes on. */
export interface Place {
  readonly id: IntentionId;
  readonly seq: number;
}

export interface ForgeOptions {
  readonly signer?: Signer;
  readonly prev?: Place;
  readonly condition?: readonly IntentionId[];
  readonly timestamp?: bigint;
  readonly seq?: number;
  /** Default: something that a member may write. */
  readonly ops?: Uint8Array;
  readonly storeId?: StoreId;
  readonly signature?: Uint8Array | "none";
}

const CONDITION_COUNT = 8;

export class Forger {
  readonly #options: { store: Store; signer: Signer; random: Prng; nowMs: () => number };

  constructor(options: { store: Store; signer: Signer; random: Prng; nowMs: () => number }) {
    this.#options = options;
  }

  get genesis(): Place {
    return { id: this.#options.store.log.at(1).intention.id, seq: 0 };
  }

  /** Where an author's chain goes on, as far as the liar knows. */
  tipOf({ publicKey }: Pick<Signer, "publicKey">): Place {
    return this.#options.store.log.tipsOf(publicKey).at(-1) ?? this.genesis;
  }

  /** Heads of the log that an honest author would cite. */
  heads(prev: Place): IntentionId[] {
    const heads = this.#options.store.log.heads().filter((id) => !equalBytes(id, prev.id));
    return heads.slice(-CONDITION_COUNT);
  }

  forge(options: ForgeOptions = {}): Forgery {
    const { signer = this.#options.signer, condition = [] } = options;
    const prev = options.prev ?? this.tipOf(signer);
    const intention = encodeIntention({
      storeId: options.storeId ?? this.#options.store.id,
      author: signer.publicKey,
      seq: options.seq ?? prev.seq + 1,
      timestamp: (options.timestamp ?? this.#after([prev.id, ...condition])) as Hlc,
      storePrev: prev.id,
      condition: condition.toSorted(compareBytes),
      ops: options.ops ?? this.write(),
    });
    return signed(intention, signer, options.signature);
  }

  /** One on top of the other. */
  chain(count: number, options: ForgeOptions = {}): Forgery[] {
    const { prev: start, ...rest } = options;
    const chain: Forgery[] = [];
    let prev = start ?? this.tipOf(options.signer ?? this.#options.signer);
    while (chain.length < count) {
      chain.push(this.forge({ ...rest, prev }));
      prev = placeOf(chain.at(-1)!);
    }
    return chain;
  }

  /** With bytes changed in the body, and signed as that. */
  bent(options: ForgeOptions, bend: (body: Uint8Array) => void): Forgery {
    const { signer = this.#options.signer } = options;
    const { intention } = this.forge(options);
    const body = new Uint8Array(intention.body);
    bend(body);
    const hash = sha256(body);
    const id = makeId(intention.timestamp, hash);
    return signed({ ...intention, body, hash, id }, signer, options.signature);
  }

  /** An op of the store's type. */
  write(mark: string = ALLOWED, supersedes: readonly Uint8Array[] = []): Uint8Array {
    const { store, random } = this.#options;
    const text = `${mark}${toHex(random.bytes(4))}`;
    const key = utf8(`key ${random.below(12)}`);
    const isLog = store.type.type === "core:logstore";
    const payload = isLog
      ? logstoreV1.LogOp.toBinary({ content: utf8(text) })
      : kvstoreV1.KvOp.toBinary({ writes: [{ key, value: utf8(text), supersedes: [...supersedes] }] });
    return this.app(payload);
  }

  app(payload: Uint8Array, schema = 1): Uint8Array {
    return weaver.Ops.toBinary({ op: { oneofKind: "app", app: { schema, payload } } });
  }

  system(op: weaver.SystemOp["op"]): Uint8Array {
    return weaver.Ops.toBinary({ op: { oneofKind: "system", system: { schema: 1, op } } });
  }

  /** An id of that time which nothing has. */
  noId(timestamp: bigint = this.now() - 1n): IntentionId {
    return makeId(timestamp, sha256(this.#options.random.bytes(32)));
  }

  now(): bigint {
    return hlcFromMs(this.#options.nowMs());
  }

  #after(parents: readonly IntentionId[]): bigint {
    const latest = parents.map(idTimestamp).reduce((max: bigint, time) => (time > max ? time : max), 0n);
    const now = this.now();
    return now > latest ? now : latest + 1n;
  }
}

export function placeOf({ intention }: Forgery): Place {
  return { id: intention.id, seq: intention.seq };
}

/** As a newer one vouches for it. */
export function unsigned(forgery: Forgery): Forgery {
  return { ...forgery, signature: undefined };
}

function signed(intention: Intention, signer: Signer, signature: Uint8Array | "none" | undefined): Forgery {
  const own = () => signIntention(signer, intention.hash);
  return {
    intention,
    body: intention.body,
    signature: signature === "none" ? undefined : (signature ?? own()),
  };
}
