import type { Offered, Store } from "@lattice/kernel";
import {
  BATCH_BYTES_MAX,
  ID_BYTES,
  LatticeError,
  SET_SUM_BYTES,
  utf8,
  type IntentionId,
} from "@lattice/model";
import { sync } from "@lattice/proto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { acceptSession } from "../src/index.ts";
import { decodeFrame, encodeFrame, toBatchFrame, type Frame } from "../src/frames.ts";
import { owedTo } from "../src/frontier.ts";
import { CONTROL_COUNT_MAX, FRONTIER_COUNT_MAX, RECONCILE_ROUNDS_MAX } from "../src/limits.ts";
import { Initiator, SortedItems } from "../src/negentropy/index.ts";
import { Outbox } from "../src/outbox.ts";
import { codeOf, Club, connect, craft, put, setOf, signerOf, stateOf, type Crafted } from "./stores.ts";
import { FakePeer, helloOf } from "./fake-peer.ts";
import { atRest, Wire } from "./wire.ts";

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
let club: Club;
let store: Store;

beforeAll(async () => {
  process.on("unhandledRejection", note);
  club = await Club.of(3);
});
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});
beforeEach(async () => {
  store = await club.store(0);
});

function peer(): FakePeer {
  return new FakePeer(store, club.clock, club.signers[1]!.publicKey);
}

/** Some of its frames on the way to live, then `frames`. */
async function afterLive(...frames: readonly Frame[]): Promise<FakePeer> {
  const fake = peer();
  await fake.live();
  await fake.say(...frames);
  await fake.rest();
  return fake;
}

async function expectFault(fake: FakePeer): Promise<void> {
  await fake.rest();
  expect((await fake.ended).kind).toBe("fault");
}

async function expectAlive(fake: FakePeer): Promise<void> {
  await fake.rest();
  await fake.say({ oneofKind: "digestRequest", digestRequest: {} });
  await fake.rest();
  expect(fake.count("digest")).toBeGreaterThan(0);
  fake.session.close();
  expect((await fake.ended).kind).toBe("closed");
}

const frontier = (tips: sync.Tip[], last = true): Frame => ({
  oneofKind: "frontier",
  frontier: { tips, last },
});
const batch = (...items: readonly Offered[]): Frame => toBatchFrame(items);
const reconcile = (message: Uint8Array, reply = false): Frame => ({
  oneofKind: "reconcile",
  reconcile: { message, reply },
});
const drained: Frame = { oneofKind: "drained", drained: {} };

