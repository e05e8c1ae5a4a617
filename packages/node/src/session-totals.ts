/** What all sessions about a store with a peer have moved since the start, those that have ended and those that stand. */
import { bytesKey, type PubKey } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import type { SyncSession } from "@lattice/sync";

interface Totals {
  received: number;
  sent: number;
  lastSameMs: number;
}

interface Link {
  /** One that gives way to another has not ended yet when that begins. */
  readonly standing: Set<SyncSession>;
  readonly ended: Totals;
}

export class SessionTotals {
  readonly #links = new Map<string, Link>();
  startedCount = 0;
  endedCount = 0;
  sameCount = 0;

  note(session: SyncSession, change: "started" | "ended" | "same"): void {
    if (change === "same") this.sameCount += 1;
    else if (change === "started") this.#start(session);
    else this.#end(session);
  }

  of(store: Store, peer: PubKey): Readonly<Totals> {
    const { standing, ended } = this.#link(store, peer);
    return [...standing].reduce(add, ended);
  }

  #start(session: SyncSession): void {
    this.startedCount += 1;
    this.#link(session.store, session.peer).standing.add(session);
  }

  #end(session: SyncSession): void {
    this.endedCount += 1;
    const link = this.#link(session.store, session.peer);
    if (link.standing.delete(session)) Object.assign(link.ended, add(link.ended, session));
  }

  #link(store: Store, peer: PubKey): Link {
    const key = bytesKey(store.id) + bytesKey(peer);
    let link = this.#links.get(key);
    if (link === undefined) {
      link = { standing: new Set(), ended: { received: 0, sent: 0, lastSameMs: 0 } };
      this.#links.set(key, link);
    }
    return link;
  }
}

function add(a: Readonly<Totals>, b: Readonly<Totals>): Totals {
  return {
    received: a.received + b.received,
    sent: a.sent + b.sent,
    lastSameMs: Math.max(a.lastSameMs, b.lastSameMs),
  };
}
