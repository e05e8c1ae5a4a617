/** One store synced with one peer, or compared with it, for somebody who waits for the outcome. */
import { equalBytes, LatticeError, type Clock, type PubKey } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import type { SyncSession } from "@lattice/sync";
import type { Connector } from "./connector.ts";
import { SYNC_ATTEMPTS_MAX, SYNC_WAIT_MS } from "./limits.ts";

export interface PeerSync {
  readonly peer: PubKey;
  readonly received: number;
  readonly sent: number;
  readonly same: boolean;
  readonly error: string;
}

export interface PeerVerdict {
  readonly peer: PubKey;
  readonly verdict: "same" | "other-set" | "different" | "unreachable";
}

interface Ports {
  readonly clock: Clock;
  readonly connector: Connector;
}

/**
 * Exchanges what differs; what failed stands in `error`. A session may give way to another one at any time, so one that is
 * lost is no failure yet.
 */
export async function syncWithPeer(
  store: Store,
  peer: PubKey,
  ports: Ports & { signal: AbortSignal | undefined },
): Promise<PeerSync> {
  const failed = (error: string): PeerSync => ({ peer, received: 0, sent: 0, same: false, error });
  for (let attempt = 1; ; attempt++) {
    try {
      const session = await whenConnected(store, peer, ports);
      if (session === undefined)
        return failed(ports.connector.lastError(store, peer) || "it cannot be reached");
      const before = { received: session.received, sent: session.sent };
      const { same } = await whileMoving(session, session.syncNow(), ports);
      const received = session.received - before.received;
      return { peer, received, sent: session.sent - before.sent, same, error: "" };
    } catch (error) {
      const { code, message } = LatticeError.from(error);
      if (code !== "unavailable" || attempt === SYNC_ATTEMPTS_MAX) return failed(message);
    }
  }
}

/** Whether a peer holds the same set, and shows the same state. Never rejects. */
export async function compareWithPeer(store: Store, peer: PubKey, ports: Ports): Promise<PeerVerdict> {
  const session = ports.connector.session(store, peer);
  if (session === undefined) return { peer, verdict: "unreachable" };
  try {
    const { sameSet, stateDigest } = await whileMoving(session, session.peerDigest(), {
      ...ports,
      signal: undefined,
    });
    if (!sameSet) return { peer, verdict: "other-set" };
    return { peer, verdict: equalBytes(stateDigest, store.digest()) ? "same" : "different" };
  } catch {
    return { peer, verdict: "unreachable" };
  }
}

/** The session with a peer, as soon as there is one; undefined where the next attempt fails as well. */
async function whenConnected(
  store: Store,
  peer: PubKey,
  { clock, connector, signal }: Ports & { signal: AbortSignal | undefined },
): Promise<SyncSession | undefined> {
  const ended = new AbortController();
  const cancel = clock.after(SYNC_WAIT_MS, () => ended.abort());
  const watched = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]);
  try {
    const attempt = connector.attempt(store, peer, watched);
    return connector.session(store, peer) ?? (await attempt);
  } finally {
    cancel();
    ended.abort();
  }
}

/** Gives up when a session has been still for too long; a first sync may take as long as it needs. */
async function whileMoving<T>(
  session: SyncSession,
  work: Promise<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal | undefined },
): Promise<T> {
  let cancel = () => {};
  const stuck = new Promise<never>((_, reject) => {
    const watch = (moved: number) => {
      cancel = clock.after(SYNC_WAIT_MS, () => {
        const now = session.received + session.sent;
        if (now !== moved) watch(now);
        else reject(new LatticeError("timeout", "the peer did not answer in time"));
      });
    };
    watch(session.received + session.sent);
    const end = () => reject(LatticeError.from(signal?.reason));
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
  return Promise.race([work, stuck]).finally(() => cancel());
}