describe("a peer that breaks the protocol", () => {
  const cases: Record<string, (fake: FakePeer) => Promise<void>> = {
    "with bytes that are no frame": (fake) => fake.sayBytes(Uint8Array.of(255, 255, 255)),
    "with an empty message": (fake) =>
      fake.sayBytes(sync.Frame.toBinary({ frame: { oneofKind: undefined } })),
    "with a batch before its hello": (fake) => fake.say(batch(craft(store, { signer: club.signers[1]! }))),
    "with a question before its hello": (fake) => fake.say({ oneofKind: "digestRequest", digestRequest: {} }),
    "with a second hello": async (fake) => {
      await fake.hello();
      await fake.hello();
    },
    "with a hello about another store": (fake) => fake.hello({ genesisHash: new Uint8Array(32).fill(1) }),
    "with another version": (fake) => fake.hello({ version: 2 }),
    "with a fingerprint of the wrong size": (fake) => fake.hello({ fingerprint: new Uint8Array(39) }),
    "with a second frontier": async (fake) => {
      await fake.live();
      await fake.say(frontier([]));
    },
    "with a frontier where the sets were the same": async (fake) => {
      await fake.hello();
      await fake.say(frontier([]));
    },
    "with a drained before its frontier": async (fake) => {
      await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
      await fake.say(drained);
    },
    "with a second drained": async (fake) => {
      await fake.live();
      await fake.say(drained);
    },
    "with a tip that is none": async (fake) => {
      await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
      await fake.say(frontier([{ author: new Uint8Array(31), seq: 1, id: new Uint8Array(ID_BYTES) }]));
    },
    "with more signatures than bodies": async (fake) => {
      await fake.live();
      await fake.say({ oneofKind: "batch", batch: { bodies: [], signatures: [new Uint8Array(64)] } });
    },
    "with a reconciliation that is no message": async (fake) => {
      await fake.live();
      await fake.say(reconcile(Uint8Array.of(0x61, 1)));
    },
    "with too many ids to fetch": async (fake) => {
      await fake.live();
      await fake.say({
        oneofKind: "fetch",
        fetch: { ids: Array.from({ length: 4097 }, () => new Uint8Array(ID_BYTES)) },
      });
    },
    "with endless addresses": async (fake) => {
      await fake.live();
      const peers = Array.from({ length: 65 }, () => ({ peer: new Uint8Array(32), addresses: [] }));
      await fake.say({ oneofKind: "addresses", addresses: { peers } });
    },
    "with an address that goes on and on": async (fake) => {
      await fake.live();
      const peers = [{ peer: new Uint8Array(32), addresses: ["x".repeat(257)] }];
      await fake.say({ oneofKind: "addresses", addresses: { peers } });
    },
  };
  for (const [how, act] of Object.entries(cases)) {
    it(`${how} ends its session, and nothing else`, async () => {
      const before = stateOf(store);
      const fake = peer();
      await act(fake);
      await expectFault(fake);
      expect(stateOf(store)).toBe(before);
      expect(await codeOf(put(store, "k", "v"))).toBe("none");
    });
  }

  it("with any bytes in any phase harms neither the store nor the process", async () => {
    const phase = fc.constantFrom("before", "hello", "live");
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), anyFrame());
    await fc.assert(
      fc.asyncProperty(phase, fc.array(bytes, { maxLength: 12 }), async (when, said) => {
        const before = setOf(store);
        const fake = peer();
        if (when === "hello") await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
        if (when === "live") await fake.live();
        for (const frame of said) await fake.sayBytes(frame);
        await fake.rest();
        fake.session.close();
        expect(["fault", "closed", "refused"]).toContain((await fake.ended).kind);
        expect(setOf(store)).toBe(before);
      }),
      { numRuns: 80 },
    );
  });

  it("in words is quoted, but not for pages", async () => {
    const fake = peer();
    await fake.say({
      oneofKind: "refused",
      refused: { code: "permission-denied", message: "no ".repeat(10_000) },
    });
    const end = await fake.ended;
    expect(end.kind).toBe("refused");
    expect(end.kind === "refused" && end.message.length).toBeLessThan(1000);
  });

  it("by saying nothing at all is let go of in time, and no timer is left", async () => {
    const timers = club.clock.timerCount;
    const fake = peer();
    await fake.rest();
    club.clock.advance(9_000);
    await fake.rest();
    expect(fake.wire.ends[0].isBroken).toBe(false);
    club.clock.advance(2_000);
    expect((await fake.ended).kind).toBe("closed");
    expect(club.clock.timerCount).toBe(timers);
  });
});

describe("a peer that sends what is invalid", () => {
  const invalid: Record<string, (at: number) => Crafted | Offered> = {
    "forged signatures": (at) =>
      craft(store, { signer: club.signers[1]!, key: `${at}`, signature: new Uint8Array(64).fill(9) }),
    "another store's": (at) => ({ ...otherStores(at) }),
    "bytes that are no intention": () => ({ body: new Uint8Array(300), signature: new Uint8Array(64) }),
    "what nobody signed": (at) => craft(store, { signer: club.signers[1]!, key: `${at}`, signature: "none" }),
  };
  for (const [what, make] of Object.entries(invalid)) {
    it(`(${what}) is counted, and let go of when it goes on`, async () => {
      const before = setOf(store);
      const fake = await afterLive();
      for (let at = 0; at < 40; at++) await fake.say(batch(make(at)));
      await fake.rest();
      expect(fake.wire.ends[0].isBroken).toBe(false);
      for (let at = 40; at < 80; at++) await fake.say(batch(make(at)));
      await expectFault(fake);
      const rejected = [...store.rejectedByReason.values()].reduce((sum, count) => sum + count, 0);
      expect(rejected).toBe(65);
      expect(setOf(store)).toBe(before);
    });
  }

  function otherStores(at: number): Offered {
    const own = craft(store, { signer: club.signers[1]!, key: `${at}` });
    const body = new Uint8Array(own.body);
    body[3]! ^= 1;
    return { body, signature: own.signature };
  }

  it("loses by it only what is invalid", async () => {
    const good = craft(store, { signer: club.signers[1]!, key: "good" });
    const fake = await afterLive(batch({ body: new Uint8Array(300), signature: new Uint8Array(64) }, good));
    expect(store.log.has(good.id)).toBe(true);
    await expectAlive(fake);
  });

  it("again and again, and valid, is not blamed", async () => {
    const good = craft(store, { signer: club.signers[1]! });
    const fake = await afterLive(...Array.from({ length: 300 }, () => batch(good)));
    expect(fake.session.received).toBe(1);
    expect(fake.count("batch")).toBe(0);
    await expectAlive(fake);
  });

  it("(a batch larger than any may be) changes nothing that an honest one would not", async () => {
    const value = new Uint8Array(BATCH_BYTES_MAX - 400);
    const large = [1, 2, 3].map((at) => craft(store, { signer: club.signers[1]!, key: `${at}`, value }));
    const other = await club.store(2);
    const link = connect(store, other, club.clock);
    const fake = await afterLive(batch(...large));
    await atRest(link.wire);
    // They are a fork of three; what came as one batch is passed on as one each.
    expect(setOf(other)).toBe(setOf(store));
    await link.end();
    await expectAlive(fake);
  });

  it("by a stranger makes nobody fetch anything, or pass it on", async () => {
    const stranger = signerOf(99);
    const parent = craft(store, { signer: stranger });
    const fake = await afterLive(batch(craft(store, { signer: stranger, prev: parent })));
    expect(fake.count("fetch")).toBe(0);
    expect(store.replica.floating.count).toBe(1);
    await expectAlive(fake);
  });
});

