/** Frames of a session, to and from bytes. What a peer sent is checked for its shape here, once. */
import {
  HASH_BYTES,
  ID_BYTES,
  LatticeError,
  PUBKEY_BYTES,
  SET_SUM_BYTES,
  SIGNATURE_BYTES,
} from "@lattice/model";
import { decodeBounded, sync } from "@lattice/proto";
import type { Offered } from "@lattice/kernel";
import { ADDRESS_CHARS_MAX, ADDRESSES_COUNT_MAX, FETCH_COUNT_MAX, FRAME_FIELD_COUNT_MAX } from "./limits.ts";

export type Frame = sync.Frame["frame"];

export function encodeFrame(frame: Frame): Uint8Array {
  return sync.Frame.toBinary({ frame });
}

/** Throws `invalid-argument` for anything but a frame of the right shape. */
export function decodeFrame(bytes: Uint8Array): Frame {
  let frame: Frame;
  try {
    frame = decodeBounded(sync.Frame, bytes, FRAME_FIELD_COUNT_MAX).frame;
  } catch (cause) {
    throw new LatticeError("invalid-argument", "the peer sent bytes that are no frame", { cause });
  }
  if (!isWellFormed(frame))
    throw new LatticeError("invalid-argument", `the peer sent a malformed ${frame.oneofKind}`);
  return frame;
}

function isWellFormed(frame: Frame): boolean {
  switch (frame.oneofKind) {
    case "hello":
      return (
        frame.hello.genesisHash.length === HASH_BYTES &&
        frame.hello.fingerprint.length === SET_SUM_BYTES &&
        frame.hello.frontierDigest.length === HASH_BYTES
      );
    case "frontier":
      return frame.frontier.tips.every(
        ({ author, id, seq }) =>
          author.length === PUBKEY_BYTES && id.length === ID_BYTES && Number.isSafeInteger(seq),
      );
    case "batch":
      return (
        frame.batch.bodies.length === frame.batch.signatures.length &&
        frame.batch.signatures.every(({ length }) => length === 0 || length === SIGNATURE_BYTES)
      );
    case "fingerprint":
      return frame.fingerprint.fingerprint.length === SET_SUM_BYTES;
    case "fetch":
      return (
        frame.fetch.ids.length <= FETCH_COUNT_MAX &&
        frame.fetch.ids.every(({ length }) => length === ID_BYTES)
      );
    case "addresses":
      return (
        frame.addresses.peers.length <= ADDRESSES_COUNT_MAX && frame.addresses.peers.every(isAddressBook)
      );
    case "digest":
      return (
        frame.digest.fingerprint.length === SET_SUM_BYTES && frame.digest.stateDigest.length === HASH_BYTES
      );
    case "drained":
    case "reconcile":
    case "reconciled":
    case "digestRequest":
    case "refused":
      return true;
    case undefined:
      return false;
  }
}

export function isAddressBook({ peer, addresses }: sync.PeerAddresses): boolean {
  return (
    peer.length === PUBKEY_BYTES &&
    addresses.length <= ADDRESSES_COUNT_MAX &&
    addresses.every(({ length }) => length <= ADDRESS_CHARS_MAX)
  );
}

const NONE = new Uint8Array(0);

export function toBatchFrame(items: readonly Offered[]): Frame {
  return {
    oneofKind: "batch",
    batch: {
      bodies: items.map(({ body }) => body),
      signatures: items.map(({ signature }) => signature ?? NONE),
    },
  };
}

export function fromBatchFrame({ bodies, signatures }: sync.Batch): Offered[] {
  return bodies.map((body, at) => {
    const signature = signatures[at]!;
    return { body, signature: signature.length === 0 ? undefined : signature };
  });
}
