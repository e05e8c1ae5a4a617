/** Keys and values: few keys, so that writes meet; the check is the definition of a register, written naively. */
import {
  bytesFromKey,
  bytesKey,
  compareBytes,
  ID_BYTES,
  idHash,
  toHex,
  utf8,
  type Intention,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import { kvstore, kvstoreV1, type KvStoreClient } from "@lattice/kvstore";
import type { Store } from "@lattice/kernel";
import type { Prng } from "../prng.ts";
import { headLeft } from "../checks/superseded.ts";
import { Violation } from "../violation.ts";
import { appPayload } from "./app-payload.ts";
import type { Mirror, Workload } from "./workload.ts";

const KEY_COUNT = 12;
const HLC_BYTES = 8;
/** Bounds of the store type, which an honest client is held to (kvstore/limits.ts). */
const KEY_BYTES_MAX = 4096;
const VALUE_BYTES_MAX = 512 << 10;
const SUPERSEDES_COUNT_MAX = 1024;

interface NaiveHead {
  readonly id: IntentionId;
  readonly author: Uint8Array;
  readonly value: Uint8Array | undefined;
}

async function write(store: Store, random: Prng): Promise<readonly Uint8Array[]> {
  const { methods } = store as unknown as Store<KvStoreClient>;
  const key = anyKey(random);
  const value = utf8(`${random.uint32().toString(36)}${"x".repeat(Math.floor(random.spread(1, 2000)))}`);
  const kind = random.below(20);
  const hashes = ({ hash }: { hash: Uint8Array }) => (hash.length === 0 ? [] : [hash]);
  if (kind < 10) return hashes(await methods.put({ key, value }));
  if (kind < 13) return hashes(await methods.delete({ key }));
  if (kind < 16) {
    const writes = [...Array(random.between(2, 6)).keys()].map((n) => {
      const named = { key: utf8(`key ${n}`) };
      return random.chance(0.2) ? { ...named, delete: true } : { ...named, value };
    });
    return hashes(await methods.batch({ writes }));
  }
  const { heads } = await methods.inspect({ key });
  if (kind < 18) {
    const wanted = heads.map(({ hash }) => toHex(hash));
    return hashes(await methods.put({ key, value, if: wanted.length === 0 ? ["none"] : wanted }));
  }
  return resolveAny(store, random);
}

/** Whichever key is in conflict; mostly none is. */
async function resolveAny(store: Store, random: Prng): Promise<readonly Uint8Array[]> {
  const { methods } = store as unknown as Store<KvStoreClient>;
  const { entries } = await methods.list({ limit: 1000 });
  const key = entries.find(({ conflicted }) => conflicted)?.key;
  const { heads } = key === undefined ? { heads: [] } : await methods.inspect({ key });
  if (key === undefined || heads.length < 2) return [];
  if (random.chance(0.3)) return [(await methods.delete({ key })).hash];
  return [(await methods.resolve({ key, head: toHex(random.pick(heads).hash) })).hash];
}

function anyKey(random: Prng): Uint8Array {
  return utf8(`key ${random.below(KEY_COUNT)}`);
}

async function check(
  store: Store,
  intentions: readonly Intention[],
  isHonest: (author: PubKey) => boolean,
): Promise<void> {
  const log = [...store.log.records({ from: 1 })].map(({ intention }) => intention);
  const fault = headLeft(log, isHonest);
  if (fault !== "") throw new Violation("superseding", fault);
  const { methods } = store as unknown as Store<KvStoreClient>;
  const expected = naiveRows(intentions);
  const { entries } = await methods.list({ limit: 1000 });
  const found = entries.map(({ key, value, conflicted }) => rowText(key, value, conflicted));
  const wanted = [...expected]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, heads]) => {
      const winner = heads.reduce((a, b) => (isAbove(b, a) ? b : a));
      return winner.value === undefined ? [] : [rowText(bytesFromKey(key), winner.value, heads.length > 1)];
    });
  if (found.join("\n") !== wanted.join("\n")) {
    throw new Violation("kvstore", `the keys are\n${found.join("\n")}\nand should be\n${wanted.join("\n")}`);
  }
}