describe("a peer that floods and does not read", () => {
  const floods: Record<string, Frame> = {
    questions: { oneofKind: "digestRequest", digestRequest: {} },
    reconciliations: reconcile(new Initiator(new SortedItems([]), { frameBytesMax: 4096 }).start()),
  };
  for (const [what, frame] of Object.entries(floods)) {
    it(`(${what}) is let go of`, async () => {
      const fake = await afterLive();
      fake.stopReading();
      for (let at = 0; at < CONTROL_COUNT_MAX + 200; at++) await fake.say(frame);
      await expectFault(fake);
    });
  }

  it("(fingerprints) is owed one answer", async () => {
    const fake = await afterLive();
    fake.stopReading();
    const question: Frame = {
      oneofKind: "fingerprint",
      fingerprint: { fingerprint: new Uint8Array(SET_SUM_BYTES), reply: true },
    };
    for (let at = 0; at < 3000; at++) await fake.say(question);
    const before = fake.count("fingerprint");
    fake.readOn();
    await fake.rest();
    expect(fake.count("fingerprint") - before).toBeLessThan(100);
    await expectAlive(fake);
  });

  it("(requests for what is not there) is owed nothing", async () => {
    const outbox = new Outbox(store);
    outbox.goLive(store.durableWseq);
    for (let at = 0; at < 100; at++) outbox.serve([]);
    expect(outbox.isIdle).toBe(true);
    const fake = await afterLive();
    const ids = Array.from({ length: 4096 }, (_, at) => new Uint8Array(ID_BYTES).fill(at));
    for (let at = 0; at < 100; at++) await fake.say({ oneofKind: "fetch", fetch: { ids } });
    await fake.rest();
    expect(fake.count("batch")).toBe(0);
    await expectAlive(fake);
  });

  it("(requests for much that is there) is served a part at a time", async () => {
    // Branches of one fork, so that each has a signature of its own.
    const value = new Uint8Array(1024);
    const crafted = Array.from({ length: 3000 }, (_, at) =>
      craft(store, { signer: club.signers[1]!, key: `${at}`, value }),
    );
    await store.ingest(crafted);
    const outbox = new Outbox(store);
    const reads = countReads(store);
    outbox.serve(crafted.map(({ id }) => id));
    expect((await outbox.next())?.oneofKind).toBe("batch");
    // A batch of some thousand, and a step of looking ahead.
    expect(reads.count).toBeLessThan(2500);
    reads.stop();
    while (outbox.sentCount < 3000) expect((await outbox.next())?.oneofKind).toBe("batch");
  });
});

