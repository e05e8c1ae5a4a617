/**
 * Keeps a session with every member of every open store (weaver.md §6). Level-triggered: whatever happens, `evaluate`
 * looks at what there is and what there should be, and dials what is missing.
 *
 * Of two sessions between the same two nodes about one store, one is closed: if they came about at the same time, the
 * one that the node with the smaller key dialled stays, so that both choose the same; if one is old, it is taken for
 * dead and the newer one stays.
 */
import { bytesKey, compareBytes, equalBytes, type Clock, type PubKey, type Random } from "@lattice/model";
import type { sync } from "@lattice/proto";
import type { Store } from "@lattice/kernel";
import type { Channel, Transport } from "@lattice/net";
import { acceptSession, SYNC_PROTOCOL, SyncSession, type Frame, type SessionEnd } from "@lattice/sync";
import {
  DIAL_WAIT_MS,
  FAULT_PAUSE_MS,
  REDIAL_MS_MAX,
  REDIAL_MS_MIN,
  SIMULTANEOUS_MS,
  STEADY_MS,
} from "./limits.ts";

export interface ConnectorOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly stores: () => readonly Store[];
  /** With whom a store is to be kept in sync. */
  readonly peersOf: (store: Store) => readonly PubKey[];
  readonly addressesOf: (peer: PubKey) => readonly string[];
  readonly addressBook: (store: Store) => sync.PeerAddresses[];
  /** `teller` is the peer that says so. */
  readonly onAddresses: (store: Store, teller: PubKey, peers: readonly sync.PeerAddresses[]) => void;
  readonly onSession: (session: SyncSession, change: "started" | "ended" | "same") => void;
}

