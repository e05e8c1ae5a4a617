/** How a node gets into a store with an invite (weaver.md §7): its side of it. */
import { equalBytes, LatticeError, type Clock, type PubKey } from "@lattice/model";
import type { Transport } from "@lattice/net";
import { JOIN_PROTOCOL, requestJoin, type JoinGrant } from "@lattice/sync";
import { decodeInviteToken, type InviteToken } from "@lattice/systemstore";
import { FIRST_SYNC_TOLD_MS } from "./limits.ts";
import type { PeerSync } from "./peer-sync.ts";
import type { Entry } from "./stores.ts";

export interface JoinStep {
  readonly stage: "connecting" | "admitted" | "syncing" | "done";
  readonly entry?: Entry;
  readonly intentionCount: number;
}

/** Throws `invite-expired`, `failed-precondition`, or what the decoder throws: before anybody is asked. */
export function assertCanRedeem(
  tokenText: string,
  { self, nowMs }: { self: PubKey; nowMs: number },
): InviteToken {
  const token = decodeInviteToken(tokenText);
  if (token.expiresMs <= nowMs)
    throw new LatticeError("invite-expired", "the invite has expired: ask for a new one");
  if (equalBytes(token.inviter, self))
    throw new LatticeError("failed-precondition", "this node made the invite itself: join from another node");
  return token;
}

export async function askInviter(
  { inviter, addresses, genesisHash, secret }: InviteToken,
  ports: {
    transport: Transport;
    clock: Clock;
    nodeName: string;
    addresses: readonly string[];
    signal?: AbortSignal | undefined;
  },
): Promise<JoinGrant> {
  const { transport, signal, ...self } = ports;
  const watched = signal === undefined ? {} : { signal };
  const channel = await transport.open(inviter, JOIN_PROTOCOL, { addresses, ...watched });
  return requestJoin(channel, { ...self, genesisHash, secret, ...watched });
}

/** Tells now and then how far the first sync is; throws `unavailable` where it fails. */
export async function* firstSync(
  work: Promise<PeerSync>,
  { clock, now }: { clock: Clock; now: () => { entry: Entry; intentionCount: number } },
): AsyncIterable<JoinStep> {
  let isDone = false;
  void work.finally(() => (isDone = true)).catch(() => undefined);
  while (!isDone) {
    yield { stage: "syncing", ...now() };
    let cancel = () => {};
    const pause = new Promise<void>((resolve) => (cancel = clock.after(FIRST_SYNC_TOLD_MS, resolve)));
    await Promise.race([work, pause]).finally(cancel);
  }
  const { error } = await work;
  if (error !== "")
    throw new LatticeError(
      "unavailable",
      `joined, but the first sync failed: ${error}; it goes on by itself`,
    );
  yield { stage: "done", ...now() };
}