describe("a frontier", () => {
  it("of too many tips is refused", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    const tips = Array.from({ length: 8192 }, (_, at) => ({
      author: signerOf(at % 5).publicKey,
      seq: at,
      id: idOf(at),
    }));
    for (let part = 0; part * 8192 <= FRONTIER_COUNT_MAX; part++) await fake.say(frontier(tips, false));
    await expectFault(fake);
  });

  it("of one tip a hundred thousand times does no harm", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    const [tip] = store.log.tips();
    const tips = Array.from({ length: 8192 }, () => tip!);
    for (let part = 1; part <= FRONTIER_COUNT_MAX / 8192; part++) await fake.say(frontier(tips, part === 16));
    await expectAlive(fake);
  });

  it("of a fork of very many branches can be told, and does not keep two nodes apart", async () => {
    const many = await club.store(0);
    const other = await club.store(1);
    const tips = many.log.tips();
    const first = tips[0]!;
    const branches = Array.from({ length: FRONTIER_COUNT_MAX + 1 }, (_, at) => ({
      ...first,
      seq: 1,
      id: idOf(at),
    }));
    many.log.tips = () => [...branches, ...tips];
    await put(many, "k", "v");
    await put(other, "k", "w");
    const link = connect(many, other, club.clock);
    await atRest(link.wire);
    expect(setOf(many)).toBe(setOf(other));
    expect(link.wire.ends[0].isBroken).toBe(false);
    await link.end();
  });

  it("that lies about this node's own chain keeps it from writing until the peer has drained", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    await fake.say(frontier([{ author: store.replica.self, seq: 1_000_000, id: idOf(1) }]));
    await fake.rest();
    expect(await codeOf(put(store, "k", "v"))).toBe("unavailable");
    await fake.say(drained);
    await fake.rest();
    expect(await codeOf(put(store, "k", "v"))).toBe("none");
    await expectAlive(fake);
  });

  it("that lies about this node's own chain keeps it from writing until the peer has gone", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    await fake.say(frontier([{ author: store.replica.self, seq: 1_000_000, id: idOf(1) }]));
    await fake.rest();
    expect(await codeOf(put(store, "k", "v"))).toBe("unavailable");
    fake.wire.break();
    await fake.ended;
    expect(await codeOf(put(store, "k", "v"))).toBe("none");
  });

  it("that claims more of this node's own chain does not keep the session from ending with the store", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    await fake.say(frontier([{ author: store.replica.self, seq: 1_000_000, id: idOf(1) }]));
    await fake.rest();
    await store.close();
    fake.session.close();
    expect((await fake.ended).kind).toBe("closed");
  });

  it("that lies about this node's own chain and then sends nothing holds up its writes for so long only", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    await fake.say(frontier([{ author: store.replica.self, seq: 1_000_000, id: idOf(1) }]));
    await fake.rest();
    expect(await codeOf(put(store, "k", "v"))).toBe("unavailable");
    club.clock.advance(30_000);
    expect(await codeOf(put(store, "k", "v"))).toBe("none");
  });

  it("that lies about this node's own chain in session after session is not believed for ever", async () => {
    const lie = frontier([{ author: store.replica.self, seq: 1_000_000, id: idOf(1) }]);
    const codes: string[] = [];
    for (let session = 0; session < 20; session++) {
      const fake = peer();
      await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
      await fake.say(lie);
      await fake.rest();
      club.clock.advance(29_000);
      codes.push(await codeOf(put(store, "k", "v")));
      fake.wire.break();
      await fake.ended;
    }
    expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => "unavailable"));
    expect(codes.slice(-5)).toEqual(Array.from({ length: 5 }, () => "none"));
  });

  it("that lies about this node's own chain, and sends other things, is not believed for ever", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    await fake.say(frontier([{ author: store.replica.self, seq: 1_000_000, id: idOf(1) }]));
    await fake.rest();
    const codes: string[] = [];
    for (let at = 0; at < 20; at++) {
      club.clock.advance(25_000);
      await fake.say(batch(craft(store, { signer: club.signers[1]!, key: `${at}` })));
      await fake.rest();
      codes.push(await codeOf(put(store, "k", "v")));
    }
    expect(codes[0]).toBe("unavailable");
    expect(codes.at(-1)).toBe("none");
    await expectAlive(fake);
  });

  it("of a fork of many branches is compared in time with their number", () => {
    let reads = 0;
    const branches = Array.from({ length: 4000 }, (_, at) => ({
      author: signerOf(7).publicKey,
      seq: 1,
      get id() {
        reads += 1;
        return idOf(at);
      },
    }));
    const log = { tips: () => branches, has: () => true } as unknown as Store["log"];
    expect(owedTo(branches.toReversed(), log)).toEqual([]);
    expect(reads).toBeLessThan(5 * branches.length);
  });

  it("with both branches of this node's own fork makes it wait for the longer one", async () => {
    const fake = peer();
    await fake.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    const own = store.replica.self;
    await fake.say(
      frontier([
        { author: own, seq: 1000, id: idOf(1) },
        { author: own, seq: store.replica.ownTip().seq, id: idOf(2) },
      ]),
    );
    await fake.rest();
    expect(await codeOf(put(store, "k", "v"))).toBe("unavailable");
    await fake.say(drained);
    await expectAlive(fake);
  });
});

