import { createGenesis, LOG_TABLES, stateTables, Store, WitnessLog } from "@lattice/kernel";
import { kvstore } from "@lattice/kvstore";
import {
  compareBytes,
  decodeIntention,
  HybridClock,
  sha256,
  signerFromSeed,
  toHex,
  u64be,
  type Intention,
  type PubKey,
  type Signer,
} from "@lattice/model";
import { MemoryNetwork, type Channel, type Transport } from "@lattice/net";
import { weaver } from "@lattice/proto";
import { MemoryStorage } from "@lattice/storage";
import { encodeFrame, SYNC_PROTOCOL } from "@lattice/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Connector } from "../src/connector.ts";
import { FakeClock } from "@lattice/testkit";
import { put, turns } from "./mesh.ts";

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeAll(() => void process.on("unhandledRejection", note));
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

/** Two members, one store, and a connector for each. */
class Pair {
  readonly clock = new FakeClock();
  readonly network = new MemoryNetwork();
  /** The smaller key first. */
  readonly signers = [signerOf(1), signerOf(2)].toSorted((a, b) => compareBytes(a.publicKey, b.publicKey));
  readonly #genesis = createGenesis({
    type: kvstore,
    signer: this.signers[0]!,
    hlc: new HybridClock(this.clock),
    random: { bytes: (count) => new Uint8Array(count) },
  });
  #admission: { body: Uint8Array; signature: Uint8Array | undefined }[] = [];

  async store(index: number): Promise<Store> {
    const log = new MemoryStorage({ tables: [...LOG_TABLES] });
    const genesis = decodeIntention(this.#genesis.body) as Intention;
    new WitnessLog(log).write((writer) =>
      writer.append(genesis, { wallMs: 0, signature: this.#genesis.signature }),
    );
    const store = new Store({
      log,
      state: new MemoryStorage({ tables: stateTables(kvstore) }),
      type: kvstore,
      signer: this.signers[index]!,
      clock: this.clock,
      hlc: new HybridClock(this.clock),
      instance: new Uint8Array(8),
    }) as unknown as Store;
    await store.catchUp();
    if (index === 0 && this.#admission.length === 0) {
      const admit = {
        member: this.signers[1]!.publicKey,
        role: weaver.Role.WRITER,
        secretHash: new Uint8Array(0),
        name: "",
      };
      await store.submitSystem({ oneofKind: "admit", admit });
      const { intention, signature } = store.log.at(2);
      this.#admission = [{ body: intention.body, signature }];
    } else await store.ingest(this.#admission);
    return store;
  }
}

/** A node's connector, and what it did. */
class End {
  readonly transport: CountingTransport;
  readonly connector: Connector;
  readonly store: Store;
  stores: Store[];
  started = 0;
  ended = 0;

  constructor(pair: Pair, { store, self, peer }: { store: Store; self: Signer; peer: PubKey }) {
    this.store = store;
    this.stores = [store];
    this.transport = new CountingTransport(pair.network.transport(self.publicKey));
    this.connector = new Connector({
      transport: this.transport,
      clock: pair.clock,
      random: { bytes: (count) => new Uint8Array(count).fill(128) },
      stores: () => this.stores,
      peersOf: () => [peer],
      addressesOf: () => [],
      addressBook: () => [],
      onAddresses: () => undefined,
      onSession: (_, change) => {
        if (change === "started") this.started += 1;
        if (change === "ended") this.ended += 1;
      },
    });
  }

  get sessionCount(): number {
    return this.connector.sessions().length;
  }

  /** Sessions that were started and have not ended. */
  get openCount(): number {
    return this.started - this.ended;
  }

  async close(): Promise<void> {
    await this.connector.close();
    await this.transport.close();
  }
}

/** Counts dials, and can keep its side of a channel from learning of its end. */
class CountingTransport implements Transport {
  readonly #inner: Transport;
  dials = 0;
  isNumb = false;
  /** What a dial waits for, whatever its signal says. */
  gate: Promise<void> | undefined;

  constructor(inner: Transport) {
    this.#inner = inner;
  }

  get self(): PubKey {
    return this.#inner.self;
  }

  addresses(): readonly string[] {
    return this.#inner.addresses();
  }

  handle(protocol: string, accept: (channel: Channel) => void): void {
    this.#inner.handle(protocol, (channel) => accept(this.#wrap(channel)));
  }

  async open(...call: Parameters<Transport["open"]>): Promise<Channel> {
    this.dials += 1;
    const gate = this.gate;
    if (gate !== undefined) {
      await gate;
      return this.#wrap(await this.#inner.open(call[0], call[1]));
    }
    return this.#wrap(await this.#inner.open(...call));
  }

  disconnect(peer: PubKey): Promise<void> {
    return this.#inner.disconnect(peer);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wrap(channel: Channel): Channel {
    const isNumb = () => this.isNumb;
    let abort = () => {};
    const aborted = new Promise<void>((resolve) => (abort = resolve));
    const frames = (): AsyncIterator<Uint8Array> => {
      const inner = channel.frames[Symbol.asyncIterator]();
      return {
        next: async () => {
          const next = await inner.next();
          if (next.done === true && isNumb()) await aborted;
          return next;
        },
      };
    };
    return {
      peer: channel.peer,
      protocol: channel.protocol,
      outbound: channel.outbound,
      frames: { [Symbol.asyncIterator]: frames },
      get closed() {
        return channel.closed;
      },
      send: (frame) => channel.send(frame),
      close: () => channel.close(),
      abort: () => {
        abort();
        channel.abort();
      },
      [Symbol.asyncDispose]: () => channel.close(),
    };
  }
}

function signerOf(index: number): Signer {
  return signerFromSeed(new Uint8Array(sha256(u64be(index))));
}

async function twoEnds(): Promise<{ pair: Pair; ends: [End, End] }> {
  const pair = new Pair();
  const ends = [await endOf(pair, 0), await endOf(pair, 1)] as [End, End];
  return { pair, ends };
}

async function endOf(pair: Pair, index: number): Promise<End> {
  const store = await pair.store(index);
  return new End(pair, { store, self: pair.signers[index]!, peer: pair.signers[1 - index]!.publicKey });
}

function setOf(store: Store): string {
  return toHex(store.log.head.setSum.encode());
}

describe("two nodes", () => {
  it.each([0, 1])("that dial each other at once have one session in the end (%i first)", async (first) => {
    const { ends } = await twoEnds();
    ends[first]!.connector.evaluate();
    ends[1 - first]!.connector.evaluate();
    await turns();
    expect(ends.map(({ transport }) => transport.dials)).toEqual([1, 1]);
    expect(ends.map(({ openCount }) => openCount)).toEqual([1, 1]);
    expect(ends.map(({ sessionCount }) => sessionCount)).toEqual([1, 1]);
    await put(ends[0].store, "k", "v");
    await turns();
    expect(setOf(ends[1].store)).toBe(setOf(ends[0].store));
    for (const end of ends) await end.close();
  });

  it("that have a session do not dial, however often they look", async () => {
    const { pair, ends } = await twoEnds();
    ends[0].connector.evaluate();
    await turns();
    for (let look = 0; look < 20; look++) {
      for (const { connector } of ends) connector.evaluate();
      pair.clock.advance(10_000);
      await turns(3);
    }
    expect(ends.map(({ transport }) => transport.dials)).toEqual([1, 0]);
    expect(ends.map(({ started }) => started)).toEqual([1, 1]);
    for (const end of ends) await end.close();
  });

  it.each([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ])(
    "find each other when one starts again and the other has not noticed (%i dialled, %i starts again)",
    async (dialler, restarted) => {
      const { pair, ends } = await twoEnds();
      ends[dialler]!.connector.evaluate();
      await turns();
      const other = ends[1 - restarted]!;
      other.transport.isNumb = true;
      await ends[restarted]!.close();
      await turns();
      expect(other.sessionCount).toBe(1);
      const again = await endOf(pair, restarted);
      other.transport.isNumb = false;
      again.connector.evaluate();
      await turns();
      if (dialler === restarted) expect([again.openCount, other.openCount]).toEqual([1, 1]);
      // Within the time in which two dials are taken for simultaneous, it may have to try again.
      for (let second = 0; second < 4; second++) {
        pair.clock.advance(1000);
        await turns();
      }
      expect([again.openCount, other.openCount]).toEqual([1, 1]);
      await put(again.store, "k", "v");
      await put(other.store, "k", "v");
      await turns();
      expect(setOf(again.store)).toBe(setOf(other.store));
      for (const end of [again, other]) await end.close();
    },
  );

  it("of which one is away are in touch again within a minute of its return, without having tried all the time", async () => {
    const { pair, ends } = await twoEnds();
    pair.network.cut(pair.signers[0]!.publicKey, pair.signers[1]!.publicKey);
    ends[0].connector.evaluate();
    for (let second = 0; second < 600; second++) {
      pair.clock.advance(1000);
      await turns(3);
    }
    expect(ends[0].transport.dials).toBeGreaterThan(8);
    expect(ends[0].transport.dials).toBeLessThan(25);
    pair.network.heal(pair.signers[0]!.publicKey, pair.signers[1]!.publicKey);
    for (let second = 0; second < 60; second++) {
      pair.clock.advance(1000);
      await turns(3);
    }
    expect(ends.map(({ sessionCount }) => sessionCount)).toEqual([1, 1]);
    for (const end of ends) await end.close();
  });

  it("whose sessions break as soon as they stand try more and more seldom", async () => {
    const { pair, ends } = await twoEnds();
    for (const { connector } of ends) connector.evaluate();
    for (let second = 0; second < 300; second++) {
      await turns(3);
      for (const { connector } of ends)
        for (const session of connector.sessions()) if (session.isLive) session.close();
      await turns(3);
      pair.clock.advance(1000);
    }
    expect(ends[0].transport.dials + ends[1].transport.dials).toBeLessThan(40);
    for (const end of ends) await end.close();
  });

  it("find each other again when the clock is set back by an hour", async () => {
    const { pair, ends } = await twoEnds();
    pair.network.cut(pair.signers[0]!.publicKey, pair.signers[1]!.publicKey);
    ends[0].connector.evaluate();
    await turns();
    pair.clock.jump(-3_600_000);
    pair.network.heal(pair.signers[0]!.publicKey, pair.signers[1]!.publicKey);
    for (let second = 0; second < 61; second++) {
      pair.clock.advance(1000);
      // What a timer was set for before comes after as long as it was set for.
      ends[0].connector.evaluate();
      await turns(3);
    }
    expect(ends.map(({ sessionCount }) => sessionCount)).toEqual([1, 1]);
    for (const end of ends) await end.close();
  });
});

describe("a peer", () => {
  it("that breaks the protocol is left alone for a minute", async () => {
    const pair = new Pair();
    const end = await endOf(pair, 0);
    const fake = pair.network.transport(pair.signers[1]!.publicKey);
    fake.handle(SYNC_PROTOCOL, (channel) => void channel.send(Uint8Array.of(255)).catch(() => undefined));
    end.connector.evaluate();
    for (let second = 0; second < 50; second++) {
      await turns(3);
      pair.clock.advance(1000);
    }
    expect(end.transport.dials).toBe(1);
    for (let second = 0; second < 20; second++) {
      await turns(3);
      pair.clock.advance(1000);
    }
    expect(end.transport.dials).toBe(2);
    expect(end.connector.lastError(end.store, pair.signers[1]!.publicKey)).toContain("no frame");
    await end.close();
    await fake.close();
  });

  it("that breaks the protocol is not let in again for a minute either", async () => {
    const pair = new Pair();
    const end = await endOf(pair, 0);
    const fake = pair.network.transport(pair.signers[1]!.publicKey);
    const hello = encodeFrame({
      oneofKind: "hello",
      hello: {
        version: 1,
        genesisHash: end.store.genesisHash,
        fingerprint: new Uint8Array(40),
        frontierDigest: new Uint8Array(32),
      },
    });
    const started: number[] = [];
    for (let second = 0; second < 70; second++) {
      const channel = await fake.open(end.transport.self, SYNC_PROTOCOL);
      for (const frame of [hello, Uint8Array.of(255)]) await channel.send(frame).catch(() => undefined);
      await turns();
      channel.abort();
      started.push(end.started);
      pair.clock.advance(1000);
    }
    expect(started.at(0)).toBe(1);
    expect(started.at(58)).toBe(1);
    expect(started.at(-1)).toBe(2);
    await end.close();
    await fake.close();
  });

  it("that refuses is asked again, more and more seldom, and its reason is kept", async () => {
    const { pair, ends } = await twoEnds();
    ends[1].stores = [];
    ends[0].connector.evaluate();
    for (let second = 0; second < 300; second++) {
      await turns(3);
      pair.clock.advance(1000);
    }
    expect(ends[0].transport.dials).toBeLessThan(20);
    expect(ends[0].connector.lastError(ends[0].store, pair.signers[1]!.publicKey)).toContain("not a member");
    for (const end of ends) await end.close();
  });

  it("that is no member, or asks for another store, is refused", async () => {
    const { pair, ends } = await twoEnds();
    ends[0].stores = [];
    ends[1].connector.evaluate();
    await turns();
    expect(ends[1].connector.lastError(ends[1].store, pair.signers[0]!.publicKey)).toContain("no such store");
    expect(ends[0].started).toBe(0);
    for (const end of ends) await end.close();
  });
});

describe("a store that goes away", () => {
  it("takes its sessions along, and they come back with it", async () => {
    const { pair, ends } = await twoEnds();
    ends[0].connector.evaluate();
    await turns();
    ends[0].stores = [];
    await ends[0].connector.drop(ends[0].store);
    await ends[0].store.close();
    expect(ends[0].sessionCount).toBe(0);
    await turns();
    const again = await pair.store(0);
    ends[0].stores = [again];
    ends[0].connector.evaluate();
    for (let second = 0; second < 3; second++) {
      await turns();
      pair.clock.advance(1000);
    }
    expect(ends[0].connector.sessions(again).length).toBe(1);
    expect(ends.map(({ openCount }) => openCount)).toEqual([1, 1]);
    await put(ends[1].store, "k", "v");
    await turns();
    expect(setOf(again)).toBe(setOf(ends[1].store));
    for (const end of ends) await end.close();
  });

  it("gets no session from a dial that was under way, though it is open again", async () => {
    const { pair, ends } = await twoEnds();
    let pass = () => {};
    ends[0].transport.gate = new Promise<void>((resolve) => (pass = resolve));
    ends[0].connector.evaluate();
    ends[0].stores = [];
    await ends[0].connector.drop(ends[0].store);
    await ends[0].store.close();
    const again = await pair.store(0);
    ends[0].stores = [again];
    ends[0].connector.evaluate();
    pass();
    await turns();
    expect(ends[0].connector.sessions(ends[0].store)).toEqual([]);
    expect(ends[0].connector.sessions(again).length).toBe(1);
    expect(ends[0].started).toBe(1);
    for (const end of ends) await end.close();
  });

  it("keeps nobody waiting for it", async () => {
    const { pair, ends } = await twoEnds();
    const peer = pair.signers[1]!.publicKey;
    pair.network.cut(pair.signers[0]!.publicKey, peer);
    ends[0].connector.evaluate();
    await turns();
    const waiting = () => ends[0].connector.attempt(ends[0].store, peer, new AbortController().signal);
    const dropped = waiting();
    ends[0].stores = [];
    await ends[0].connector.drop(ends[0].store);
    expect(await dropped).toBe(undefined);
    ends[0].stores = [ends[0].store];
    ends[0].connector.evaluate();
    await turns();
    const closed = waiting();
    await ends[0].connector.close();
    expect(await closed).toBe(undefined);
    expect(await waiting()).toBe(undefined);
    for (const end of ends) await end.close();
  });
});

describe("a connector that is closed", () => {
  it("does not wait for who opened a channel and says nothing, and leaves no timer", async () => {
    const { pair, ends } = await twoEnds();
    await ends[1].transport.open(pair.signers[0]!.publicKey, SYNC_PROTOCOL);
    await turns();
    ends[1].connector.evaluate();
    await turns();
    expect(ends[0].sessionCount).toBe(1);
    for (const end of ends) await end.close();
    for (const end of ends) await end.close();
    expect(pair.clock.timerCount).toBe(0);
    expect(ends.map(({ openCount }) => openCount)).toEqual([0, 0]);
  });
});
