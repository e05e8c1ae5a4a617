/** `vectors/sums.json`: fingerprints of sets, digests of tables and of a state, the chain of a log, the digest of a frontier. */
import { DigestTable, rowHash } from "../../packages/kernel/src/digest-table.ts";
import { LOG_TABLES, stateTables, WitnessLog } from "../../packages/kernel/src/index.ts";
import { Projection } from "../../packages/kernel/src/projection.ts";
import { chainHashAfter, EMPTY_HEAD } from "../../packages/kernel/src/records.ts";
import { logstore } from "../../packages/logstore/src/index.ts";
import {
  concatBytes,
  makeId,
  SetSum,
  sha256,
  signerFromSeed,
  toHex,
  u64be,
  utf8,
  type Hash,
} from "../../packages/model/src/index.ts";
import { MemoryStorage } from "../../packages/storage/src/index.ts";
import { bytesOf } from "./notation.ts";

export interface SumVectors {
  /** Hashes that are added and taken away in turn, and the fingerprint after each. */
  readonly fingerprints: readonly {
    readonly name: string;
    readonly steps: readonly {
      readonly add?: string;
      readonly remove?: string;
      readonly fingerprint: string;
    }[];
  }[];
  readonly tables: readonly {
    readonly name: string;
    readonly rows: readonly { readonly key: string; readonly value: string; readonly hash: string }[];
    readonly digest: string;
  }[];
  /** Over all these tables. */
  readonly stateDigest: string;
  readonly chain: readonly { readonly hash: string; readonly wallMs: string; readonly chainHash: string }[];
  readonly frontiers: readonly {
    readonly name: string;
    readonly tips: readonly { readonly author: string; readonly seq: string; readonly id: string }[];
    readonly digest: string;
  }[];
}

const hashOf = (text: string) => sha256(utf8(text));
const filled = (byte: number) => new Uint8Array(32).fill(byte) as Hash;

export function sums(): SumVectors {
  const tables = [
    tableOf("app/entries", [
      ["k", ""],
      ["ke", "yvalue"],
      ["key", "value"],
    ]),
    tableOf("poison", []),
    tableOf("system", [["key", "value"]]),
    tableOf("system-ops", [["key", "other"]]),
  ];
  return {
    fingerprints: [
      steps("one after the other", [
        ["add", hashOf("a")],
        ["add", hashOf("b")],
        ["remove", hashOf("a")],
      ]),
      steps("in the other order", [
        ["add", hashOf("b")],
        ["add", hashOf("a")],
      ]),
      steps("the carry runs through, and out of, the sum", [
        ["add", filled(0xff)],
        ["add", filled(0).with(0, 1) as Hash],
        ["remove", filled(0xff)],
      ]),
      steps("a hash of zeros counts", [
        ["add", filled(0)],
        ["add", filled(0)],
      ]),
    ],
    tables,
    stateDigest: stateDigest(tables),
    chain: chain(),
    frontiers: [frontier("nobody", 0), frontier("one author", 1), frontier("three authors", 3)],
  };
}

function steps(
  name: string,
  given: readonly (readonly ["add" | "remove", Hash])[],
): SumVectors["fingerprints"][number] {
  const sum = new SetSum();
  const done = given.map(([what, hash]) => {
    sum[what](hash);
    return { [what]: toHex(hash), fingerprint: toHex(sum.encode()) };
  });
  return { name, steps: done };
}

/** The digest is the one that the table keeps while its rows are written, each in the place of another. */
function tableOf(
  name: string,
  given: readonly (readonly [key: string, value: string])[],
): SumVectors["tables"][number] {
  const rows = given.map(([key, value]) => ({ key: utf8(key), value: utf8(value) }));
  const sum = new SetSum();
  new MemoryStorage({ tables: [name] }).transaction((table) => {
    const digested = new DigestTable(table(name), sum);
    for (const { key } of rows) digested.put(key, utf8("before"));
    for (const { key, value } of rows) digested.put(key, value);
  });
  const written = rows.map(({ key, value }) => ({
    key: toHex(key),
    value: toHex(value),
    hash: toHex(rowHash(key, value)),
  }));
  return { name, rows: written, digest: toHex(sum.encode()) };
}

/** Of a store of core:logstore whose tables have these digests. */
function stateDigest(tables: SumVectors["tables"]): string {
  const storage = new MemoryStorage({ tables: stateTables(logstore) });
  storage.transaction((table) => {
    for (const { name, digest } of tables) table("meta").put(utf8(`sum/${name}`), bytesOf(digest));
  });
  const log = new WitnessLog(new MemoryStorage({ tables: LOG_TABLES }));
  return toHex(new Projection({ storage, log, type: logstore }).digest());
}

function chain(): SumVectors["chain"] {
  let { chainHash } = EMPTY_HEAD;
  return [0, 1_767_225_600_000, Number.MAX_SAFE_INTEGER].map((wallMs, at) => {
    const hash = hashOf(`record ${at}`);
    chainHash = chainHashAfter(chainHash, hash, wallMs);
    return { hash: toHex(hash), wallMs: String(wallMs), chainHash: toHex(chainHash) };
  });
}

/** As a log with these tips says it. */
function frontier(name: string, count: number): SumVectors["frontiers"][number] {
  const storage = new MemoryStorage({ tables: LOG_TABLES });
  storage.transaction((table) => {
    for (let at = 0; at < count; at++) {
      const { publicKey } = signerFromSeed(hashOf(`author ${at}`));
      const seq = at === 2 ? Number.MAX_SAFE_INTEGER : at + 1;
      table("tips").put(publicKey, concatBytes(u64be(seq), makeId(BigInt(at) << 16n, hashOf(`tip ${at}`))));
    }
  });
  const log = new WitnessLog(storage);
  const tips = log
    .tips()
    .map(({ author, seq, id }) => ({ author: toHex(author), seq: String(seq), id: toHex(id) }));
  return { name, tips, digest: toHex(log.frontierDigest()) };
}