describe("a peer that lies about its set", () => {
  const lie = new Uint8Array(SET_SUM_BYTES).fill(3);

  it("makes this node look once for each comparison, and no more", async () => {
    const fake = peer();
    fake.answer = (frame) => {
      if (frame.oneofKind === "fingerprint" && frame.fingerprint.reply) {
        return { oneofKind: "fingerprint", fingerprint: { fingerprint: lie, reply: false } };
      }
      // Nothing is missing, it says.
      if (frame.oneofKind === "reconcile" && !frame.reconcile.reply)
        return reconcile(Uint8Array.of(0x61), true);
      if (frame.oneofKind === "reconciled") return { oneofKind: "reconciled", reconciled: {} };
      return undefined;
    };
    await fake.live();
    for (let interval = 0; interval < 5; interval++) {
      const before = fake.heard.length;
      club.clock.advance(30_000);
      await fake.rest();
      expect(fake.heard.length - before).toBeLessThan(10);
    }
    const asked = fake.session.syncNow();
    await fake.rest();
    expect((await asked).same).toBe(false);
    await expectAlive(fake);
  });

  it("and answers a reconciliation without end is left alone after some rounds", async () => {
    const fake = peer();
    fake.answer = (frame) => {
      if (frame.oneofKind === "fingerprint" && frame.fingerprint.reply) {
        return { oneofKind: "fingerprint", fingerprint: { fingerprint: lie, reply: false } };
      }
      if (frame.oneofKind === "reconcile" && !frame.reconcile.reply) {
        // All of it differs, whatever is asked.
        return reconcile(new Initiator(hugeItems, { frameBytesMax: 4096 }).start(), true);
      }
      if (frame.oneofKind === "reconciled") return { oneofKind: "reconciled", reconciled: {} };
      return undefined;
    };
    await fake.live();
    expect(fake.count("reconcile")).toBeGreaterThanOrEqual(RECONCILE_ROUNDS_MAX);
    expect(fake.heard.length).toBeLessThan(20 * RECONCILE_ROUNDS_MAX);
    const before = fake.heard.length;
    await fake.rest();
    expect(fake.heard.length).toBe(before);
    await expectAlive(fake);
  });

  it("and asks without end is let go of", async () => {
    const fake = await afterLive();
    const question = new Initiator(hugeItems, { frameBytesMax: 4096 }).start();
    for (let round = 0; round <= RECONCILE_ROUNDS_MAX; round++) await fake.say(reconcile(question));
    await expectFault(fake);
  });

  it("and begins reconciliations that it does not end costs an answer for each", async () => {
    const fake = await afterLive();
    const question = new Initiator(new SortedItems([]), { frameBytesMax: 4096 }).start();
    const before = fake.heard.length;
    for (let round = 0; round < 20; round++) await fake.say(reconcile(question));
    await fake.rest();
    expect(fake.heard.length - before).toBeLessThan(30);
    await expectAlive(fake);
  });

  const hugeItems = new SortedItems(Array.from({ length: 2000 }, (_, at) => idOf(at)));
});

describe("whoever is no member", () => {
  it("hears the same, whatever it asks for, and nothing of the store", async () => {
    const answers: string[] = [];
    for (const genesisHash of [store.genesisHash, new Uint8Array(32)]) {
      const wire = new Wire(store.replica.self, signerOf(99).publicKey);
      const accepted = acceptSession(wire.ends[0], { clock: club.clock, admit: () => false });
      await wire.ends[1].send(encodeFrame(helloOf(store, { genesisHash })));
      await accepted;
      const heard: Frame[] = [];
      for await (const bytes of wire.ends[1].frames) heard.push(decodeFrame(bytes));
      expect(heard.map(({ oneofKind }) => oneofKind)).toEqual(["refused"]);
      answers.push(JSON.stringify(heard));
    }
    expect(answers[0]).toBe(answers[1]);
  });

  it("hears nothing at all where it does not start with a hello, or says nothing", async () => {
    const timers = club.clock.timerCount;
    for (const first of [
      encodeFrame({ oneofKind: "digestRequest", digestRequest: {} }),
      utf8("GET / HTTP/1.1"),
      undefined,
    ]) {
      const wire = new Wire(store.replica.self, signerOf(99).publicKey);
      const accepted = acceptSession(wire.ends[0], { clock: club.clock, admit: () => true });
      if (first !== undefined) await wire.ends[1].send(first);
      else club.clock.advance(11_000);
      await accepted;
      expect(wire.ends[0].isBroken).toBe(true);
      expect(wire.kinds.filter(([, from]) => from === 0)).toEqual([]);
    }
    expect(club.clock.timerCount).toBe(timers);
  });
});

