/**
 * How a newcomer is let in (weaver.md §7): one question and one answer with the inviter alone. Who is asking is
 * known from the channel; the secret shows that it was invited.
 */
import { isErrorCode, LatticeError, type Clock, type Hash } from "@lattice/model";
import { decodeBounded, sync } from "@lattice/proto";
import { verifyGenesis, type Offered } from "@lattice/kernel";
import type { SyncChannel } from "./channel.ts";
import { isAddressBook } from "./frames.ts";
import {
  ADDRESS_CHARS_MAX,
  ADDRESSES_COUNT_MAX,
  FRAME_FIELD_COUNT_MAX,
  JOIN_WAIT_MS,
  PROTOCOL_VERSION,
} from "./limits.ts";

/** What a newcomer is given: enough to begin the store and to find its peers. */
export interface JoinGrant {
  readonly genesis: Offered;
  readonly peers: readonly sync.PeerAddresses[];
}

export interface JoinRequestOptions {
  readonly clock: Clock;
  readonly genesisHash: Hash;
  readonly secret: Uint8Array;
  readonly nodeName: string;
  readonly addresses: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Asks the inviter. Resolves with what is verified to be the store that the invite names. Rejects with the inviter's
 * own reason, or `unavailable`.
 */
export async function requestJoin(channel: SyncChannel, options: JoinRequestOptions): Promise<JoinGrant> {
  const { genesisHash, secret, nodeName, addresses, signal } = options;
  const abort = () => channel.abort();
  const cancel = options.clock.after(JOIN_WAIT_MS, abort);
  signal?.addEventListener("abort", abort);
  try {
    signal?.throwIfAborted();
    const request = { version: PROTOCOL_VERSION, genesisHash, secret, nodeName, addresses: [...addresses] };
    await channel.send(sync.JoinRequest.toBinary(request));
    const { reply } = await readReply(channel);
    if (reply.oneofKind === "refused") throw refusal(reply.refused);
    if (reply.oneofKind !== "accepted") throw new LatticeError("unavailable", "the inviter gave no answer");
    const genesis = { body: reply.accepted.genesisBody, signature: reply.accepted.genesisSignature };
    verifyGenesis(genesis, genesisHash);
    return { genesis, peers: reply.accepted.peers.slice(0, ADDRESSES_COUNT_MAX).filter(isAddressBook) };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    cancel();
    signal?.removeEventListener("abort", abort);
    await channel.close().catch(() => undefined);
  }
}

async function readReply(channel: SyncChannel): Promise<sync.JoinReply> {
  for await (const frame of channel.frames) {
    try {
      return decodeBounded(sync.JoinReply, frame, FRAME_FIELD_COUNT_MAX);
    } catch (cause) {
      throw new LatticeError("unavailable", "the inviter's answer cannot be read", { cause });
    }
  }
  throw new LatticeError("unavailable", "the inviter closed the connection without an answer: try again");
}

function refusal({ code, message }: sync.Refused): LatticeError {
  return new LatticeError(isErrorCode(code) ? code : "permission-denied", message.slice(0, 500));
}

/** Answers one newcomer; `grant` decides, or throws the reason that it is told. Never rejects. */
export async function serveJoin(
  channel: SyncChannel,
  options: { clock: Clock; grant: (request: sync.JoinRequest) => Promise<JoinGrant> },
): Promise<void> {
  const cancel = options.clock.after(JOIN_WAIT_MS, () => channel.abort());
  try {
    const request = await readRequest(channel);
    await channel.send(sync.JoinReply.toBinary({ reply: await answer(request, options.grant) }));
    await channel.close();
  } catch {
    channel.abort();
  } finally {
    cancel();
  }
}

async function readRequest(channel: SyncChannel): Promise<sync.JoinRequest> {
  for await (const frame of channel.frames) {
    const request = decodeBounded(sync.JoinRequest, frame, FRAME_FIELD_COUNT_MAX);
    const isSane =
      request.version === PROTOCOL_VERSION &&
      request.addresses.length <= ADDRESSES_COUNT_MAX &&
      request.addresses.every(({ length }) => length <= ADDRESS_CHARS_MAX);
    if (isSane) return request;
    break;
  }
  throw new LatticeError("invalid-argument", "the newcomer sent no request");
}

async function answer(
  request: sync.JoinRequest,
  grant: (request: sync.JoinRequest) => Promise<JoinGrant>,
): Promise<sync.JoinReply["reply"]> {
  try {
    const { genesis, peers } = await grant(request);
    const accepted = {
      genesisBody: genesis.body,
      genesisSignature: genesis.signature ?? new Uint8Array(0),
      peers: [...peers],
    };
    return { oneofKind: "accepted", accepted };
  } catch (error) {
    const { code, message } = LatticeError.from(error);
    // What went wrong inside is nobody else's business.
    const isTheirs =
      code.startsWith("invite-") || code === "permission-denied" || code === "resource-exhausted";
    const refused = isTheirs
      ? { code, message }
      : { code: "unavailable", message: "the inviter cannot let you in now" };
    return { oneofKind: "refused", refused };
  }
}
