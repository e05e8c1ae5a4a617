/**
 * The vectors in `vectors/`, read as somebody else would read them and held against the code. That they are what their
 * generators give is held in vectors/checked-in.test.ts; those of signatures, in packages/model/test.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  compareBytes,
  concatBytes,
  decodeIntention,
  encodeIntention,
  formatStoreId,
  HybridClock,
  LatticeError,
  makeId,
  SetSum,
  signerFromSeed,
  signIntention,
  storeIdOf,
  toHex,
  u64be,
  utf8,
  verifyIntention,
  type Hash,
  type Hlc,
  type IntentionId,
  type PubKey,
  type StoreId,
} from "../packages/model/src/index.ts";
import { FrameDecoder } from "../packages/net/src/index.ts";
import { decodeFrame, encodeFrame } from "../packages/sync/src/frames.ts";
import { decodeInviteToken } from "../packages/systemstore/src/index.ts";
import type { ClockVector, IdVectors } from "./vectors/clocks.ts";
import type { FrameVectors } from "./vectors/frames.ts";
import type { InvalidIntention, ValidIntention } from "./vectors/intentions.ts";
import type { InviteVectors } from "./vectors/invites.ts";
import { bytesOf, bytesOfRecipe, toJson } from "./vectors/notation.ts";
import type { SumVectors } from "./vectors/sums.ts";

const folder = join(import.meta.dirname, "../vectors");

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as T;
}

function sha256(...parts: readonly Uint8Array[]): string {
  return createHash("sha256")
    .update(concatBytes(...parts))
    .digest("hex");
}

describe("intentions.json", () => {
  const { valid, invalid } = read<{ valid: ValidIntention[]; invalid: InvalidIntention[] }>("intentions");

  it.each(valid)("$name has these bytes, hash, id and signature", ({ seed, fields, ...expected }) => {
    const body = bytesOfRecipe(expected.body);
    const given = {
      storeId: bytesOf(fields.storeId) as StoreId,
      author: bytesOf(fields.author) as PubKey,
      seq: Number(fields.seq),
      timestamp: BigInt(fields.timestamp) as Hlc,
      storePrev: bytesOf(fields.storePrev) as IntentionId,
      condition: fields.condition.map((id) => bytesOf(id) as IntentionId),
      ops: bytesOfRecipe(fields.ops),
    };
    const encoded = encodeIntention(given);
    // Not `toEqual`, which takes its time for a MiB.
    expect(compareBytes(encoded.body, body)).toBe(0);
    const decoded = decodeIntention(body);
    if (typeof decoded === "string") throw new Error(`refused: ${decoded}`);
    expect({ ...decoded, ops: toHex(decoded.ops), body: undefined }).toEqual({
      ...encoded,
      ops: toHex(given.ops),
      body: undefined,
    });
    expect(expected.hash).toBe(sha256(body));
    expect([toHex(decoded.hash), toHex(decoded.id)]).toEqual([expected.hash, expected.id]);
    const signer = signerFromSeed(bytesOf(seed));
    expect(toHex(signIntention(signer, decoded.hash))).toBe(expected.signature);
    expect(verifyIntention(decoded.author, decoded.hash, bytesOf(expected.signature))).toBe(true);
  });

  it.each(invalid)("$name is refused: $reason", ({ body, reason }) => {
    expect(decodeIntention(bytesOfRecipe(body))).toBe(reason);
  });

  it("has every reason for which a body can be none", () => {
    const reasons = new Set(invalid.map(({ reason }) => reason));
    expect([...reasons].toSorted()).toEqual(
      [
        "condition-count",
        "condition-order",
        "genesis-shape",
        "length",
        "ops-size",
        "seq",
        "version",
      ].toSorted(),
    );
  });
});

describe("clocks.json", () => {
  it.each(read<ClockVector[]>("clocks"))("$name", ({ start, steps }) => {
    let nowMs = 0;
    const clock = new HybridClock({ now: () => nowMs, after: () => () => {} }, BigInt(start));
    for (const { witness, tickAtMs, last } of steps) {
      nowMs = tickAtMs ?? 0;
      if (witness === undefined) clock.tick();
      else clock.witness(BigInt(witness));
      expect(String(clock.last)).toBe(last);
    }
  });
});

describe("ids.json", () => {
  const vectors = read<IdVectors>("ids");

  it.each(vectors.intentions)("$id is the id of $hash at $timestamp", ({ timestamp, hash, id }) => {
    expect(toHex(makeId(BigInt(timestamp), bytesOf(hash) as Hash))).toBe(id);
    expect(BigInt(`0x${id.slice(0, 16)}`)).toBe(BigInt(timestamp));
  });

  it("lists them in the order of their bytes, which is that of their time", () => {
    const listed = vectors.intentions.map(({ id }) => id);
    expect(listed).toEqual(listed.toSorted());
    const times = vectors.intentions.map(({ timestamp }) => BigInt(timestamp));
    expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  it.each(vectors.stores)("$text is the store of $genesisHash", ({ genesisHash, storeId, text }) => {
    const id = storeIdOf(bytesOf(genesisHash) as Hash);
    expect([toHex(id), formatStoreId(id)]).toEqual([storeId, text]);
    expect(text).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

describe("sums.json", () => {
  const vectors = read<SumVectors>("sums");

  it.each(vectors.fingerprints)("a set: $name", ({ steps }) => {
    const sum = new SetSum();
    const present: string[] = [];
    for (const { add, remove, fingerprint } of steps) {
      if (add !== undefined) {
        sum.add(bytesOf(add) as Hash);
        present.push(add);
      }
      if (remove !== undefined) {
        sum.remove(bytesOf(remove) as Hash);
        present.splice(present.indexOf(remove), 1);
      }
      expect(toHex(sum.encode())).toBe(fingerprint);
      expect(naiveFingerprint(present)).toBe(fingerprint);
      expect(toHex(SetSum.decode(bytesOf(fingerprint))!.encode())).toBe(fingerprint);
    }
  });

  it.each(vectors.tables)("table $name", ({ rows, digest }) => {
    for (const { key, value, hash } of rows) expect(sha256(sized(key), sized(value))).toBe(hash);
    expect(naiveFingerprint(rows.map(({ hash }) => hash))).toBe(digest);
  });

  it("a state is its tables in the order of their names", () => {
    const names = vectors.tables.map(({ name }) => name);
    expect(names).toEqual(names.toSorted());
    const parts = vectors.tables.flatMap(({ name, digest }) => [utf8(`${name}\0`), bytesOf(digest)]);
    expect(sha256(...parts)).toBe(vectors.stateDigest);
  });

  it("the chain of a log", () => {
    let before = "00".repeat(32);
    for (const { hash, wallMs, chainHash } of vectors.chain) {
      expect(sha256(bytesOf(before), bytesOf(hash), u64be(BigInt(wallMs)))).toBe(chainHash);
      before = chainHash;
    }
  });

  it.each(vectors.frontiers)("a frontier of $name", ({ tips, digest }) => {
    const authors = tips.map(({ author }) => author);
    expect(authors).toEqual(authors.toSorted());
    const parts = tips.flatMap(({ author, seq, id }) => [bytesOf(author), u64be(BigInt(seq)), bytesOf(id)]);
    expect(sha256(...parts)).toBe(digest);
  });
});

function sized(hex: string): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, hex.length / 2);
  return concatBytes(length, bytesOf(hex));
}

/** The count, then the sum mod 2^256 of the hashes as little-endian numbers. */
function naiveFingerprint(hashes: readonly string[]): string {
  const reversed = (hex: string) => toHex(bytesOf(hex).toReversed());
  const sum = hashes.reduce((total, hash) => total + BigInt(`0x${reversed(hash)}`), 0n) % (1n << 256n);
  return toHex(u64be(hashes.length)) + reversed(sum.toString(16).padStart(64, "0"));
}