describe("a full disk", () => {
  it("ends the session with a reason that is nobody's fault, and the next one goes on from there", async () => {
    let isFull = false;
    const full = await club.store(1, {
      disk: () => (isFull ? Promise.reject(fullError()) : Promise.resolve()),
    });
    await put(store, "k", "1");
    isFull = true;
    const first = connect(store, full, club.clock);
    await atRest(first.wire);
    const ends = await first.end();
    expect(ends.map(({ kind }) => kind)).toEqual(["closed", "closed"]);
    expect(ends[1].kind === "closed" && ends[1].message).toContain("full");
    expect(full.isDiskFull).toBe(true);
    isFull = false;
    const second = connect(store, full, club.clock);
    await atRest(second.wire);
    await put(store, "k", "2");
    await put(full, "k", "3");
    await atRest(second.wire);
    expect(stateOf(full)).toBe(stateOf(store));
    expect((await second.end()).map(({ kind }) => kind)).toEqual(["closed", "closed"]);
  });
});

/** Frames of every kind, of the right shape or nearly. */
function anyFrame(): fc.Arbitrary<Uint8Array> {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const id = bytes(ID_BYTES);
  const tip = fc.record({ author: bytes(32), seq: fc.nat(), id });
  const frame: fc.Arbitrary<Frame> = fc.oneof(
    fc.constant(helloOf(emptyHello)),
    fc
      .record({ tips: fc.array(tip, { maxLength: 3 }), last: fc.boolean() })
      .map((value): Frame => ({ oneofKind: "frontier", frontier: value })),
    fc.record({ body: fc.uint8Array(), signature: bytes(64) }).map((item) => batch(item)),
    fc
      .record({ fingerprint: bytes(SET_SUM_BYTES), reply: fc.boolean() })
      .map((value): Frame => ({ oneofKind: "fingerprint", fingerprint: value })),
    fc
      .record({ message: fc.uint8Array(), reply: fc.boolean() })
      .map((value): Frame => ({ oneofKind: "reconcile", reconcile: value })),
    fc.array(id, { maxLength: 3 }).map((ids): Frame => ({ oneofKind: "fetch", fetch: { ids } })),
    fc
      .record({ fingerprint: bytes(SET_SUM_BYTES), stateDigest: bytes(32) })
      .map((value): Frame => ({ oneofKind: "digest", digest: value })),
    fc.constantFrom<Frame>(
      drained,
      { oneofKind: "reconciled", reconciled: {} },
      { oneofKind: "digestRequest", digestRequest: {} },
      { oneofKind: "addresses", addresses: { peers: [] } },
    ),
  );
  return frame.map(encodeFrame);
}

const emptyHello = {
  genesisHash: new Uint8Array(32),
  log: {
    head: { setSum: { encode: () => new Uint8Array(SET_SUM_BYTES) } },
    frontierDigest: () => new Uint8Array(32),
  },
} as unknown as Store;

function idOf(at: number): IntentionId {
  const id = new Uint8Array(ID_BYTES) as IntentionId;
  new DataView(id.buffer).setUint32(2, at + 1);
  new DataView(id.buffer).setUint32(36, at + 1);
  return id;
}

function fullError(): Error {
  return new LatticeError("disk-full", "the disk is full");
}

/** How many records of its log a store reads. */
function countReads({ log }: Store): { count: number; stop: () => void } {
  const reads = { count: 0, stop: () => void Reflect.deleteProperty(log, "at") };
  const at = log.at.bind(log);
  log.at = (wseq) => {
    reads.count += 1;
    return at(wseq);
  };
  return reads;
}