interface Link {
  readonly store: Store;
  readonly peer: PubKey;
  session: SyncSession | undefined;
  startedMs: number;
  dialing: AbortController | undefined;
  failures: number;
  notBeforeMs: number;
  /** The peer broke the protocol: until then what it opens is closed, or it could go on at once. */
  shunnedUntilMs: number;
  lastError: string;
  /** Of the session that stands, and of those before it that have not ended yet. */
  run: Promise<unknown>;
  /** Told when an attempt has succeeded or failed. */
  awaited: (() => void)[];
}

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #links = new Map<string, Link>();
  readonly #running = new Set<Promise<unknown>>();
  /** Channels on which nothing was said yet. */
  readonly #silent = new Set<Channel>();
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    options.transport.handle(SYNC_PROTOCOL, (channel) => this.#track(this.#accept(channel)));
  }

  sessions(store?: Store): SyncSession[] {
    const sessions = [...this.#links.values()].flatMap(({ session }) => session ?? []);
    return store === undefined ? sessions : sessions.filter((session) => session.store === store);
  }

  session(store: Store, peer: PubKey): SyncSession | undefined {
    const session = this.#links.get(linkKey(store, peer))?.session;
    return session?.isClosed === true ? undefined : session;
  }

  /** Why the last attempt to reach a peer failed. */
  lastError(store: Store, peer: PubKey): string {
    return this.#links.get(linkKey(store, peer))?.lastError ?? "";
  }

  /** Tries at once, whatever the last attempts gave. */
  retryNow(store: Store): void {
    for (const link of this.#links.values()) {
      if (link.store === store) link.notBeforeMs = 0;
    }
    this.evaluate();
  }

  /**
   * The session with a peer once there is one; undefined where the attempt under way, or the next one, fails, or the
   * signal ends the wait.
   */
  attempt(store: Store, peer: PubKey, signal: AbortSignal): Promise<SyncSession | undefined> {
    return new Promise((resolve) => {
      const link = this.#links.get(linkKey(store, peer));
      if (link === undefined || signal.aborted || this.#isClosed) return resolve(undefined);
      if (link.session?.isClosed === false) return resolve(link.session);
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve(link.session);
      };
      signal.addEventListener("abort", done, { once: true });
      link.awaited.push(done);
    });
  }

  /** Dials what is missing, lets go of what is not wanted any more. */
  evaluate(): void {
    if (this.#isClosed) return;
    const wanted = new Set<string>();
    for (const store of this.#options.stores()) {
      for (const peer of this.#options.peersOf(store)) {
        wanted.add(linkKey(store, peer));
        this.#maybeDial(this.#link(store, peer));
      }
    }
    for (const [key, link] of this.#links) {
      if (wanted.has(key)) continue;
      this.#links.delete(key);
      letGo(link);
    }
    this.#schedule();
  }

  /** Ends the sessions of a store and waits for their end. */
  async drop(store: Store): Promise<void> {
    const links = [...this.#links].filter(([, link]) => link.store === store);
    for (const [key, link] of links) {
      this.#links.delete(key);
      letGo(link);
    }
    await Promise.allSettled(links.map(([, link]) => link.run));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    for (const channel of this.#silent) channel.abort();
    for (const link of this.#links.values()) letGo(link);
    await Promise.allSettled([...this.#running]);
  }

  #link(store: Store, peer: PubKey): Link {
    const key = linkKey(store, peer);
    const known = this.#links.get(key);
    if (known !== undefined) return known;
    const link: Link = {
      store,
      peer,
      session: undefined,
      startedMs: 0,
      dialing: undefined,
      failures: 0,
      notBeforeMs: 0,
      shunnedUntilMs: 0,
      lastError: "",
      run: Promise.resolve(),
      awaited: [],
    };
    this.#links.set(key, link);
    return link;
  }

  #maybeDial(link: Link): void {
    if (link.session !== undefined || link.dialing !== undefined) return;
    if (this.#waitMs(link) > 0) return;
    const dialing = new AbortController();
    link.dialing = dialing;
    this.#track(this.#dial(link, dialing));
  }

  async #dial(link: Link, dialing: AbortController): Promise<void> {
    const cancel = this.#options.clock.after(DIAL_WAIT_MS, () => dialing.abort());
    try {
      const addresses = this.#options.addressesOf(link.peer);
      const channel = await this.#options.transport.open(link.peer, SYNC_PROTOCOL, {
        addresses,
        signal: dialing.signal,
      });
      link.dialing = undefined;
      this.#start(link, channel, channel.frames[Symbol.asyncIterator]());
    } catch (error) {
      link.dialing = undefined;
      this.#noteFailure(link, error instanceof Error ? error.message : String(error));
    } finally {
      cancel();
    }
  }

  #accept(channel: Channel): Promise<void> {
    this.#silent.add(channel);
    if (this.#isClosed) channel.abort();
    return acceptSession(channel, {
      clock: this.#options.clock,
      admit: (hello, { frames, first }) => {
        this.#silent.delete(channel);
        const store = this.#options
          .stores()
          .find(({ genesisHash }) => equalBytes(genesisHash, hello.genesisHash));
        const isPeer = store && this.#options.peersOf(store).some((peer) => equalBytes(peer, channel.peer));
        if (store === undefined || !isPeer || this.#isClosed) return false;
        this.#start(this.#link(store, channel.peer), channel, frames, first);
        return true;
      },
    }).finally(() => this.#silent.delete(channel));
  }

  #start(link: Link, channel: Channel, frames: AsyncIterator<Uint8Array>, first?: Frame): void {
    // Another link may have taken its place, of a store that was opened anew.
    const isWanted = this.#links.get(linkKey(link.store, link.peer)) === link;
    if (this.#isClosed || !isWanted || !this.#prevails(link, channel)) {
      channel.abort();
      return;
    }
    link.session?.close();
    const { clock, addressBook, onAddresses, onSession } = this.#options;
    const session = new SyncSession({
      store: link.store,
      channel,
      clock,
      addressBook: () => addressBook(link.store),
      onAddresses: (peers) => onAddresses(link.store, link.peer, peers),
      onSame: () => onSession(session, "same"),
    });
    link.session = session;
    link.startedMs = clock.now();
    onSession(session, "started");
    tellAwaited(link);
    const run = session.run(frames, first).then((end) => this.#ended(link, session, end));
    link.run = Promise.allSettled([link.run, run]);
    this.#track(run);
  }

  /** Whether a new channel is to take the place of the session that stands. */
  #prevails(link: Link, channel: Channel): boolean {
    const { session } = link;
    const shunnedMs = link.shunnedUntilMs - this.#options.clock.now();
    // Nobody is shunned for longer, though the clock was set back.
    if (!channel.outbound && shunnedMs > 0 && shunnedMs <= FAULT_PAUSE_MS) return false;
    // Nobody dials while it has a session: who dials again has lost it.
    if (session === undefined || session.outbound === channel.outbound) return true;
    if (Math.abs(this.#options.clock.now() - link.startedMs) > SIMULTANEOUS_MS) return true;
    const weAreSmaller = compareBytes(this.#options.transport.self, link.peer) < 0;
    return channel.outbound === weAreSmaller;
  }

  #ended(link: Link, session: SyncSession, end: SessionEnd): void {
    if (link.session === session) this.#noteEnd(link, session, end);
    this.#options.onSession(session, "ended");
    this.evaluate();
  }

  #noteEnd(link: Link, session: SyncSession, end: SessionEnd): void {
    link.session = undefined;
    // One that breaks as soon as it stands is no success, or two nodes would try again and again without a pause.
    if (session.isLive && this.#options.clock.now() - link.startedMs >= STEADY_MS) link.failures = 0;
    this.#noteFailure(link, end.message ?? "the connection was closed");
    if (end.kind !== "fault") return;
    link.notBeforeMs = this.#options.clock.now() + FAULT_PAUSE_MS;
    link.shunnedUntilMs = link.notBeforeMs;
  }

  #noteFailure(link: Link, message: string): void {
    link.lastError = message;
    link.notBeforeMs = this.#options.clock.now() + this.#pauseMs(link);
    link.failures += 1;
    tellAwaited(link);
    this.#schedule();
  }

  /** Doubles with each failure, and is different for each node, so that two do not always meet. */
  #pauseMs({ failures }: Link): number {
    const full = Math.min(REDIAL_MS_MAX, REDIAL_MS_MIN * 2 ** Math.min(failures, 10));
    return full * (0.5 + this.#options.random.bytes(1)[0]! / 512);
  }

  /** Not above 0 where it may be dialled. No pause is as long as one that a clock leaves which was set back. */
  #waitMs({ notBeforeMs }: Link): number {
    const waitMs = notBeforeMs - this.#options.clock.now();
    return waitMs <= Math.max(REDIAL_MS_MAX, FAULT_PAUSE_MS) ? waitMs : 0;
  }

  /** One timer, for whichever link may be dialled next. */
  #schedule(): void {
    this.#cancelTimer?.();
    const waiting = [...this.#links.values()].filter(({ session, dialing }) => !session && !dialing);
    if (waiting.length === 0 || this.#isClosed) return;
    const inMs = waiting.reduce(
      (least, link) => Math.min(least, Math.max(1, this.#waitMs(link))),
      REDIAL_MS_MAX,
    );
    this.#cancelTimer = this.#options.clock.after(inMs, () => this.evaluate());
  }

  #track(work: Promise<unknown>): void {
    this.#running.add(work);
    void work.catch(() => undefined).finally(() => this.#running.delete(work));
  }
}

function letGo(link: Link): void {
  link.dialing?.abort();
  link.session?.close();
  tellAwaited(link);
}

function tellAwaited(link: Link): void {
  for (const tell of link.awaited.splice(0)) tell();
}

function linkKey(store: Store, peer: PubKey): string {
  return bytesKey(store.id) + bytesKey(peer);
}