describe("invites.json", () => {
  const { valid, invalid } = read<InviteVectors>("invites");

  it.each(valid)("a token $name", ({ fields, text }) => {
    expect(toJson(decodeInviteToken(text), ["expiresMs"])).toEqual(fields);
  });

  it.each(invalid)("a token with $name is refused", ({ code, text }) => {
    expect(codeOf(() => decodeInviteToken(text))).toBe(code);
  });
});

describe("frames.json", () => {
  const vectors = read<FrameVectors>("frames");

  it.each(vectors.streams)("a stream of $name", ({ stream, frames: held, violation }) => {
    const decoder = new FrameDecoder();
    decoder.push(bytesOfRecipe(stream));
    for (const frame of held) expect(compareBytes(decoder.next()!, bytesOfRecipe(frame))).toBe(0);
    expect(decoder.next()).toBeUndefined();
    expect(decoder.violation ?? null).toBe(violation);
  });

  it.each(vectors.sessions)("$bytes", ({ frame, bytes }) => {
    const decoded = decodeFrame(bytesOf(bytes));
    expect(toJson(decoded, ["seq"])).toEqual(frame);
    expect(toHex(encodeFrame(decoded))).toBe(bytes);
  });

  it("has a frame of every kind", () => {
    const kinds = vectors.sessions.map(({ bytes }) => decodeFrame(bytesOf(bytes)).oneofKind);
    expect(new Set(kinds).size).toBe(12);
  });

  it.each(vectors.invalidSessions)("$name is refused", ({ code, bytes }) => {
    expect(codeOf(() => decodeFrame(bytesOf(bytes)))).toBe(code);
  });
});

function codeOf(decode: () => unknown): string | undefined {
  try {
    decode();
  } catch (error) {
    return LatticeError.from(error).code;
  }
  return undefined;
}
