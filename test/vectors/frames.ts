/** `vectors/frames.json`: what goes over the wire, on both levels; one frame of a session of each kind. */
import {
  FRAME_BYTES_MAX,
  toHex,
  encodeIntention,
  sha256,
  signerFromSeed,
  signIntention,
  utf8,
  ZERO_ID,
  ZERO_STORE_ID,
  type Hlc,
} from "../../packages/model/src/index.ts";
import type { FrameViolation } from "../../packages/net/src/index.ts";
import { encodeFrame, type Frame } from "../../packages/sync/src/frames.ts";
import { toJson, type Json, type Recipe } from "./notation.ts";

export interface FrameVectors {
  /** A stream of bytes, the frames that it holds, and what the sender did wrong, if anything. */
  readonly streams: readonly {
    readonly name: string;
    readonly stream: string | Recipe;
    readonly frames: readonly (string | Recipe)[];
    readonly violation: FrameViolation | null;
  }[];
  /** A frame of a session, and what it says. */
  readonly sessions: readonly { readonly frame: Json; readonly bytes: string }[];
  /** What is refused, with the code. */
  readonly invalidSessions: readonly {
    readonly name: string;
    readonly code: string;
    readonly bytes: string;
  }[];
}

const NONE = new Uint8Array(0);
const fill = (length: number, byte: number) => new Uint8Array(length).fill(byte);

export function framesOf(): readonly Frame[] {
  const signer = signerFromSeed(sha256(utf8("author")));
  const first = encodeIntention({
    storeId: ZERO_STORE_ID,
    author: signer.publicKey,
    seq: 0,
    timestamp: 0x0102_0304_0506_0000n as Hlc,
    storePrev: ZERO_ID,
    condition: [],
    ops: utf8("genesis"),
  });
  const second = encodeIntention({
    ...first,
    storeId: fill(16, 0xaa) as typeof first.storeId,
    seq: 1,
    timestamp: (first.timestamp + 1n) as Hlc,
    storePrev: first.id,
    ops: NONE,
  });
  const tip = { author: signer.publicKey, seq: Number.MAX_SAFE_INTEGER, id: second.id };
  return [
    {
      oneofKind: "hello",
      hello: { version: 1, genesisHash: first.hash, fingerprint: fill(40, 1), frontierDigest: fill(32, 2) },
    },
    { oneofKind: "frontier", frontier: { tips: [tip], last: true } },
    { oneofKind: "frontier", frontier: { tips: [], last: false } },
    {
      oneofKind: "batch",
      batch: {
        bodies: [first.body, second.body],
        signatures: [NONE, signIntention(signer, second.hash)],
      },
    },
    { oneofKind: "drained", drained: {} },
    { oneofKind: "fingerprint", fingerprint: { fingerprint: fill(40, 3), reply: true } },
    { oneofKind: "reconcile", reconcile: { message: Uint8Array.of(0x61, 0, 0, 2, 0), reply: false } },
    { oneofKind: "fetch", fetch: { ids: [first.id, second.id] } },
    { oneofKind: "reconciled", reconciled: {} },
    {
      oneofKind: "addresses",
      addresses: { peers: [{ peer: signer.publicKey, addresses: ["/ip4/192.168.0.7/tcp/4001"] }] },
    },
    { oneofKind: "digestRequest", digestRequest: {} },
    { oneofKind: "digest", digest: { fingerprint: fill(40, 4), stateDigest: fill(32, 5) } },
    { oneofKind: "refused", refused: { code: "permission-denied", message: "no" } },
  ];
}

export function frames(): FrameVectors {
  return {
    streams: streams(),
    sessions: framesOf().map((frame) => ({
      frame: toJson(frame, ["seq"]),
      bytes: toHex(encodeFrame(frame)),
    })),
    invalidSessions: invalid().map(([name, bytes]) => ({ name, code: "invalid-argument", bytes })),
  };
}

function streams(): FrameVectors["streams"] {
  const longest = { repeat: "ee", count: FRAME_BYTES_MAX };
  const of = (name: string, stream: string | Recipe, held: readonly (string | Recipe)[] = []) => ({
    name,
    stream,
    frames: held,
    violation: null,
  });
  return [
    of("nothing", ""),
    of("one byte", "0000000161", ["61"]),
    of("two frames", "0000000161000000026263", ["61", "6263"]),
    of("a frame that is not all there", "00000001610000000262", ["61"]),
    of("a length that is not all there", "0000000161000000", ["61"]),
    of("the longest frame", ["00400000", longest], [[longest]]),
    { ...of("a frame without a byte", "00000001610000000000000001", ["61"]), violation: "zero-length" },
    { ...of("a frame that is too long", "000000016100400001", ["61"]), violation: "too-large" },
    { ...of("the greatest length", "ffffffff"), violation: "too-large" },
  ];
}

/** Lengths that are wrong by one, a frame of no kind, and a message that breaks off. */
function invalid(): (readonly [name: string, bytes: string])[] {
  const hello = {
    version: 1,
    genesisHash: fill(32, 1),
    fingerprint: fill(40, 1),
    frontierDigest: fill(32, 2),
  };
  const tip = { author: fill(32, 1), seq: 1, id: fill(40, 1) };
  const malformed: (readonly [string, Frame])[] = [
    ["a genesis hash of 31 bytes", { oneofKind: "hello", hello: { ...hello, genesisHash: fill(31, 1) } }],
    ["a fingerprint of 39 bytes", { oneofKind: "hello", hello: { ...hello, fingerprint: fill(39, 1) } }],
    [
      "an author of 33 bytes",
      { oneofKind: "frontier", frontier: { tips: [{ ...tip, author: fill(33, 1) }], last: true } },
    ],
    ["an id of 39 bytes", { oneofKind: "fetch", fetch: { ids: [fill(39, 1)] } }],
    ["a signature too few", { oneofKind: "batch", batch: { bodies: [fill(1, 1)], signatures: [] } }],
    [
      "a signature of 63 bytes",
      { oneofKind: "batch", batch: { bodies: [fill(1, 1)], signatures: [fill(63, 1)] } },
    ],
    [
      "a state digest of 31 bytes",
      { oneofKind: "digest", digest: { fingerprint: fill(40, 1), stateDigest: fill(31, 1) } },
    ],
  ];
  return [
    ["no kind", ""],
    ["an unknown kind", "a00601"],
    ["a message that breaks off", "0a05"],
    ["a length of 2^32 - 1", "0affffffff0f"],
    ["a length of 2^64 - 1", "0affffffffffffffffff01"],
    ["a seq of 2^53", `12570a550a20${"01".repeat(32)}10${"80".repeat(7)}101a28${"01".repeat(40)}`],
    ...malformed.map(([name, frame]) => [name, toHex(encodeFrame(frame))] as const),
  ];
}