/** The heads of each key: what was written to it and not superseded. */
function naiveRows(intentions: readonly Intention[]): Map<string, NaiveHead[]> {
  const written = new Map<string, NaiveHead[]>();
  const superseded = new Map<string, Set<string>>();
  for (const intention of intentions) {
    const { id, author } = intention;
    const writes = appPayload(intention, kvstoreV1.KvOp)?.writes ?? [];
    if (writes.some((write) => !isSound(write, id))) continue;
    const latest = new Map(writes.map((each) => [bytesKey(each.key), each]));
    for (const [name, { value, supersedes }] of latest) {
      written.set(name, [...(written.get(name) ?? []), { id, author, value }]);
      const gone = superseded.get(name) ?? new Set();
      for (const old of supersedes) gone.add(bytesKey(old));
      superseded.set(name, gone);
    }
  }
  const alive = [...written].map(([name, heads]) => {
    const gone = superseded.get(name);
    return [name, heads.filter(({ id }) => gone?.has(bytesKey(id)) !== true)] as const;
  });
  return new Map(alive.filter(([, heads]) => heads.length > 0));
}

/** An op with one write that is not counts for nothing. */
function isSound({ key, value, supersedes }: kvstoreV1.KvWrite, id: IntentionId): boolean {
  const isOlder = (named: Uint8Array) =>
    named.length === ID_BYTES && compareBytes(named.subarray(0, HLC_BYTES), id.subarray(0, HLC_BYTES)) < 0;
  const isInBounds = key.length > 0 && key.length <= KEY_BYTES_MAX && (value?.length ?? 0) <= VALUE_BYTES_MAX;
  return isInBounds && supersedes.length <= SUPERSEDES_COUNT_MAX && supersedes.every(isOlder);
}

/** The greatest (HLC, author, hash) wins. */
function isAbove(a: NaiveHead, b: NaiveHead): boolean {
  return (
    (compareBytes(a.id.subarray(0, 8), b.id.subarray(0, 8)) ||
      compareBytes(a.author, b.author) ||
      compareBytes(idHash(a.id), idHash(b.id))) > 0
  );
}

function rowText(key: Uint8Array, value: Uint8Array, conflicted: boolean): string {
  const text = new TextDecoder().decode(value).slice(0, 12);
  return `${new TextDecoder().decode(key)} = ${text}${conflicted ? " (conflicted)" : ""}`;
}

/** What a client that watches everything believes. */
class KvMirror implements Mirror {
  readonly #rows = new Map<string, string>();
  #resume: Uint8Array = new Uint8Array(0);

  async follow(store: Store, signal: AbortSignal): Promise<void> {
    const { methods } = store as unknown as Store<KvStoreClient>;
    if (this.#resume.length === 0) this.#rows.clear();
    for await (const event of methods.watch({ resume: this.#resume }, { signal })) this.#note(event);
  }

  text(): string {
    return [...this.#rows]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, row]) => row)
      .join("\n");
  }

  async expected(store: Store): Promise<string> {
    const { methods } = store as unknown as Store<KvStoreClient>;
    const { entries } = await methods.list({ limit: 1000 });
    return entries.map(({ key, value, conflicted }) => rowText(key, value, conflicted)).join("\n");
  }

  #note({ kind, key, value, conflicted, resume }: kvstoreV1.WatchEvent): void {
    const { WatchEvent_Kind: Kind } = kvstoreV1;
    this.#resume = resume;
    if (kind === Kind.GAP) this.#rows.clear();
    if (kind === Kind.PUT) this.#rows.set(bytesKey(key), rowText(key, value, conflicted));
    if (kind === Kind.DELETE) this.#rows.delete(bytesKey(key));
  }
}

export const kvWorkload: Workload = { type: kvstore, write, check, mirror: () => new KvMirror() };
