import {
  BATCH_COUNT_MAX,
  compareBytes,
  concatBytes,
  CONDITION_COUNT_MAX,
  decodeIntention,
  encodeIntention,
  equalBytes,
  FUTURE_MS_MAX,
  makeId,
  OPS_BYTES_MAX,
  signIntention,
  toHex,
  utf8,
  ZERO_ID,
  ZERO_STORE_ID,
  type Intention,
  type IntentionFields,
  type PubKey,
} from "@lattice/model";
import type { Storage, Table, TableReader } from "@lattice/storage";
import { Role } from "@lattice/systemstore";
import { describe, expect, it } from "vitest";
import { toBatches, type Offered } from "../src/index.ts";
import { FLOATING_PER_AUTHOR_MAX, GROUP_COUNT_MAX } from "../src/limits.ts";
import {
  admitOps,
  counts,
  FakeClock,
  idsOf,
  memoryLog,
  memoryState,
  ms,
  openReplica,
  picture,
  put,
  signed,
  signerNamed,
  START_MS,
  system,
  unsigned,
  World,
  type Forged,
} from "./world.ts";

const world = new World();
const { owner, first } = world;
const alice = signerNamed("alice");
const bob = signerNamed("bob");
const admitAlice = world.admit(alice);
const admitBob = world.admit(bob, Role.WRITER, admitAlice.intention);
const noSignature = new Uint8Array(64);

/** The owner, Alice and Bob may write. */
function replica(clock = new FakeClock()) {
  const made = world.replica({ clock });
  made.ingest([admitAlice, admitBob]);
  return made;
}

function reject(offered: Offered): Record<string, number> {
  const made = replica();
  const before = picture(made);
  const { report } = made.ingest([offered]);
  expect(report.witnessed).toEqual([]);
  expect(picture(made)).toEqual(before);
  return counts(report.rejectedByReason);
}

function body(change: (bytes: Uint8Array, view: DataView) => void, of: Offered = admitAlice): Offered {
  const bytes = new Uint8Array(of.body);
  change(bytes, new DataView(bytes.buffer));
  return { body: bytes, signature: of.signature };
}

function chain(
  signer: typeof owner,
  from: Intention,
  length: number,
  fields: Partial<IntentionFields> = {},
): Forged[] {
  const links: Forged[] = [];
  for (let at = 0; at < length; at++)
    links.push(world.forge(signer, links.at(-1)?.intention ?? from, fields));
  return links;
}

it("a batch with many wrong signatures is refused as a whole, before each of them is looked at", () => {
  const made = replica();
  const forged = Array.from({ length: 200 }, () => ({
    ...world.forge(alice, first),
    signature: noSignature,
  }));
  const { report } = made.ingest([world.forge(bob, first), ...forged]);
  expect(counts(report.rejectedByReason)).toEqual({ "batch-rule": 201 });
  expect(report.witnessed).toEqual([]);
});

describe("what is malformed is rejected for good", () => {
  const CONDITION_AT = 1 + 16 + 32 + 8 + 8 + 40;
  const cases: [reason: string, Offered][] = [
    ["version", body((bytes) => (bytes[0] = 2))],
    ["length", { body: admitAlice.body.subarray(0, 20), signature: noSignature }],
    ["length", { body: concatBytes(admitAlice.body, Uint8Array.of(0)), signature: noSignature }],
    ["length", { body: admitAlice.body.subarray(0, -1), signature: noSignature }],
    ["length", body((_, view) => view.setUint32(CONDITION_AT, 60, true))],
    ["condition-count", body((_, view) => view.setUint32(CONDITION_AT, CONDITION_COUNT_MAX + 1, true))],
    ["ops-size", body((_, view) => view.setUint32(CONDITION_AT + 4, OPS_BYTES_MAX + 1, true))],
    ["seq", body((_, view) => view.setUint32(1 + 16 + 32 + 4, 1 << 21, true))],
    ["genesis-shape", body((bytes) => bytes.fill(0, 1, 17))],
    ["genesis-shape", body((_, view) => view.setBigUint64(1 + 16 + 32, 0n, true))],
    [
      "condition-order",
      world.forge(alice, first, { condition: [admitBob.intention.id, admitAlice.intention.id] }),
    ],
    [
      "condition-order",
      world.forge(alice, first, { condition: [admitBob.intention.id, admitBob.intention.id] }),
    ],
  ];
  it.each(cases)("%s", (reason, offered) => {
    expect(reject(offered)).toEqual({ [reason]: 1 });
  });
});

describe("what can never be valid is rejected for good", () => {
  const tip = world.forge(alice, first);
  const smallOrder = new Uint8Array(32) as PubKey;
  const nonCanonical = new Uint8Array(32).fill(0xff) as PubKey;
  const wrongSigner = { publicKey: alice.publicKey, sign: (message: Uint8Array) => bob.sign(message) };
  const cases: [reason: string, name: string, Offered, Forged[]?][] = [
    [
      "wrong-store",
      "another store",
      world.forge(alice, first, { storeId: new Uint8Array(16).fill(1) as never }),
    ],
    [
      "second-genesis",
      "a genesis",
      world.forge(alice, first, { seq: 0, storeId: ZERO_STORE_ID, storePrev: ZERO_ID }),
    ],
    ["bad-author-key", "a small-order author", world.forge(alice, first, { author: smallOrder })],
    ["bad-author-key", "an author that is no point", world.forge(alice, first, { author: nonCanonical })],
    ["bad-signature", "a signature by another", world.forge(wrongSigner, first)],
    ["bad-signature", "a signature of nothing", { ...world.forge(alice, first), signature: noSignature }],
    [
      "bad-signature",
      "a signature that is too short",
      { ...world.forge(alice, first), signature: new Uint8Array(63) },
    ],
    ["bad-signature", "a malleated signature", malleated(world.forge(alice, first))],
    ["wrong-seq", "a gap in the chain", world.forge(alice, tip.intention, { seq: 3 }), [tip]],
    ["wrong-seq", "a chain that does not begin with 1", world.forge(alice, first, { seq: 2 })],
    ["wrong-seq", "a place below a cited one", world.forge(owner, admitAlice.intention, { seq: 5 })],
    ["prev-of-another", "a chain that goes on with another's", world.forge(bob, tip.intention), [tip]],
    [
      "timestamp-not-after-parent",
      "the time of what it follows",
      world.forge(alice, tip.intention, { timestamp: tip.intention.timestamp }),
    ],
    [
      "timestamp-not-after-parent",
      "a time before what it has seen",
      world.forge(alice, first, {
        timestamp: (first.timestamp + 1n) as never,
        condition: [admitBob.intention.id],
      }),
    ],
  ];
  it.each(cases)("%s: %s", (reason, _, offered, before = []) => {
    const made = replica();
    made.ingest(before);
    const { report } = made.ingest([offered]);
    expect(counts(report.rejectedByReason)).toEqual({ [reason]: 1 });
    expect(report.witnessed).toEqual([]);
    expect(made.floating.count).toBe(0);
  });

  it("leaves the rest of the batch alone", () => {
    const made = replica();
    const good = world.forge(bob, first);
    const { report } = made.ingest([cases[5]![2], good, cases[0]![2]]);
    expect(idsOf(report.witnessed)).toEqual([toHex(good.intention.id)]);
  });
});

/** S + L: the same point, another number. */
function malleated(forged: Forged): Forged {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const signature = new Uint8Array(forged.signature);
  let s = 0n;
  for (let at = 63; at >= 32; at--) s = (s << 8n) | BigInt(signature[at]!);
  s += order;
  for (let at = 32; at < 64; at++, s >>= 8n) signature[at] = Number(s & 255n);
  return { ...forged, signature };
}

describe("a timestamp ahead of the clock", () => {
  it("is held above five minutes, and released when its time comes", () => {
    const clock = new FakeClock();
    const made = replica(clock);
    const now = world.forge(alice, first, { timestamp: ms(START_MS + FUTURE_MS_MAX) });
    const early = world.forge(alice, now.intention, { timestamp: ms(START_MS + FUTURE_MS_MAX + 1) });
    const later = world.forge(alice, early.intention, { timestamp: ms(START_MS + 2 * FUTURE_MS_MAX) });
    const { report } = made.ingest([now, early, later]);
    expect(idsOf(report.witnessed)).toEqual([toHex(now.intention.id)]);
    expect(counts(report.heldByReason)).toEqual({ future: 2 });
    expect(made.holdReason(early.intention)).toContain("ahead");
    expect(made.reconsiderFloating().report.witnessed).toEqual([]);
    clock.ms += 1;
    expect(idsOf(made.reconsiderFloating().report.witnessed)).toEqual([toHex(early.intention.id)]);
    clock.ms += FUTURE_MS_MAX;
    expect(idsOf(made.reconsiderFloating().report.witnessed)).toEqual([toHex(later.intention.id)]);
    expect(made.floating.count).toBe(0);
  });

  it("holds a tip, and with it what only the tip vouches for", () => {
    const clock = new FakeClock();
    const made = replica(clock);
    const below = world.forge(alice, first);
    const tip = world.forge(alice, below.intention, { timestamp: ms(START_MS + FUTURE_MS_MAX + 1) });
    const { report } = made.ingest([unsigned(below), tip]);
    expect(report.witnessed).toEqual([]);
    expect(counts(report.heldByReason)).toEqual({ unsigned: 1, future: 1 });
    expect(made.holdReason(below.intention)).toContain("signature");
    clock.ms += 1;
    expect(made.reconsiderFloating().report.witnessed).toHaveLength(2);
  });

  it("is never merged into this node's own clock while it is held", () => {
    const made = world.replica({ signer: owner });
    const far = world.forge(alice, first, { timestamp: ms(START_MS + 2 * FUTURE_MS_MAX), condition: [] });
    made.ingest([admitAlice]);
    expect(counts(made.ingest([far]).report.heldByReason)).toEqual({ future: 1 });
    const { intention } = made.submit(
      { op: { oneofKind: "app", app: { schema: 1, payload: new Uint8Array(0) } } },
      { sign: true },
    );
    expect(intention.timestamp).toBeLessThan(far.intention.timestamp);
  });
});

describe("an author who is not a member", () => {
  const written = chain(alice, first, 3);
  it.each([
    ["before", [...written], [admitAlice]],
    ["after", [admitAlice], [...written]],
    ["in one batch", [...written, admitAlice], []],
  ])("counts whether the admission comes %s", (_, one, two) => {
    const made = world.replica();
    made.ingest(one);
    made.ingest(two);
    expect(made.log.head.wseq).toBe(5);
    expect(made.floating.count).toBe(0);
  });

  it("is held, and this node fetches nothing for it", () => {
    const made = world.replica();
    const { report } = made.ingest([written[2]!]);
    expect(counts(report.heldByReason)).toEqual({ "not-a-member": 1 });
    expect(report.missing).toEqual([]);
    expect(made.holdReason(written[2]!.intention)).toContain("not a member");
  });

  it("is held as a reader, and released when it becomes a writer", () => {
    const made = world.replica();
    made.ingest([world.admit(alice, Role.READER), ...written]);
    expect(made.floating.count).toBe(3);
    made.ingest([admitAlice]);
    expect(made.floating.count).toBe(0);
  });

  it("is released by an admission that this node writes itself", () => {
    const made = world.replica({ signer: owner });
    made.ingest(written);
    const admit = { member: alice.publicKey, role: Role.WRITER, secretHash: new Uint8Array(0), name: "" };
    const op = { oneofKind: "admit", admit } as const;
    const { outcome } = made.submit(
      { op: { oneofKind: "system", system: { schema: 1, op } } },
      { sign: true },
    );
    expect(outcome.report.witnessed).toHaveLength(4);
    expect(made.floating.count).toBe(0);
  });

  it("is released along a chain of admissions, each by the one before", () => {
    const made = world.replica();
    const signers = [owner, ...["a", "b", "c", "d"].map(signerNamed)];
    const admissions: Forged[] = [];
    for (const [at, member] of signers.slice(1).entries()) {
      const seen = admissions.at(-1)?.intention.id;
      admissions.push(
        world.forge(signers[at]!, first, {
          ops: admitOps(member, Role.ADMIN),
          condition: seen ? [seen] : [],
        }),
      );
    }
    made.ingest(admissions.toReversed());
    expect(made.log.head.wseq).toBe(5);
  });
});

describe("a missing parent", () => {
  it("is asked for once, store_prev and condition alike", () => {
    const made = replica();
    const [one, two] = chain(alice, first, 2);
    const by = chain(bob, first, 1)[0]!;
    const child = world.forge(owner, admitBob.intention, {
      condition: [two!.intention.id, by.intention.id].sort(compareBytes),
    });
    const { report } = made.ingest([child, two!]);
    expect(report.missing.map(toHex).sort()).toEqual(
      [toHex(one!.intention.id), toHex(by.intention.id)].sort(),
    );
    expect(counts(report.heldByReason)).toEqual({ "parent-missing": 2 });
    expect(made.holdReason(child.intention)).toContain("waits for");
  });

  it("releases a long chain that came backwards, one by one", () => {
    const made = replica();
    const links = chain(alice, first, 300);
    for (const link of links.slice(1).toReversed()) expect(made.ingest([link]).report.witnessed).toEqual([]);
    expect(made.ingest([links[0]!]).report.witnessed).toHaveLength(300);
    expect(made.floating.count).toBe(0);
  });

  it("releases a diamond when its last corner comes", () => {
    const made = replica();
    const top = world.forge(alice, first);
    const left = world.forge(alice, top.intention);
    const right = world.forge(bob, first, { condition: [top.intention.id] });
    const ends = [left.intention.id, right.intention.id].sort(compareBytes);
    const bottom = world.forge(owner, admitBob.intention, { condition: ends });
    made.ingest([bottom]);
    made.ingest([right]);
    made.ingest([left]);
    expect(made.log.head.wseq).toBe(3);
    expect(idsOf(made.ingest([top]).report.witnessed)).toEqual(
      idsOf([top, left, right, bottom].map((each) => each.intention)),
    );
    expect(made.log.heads()).toEqual([bottom.intention.id]);
  });

  it("does not exist under another time", () => {
    const made = replica();
    const tip = world.forge(alice, first);
    const forgedId = makeId(tip.intention.timestamp - 1n, tip.intention.hash);
    const child = world.forge(alice, tip.intention, { storePrev: forgedId });
    const { report } = made.ingest([tip, child]);
    expect(counts(report.heldByReason)).toEqual({ "parent-missing": 1 });
  });
});

describe("duplicates", () => {
  it("are counted and change nothing, witnessed or floating, in one batch or two", () => {
    const made = replica();
    const [one, two, three] = chain(alice, first, 3) as [Forged, Forged, Forged];
    expect(made.ingest([one, one]).report.witnessed).toHaveLength(1);
    expect(made.ingest([three, three]).report.heldByReason.get("parent-missing")).toBe(1);
    const before = picture(made);
    const { report } = made.ingest([one, three, admitAlice]);
    expect(report.duplicateCount).toBe(3);
    expect(picture(made)).toEqual(before);
    made.ingest([two]);
    expect(made.floating.count).toBe(0);
  });

  it("of what is held need no proof", () => {
    const made = replica();
    const { report } = made.ingest([{ ...admitAlice, signature: noSignature }]);
    expect(report.duplicateCount).toBe(1);
  });
});

describe("a tip-signed batch", () => {
  const links = chain(alice, first, 4) as [Forged, Forged, Forged, Forged];

  it("is proved by its last signature", () => {
    const made = replica();
    const { report } = made.ingest([unsigned(links[0]), unsigned(links[1]), links[2]]);
    expect(report.witnessed).toHaveLength(3);
    expect(made.log.get(links[0].intention.id)!.signature).toBeUndefined();
    expect(
      made.log.vouchersOf(made.log.get(links[0].intention.id)!).map((each) => each.intention.seq),
    ).toEqual([2, 3]);
  });

  it.each([
    ["without a voucher", [links[2], unsigned(links[0]), unsigned(links[3])]],
    ["whose voucher comes before it", [links[1], unsigned(links[0])]],
    ["whose voucher has a forged signature", [unsigned(links[0]), { ...links[1], signature: noSignature }]],
    ["for which another author vouches", [unsigned(links[0]), world.forge(bob, links[0].intention)]],
  ])("is rejected as a whole with something %s", (_, items) => {
    const made = replica();
    const before = picture(made);
    const good = world.forge(bob, first);
    const { report } = made.ingest([good, ...items]);
    expect(counts(report.rejectedByReason)).toEqual({ "batch-rule": items.length + 1 });
    expect(picture(made)).toEqual(before);
  });

  it("with a bad signature below its tip is accepted: the tip vouches", () => {
    const made = replica();
    const { report } = made.ingest([{ ...links[0], signature: noSignature }, links[1]]);
    expect(report.witnessed).toHaveLength(2);
  });

  it("needs a signature in front of whatever cites others", () => {
    const made = replica();
    const cited = world.forge(bob, first);
    const tip = world.forge(alice, links[0].intention, { condition: [cited.intention.id] });
    expect(made.ingest([cited, unsigned(links[0]), tip]).report.rejectedByReason.get("batch-rule")).toBe(3);
    expect(made.ingest([cited, links[0], tip]).report.witnessed).toHaveLength(3);
  });

  it("can be witnessed though its author saw the author whom it admits write", () => {
    const newcomer = signerNamed("newcomer");
    const made = world.replica();
    const admission = world.admit(newcomer);
    const seen = world.forge(newcomer, first, { condition: [admission.intention.id] });
    const middle = world.forge(owner, admission.intention);
    const tip = world.forge(owner, middle.intention, { condition: [seen.intention.id] });
    made.ingest([unsigned(admission), middle, seen, tip]);
    expect(made.log.has(tip.intention.id)).toBe(true);
    expect(made.floating.count).toBe(0);
  });

  it("is not witnessed without the voucher, and is with it, once its time has come", () => {
    const clock = new FakeClock();
    const made = replica(clock);
    const tip = early(links[1]);
    const { report } = made.ingest([unsigned(links[0]), unsigned(links[1]), tip]);
    expect(report.witnessed).toEqual([]);
    expect(counts(report.heldByReason)).toEqual({ unsigned: 1, "parent-missing": 1, future: 1 });
    clock.ms += FUTURE_MS_MAX;
    made.reconsiderFloating();
    expect(made.floating.count).toBe(0);
    expect(made.log.has(tip.intention.id)).toBe(true);
  });

  it("falls back on a signature that it did not need, for all below that one", () => {
    const made = replica();
    const { report } = made.ingest([unsigned(links[0]), unsigned(links[1]), links[2], early(links[2])]);
    expect(idsOf(report.witnessed)).toEqual(idsOf(links.slice(0, 3).map((each) => each.intention)));
  });

  it("keeps a spare signature of what floats", () => {
    const made = replica();
    made.ingest([links[1], early(links[1])]);
    expect(made.ingest([links[0]]).report.witnessed).toHaveLength(2);
  });

  it("takes the signed copy of what floats without one", () => {
    const made = replica();
    const tip = early(links[0]);
    made.ingest([unsigned(links[0]), tip]);
    expect(made.ingest([links[0], tip]).report.witnessed).toHaveLength(1);
  });

  it("is settled however many vouchers have to wait", () => {
    const authors = [...Array(30).keys()].map((n) => signerNamed(`deep ${n}`));
    const made = world.replica();
    made.ingest(authors.map((author) => world.admit(author)));
    const items = authors.flatMap((author) => {
      const below = world.forge(author, first);
      return [unsigned(below), early(below, author)];
    });
    made.ingest([admitAlice]);
    const honest = chain(alice, first, 2);
    const { report } = made.ingest([...items, unsigned(honest[0]!), honest[1]!]);
    expect(idsOf(report.witnessed)).toEqual(idsOf(honest.map((each) => each.intention)));
  });

  /** Goes on where `prev` ends, at a time that has not come. */
  function early(prev: Forged, author = alice): Forged {
    return world.forge(author, prev.intention, { timestamp: ms(START_MS + FUTURE_MS_MAX + 1) });
  }
});

describe("the floating buffer", () => {
  it("drops the newcomer of an author who has too many, and takes it again when there is room", () => {
    const made = replica();
    const missing = world.forge(alice, first);
    const floats = [...Array(FLOATING_PER_AUTHOR_MAX + 2).keys()].map((n) =>
      world.forge(alice, missing.intention, { ops: put("k", `${n}`) }),
    );
    const { report } = made.ingest(floats);
    expect(report.droppedCount).toBe(2);
    expect(made.floating.count).toBe(FLOATING_PER_AUTHOR_MAX);
    expect(made.ingest([missing]).report.witnessed).toHaveLength(FLOATING_PER_AUTHOR_MAX + 1);
    expect(made.floating.count).toBe(0);
    expect(made.ingest(floats.slice(-2)).report.witnessed).toHaveLength(2);
  });

  it("leaves nothing behind of what it held", () => {
    const log = memoryLog(world);
    const made = openReplica({ world, log });
    made.ingest([admitAlice, admitBob]);
    const links = chain(alice, first, 5);
    const far = world.forge(bob, first, { condition: [links[4]!.intention.id] });
    for (const item of [far, ...links.toReversed()]) made.ingest([item]);
    expect(made.floating.count).toBe(0);
    expect([log.table("floating").count(), log.table("waiting").count()]).toEqual([0, 0]);
  });

  it("is the same when the store is opened again", () => {
    const log = memoryLog(world);
    const state = memoryState(world.type);
    const before = openReplica({ world, log, state });
    before.ingest(chain(alice, first, 3).slice(1));
    const after = openReplica({ world, log, state });
    expect(picture(after)).toEqual(picture(before));
    expect(after.floating.count).toBe(2);
  });

  it("does not grow by what a stranger signs in a member's name", () => {
    const made = replica();
    const forged = world.forge(alice, first);
    made.ingest([unsigned(forged), world.forge(bob, forged.intention)]);
    expect(made.floating.count).toBe(0);
  });
});

describe("forks", () => {
  it("are kept, shown and told, also at the first intention, and stall nobody", () => {
    const made = replica();
    const branches = [0, 1, 2].map((n) => world.forge(alice, first, { ops: put("k", `${n}`) }));
    const { report } = made.ingest(branches);
    expect(report.witnessed).toHaveLength(3);
    expect(report.forkers.map(toHex)).toEqual([toHex(alice.publicKey), toHex(alice.publicKey)]);
    const second = [0, 1].map((n) => world.forge(alice, branches[1]!.intention, { ops: put("k", `${n}`) }));
    made.ingest(second);
    expect(made.log.forkCount()).toBe(2);
    expect(made.log.forks().map(({ branches: ids }) => ids.map(toHex).sort())).toEqual([
      idsOf(branches.map((each) => each.intention)),
      idsOf(second.map((each) => each.intention)),
    ]);
    expect(idsOf(made.log.tipsOf(alice.publicKey))).toEqual(
      idsOf([branches[0]!, branches[2]!, ...second].map((each) => each.intention)),
    );
    expect(picture(openReplicaOn(made)).tips).toEqual(picture(made).tips);
  });

  it("by the creator, at the genesis, are forks, too", () => {
    const made = replica();
    made.ingest([world.forge(owner, first)]);
    expect(made.log.forks().map(({ author, branches }) => [toHex(author), branches.length])).toEqual([
      [toHex(owner.publicKey), 2],
    ]);
  });
});

/** Another replica that was told all of it. */
function openReplicaOn(made: ReturnType<typeof replica>) {
  const other = world.replica();
  for (const { items } of toBatches(made.log, made.log.records({ from: 2 }))) other.ingest(items);
  return other;
}

/** Counts what is read: rows, and looks for one. */
class CountingStorage implements Storage {
  readonly #storage: Storage;
  reads = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  get rollbackCount(): number {
    return this.#storage.rollbackCount;
  }

  table(name: string): TableReader {
    return this.#counting(this.#storage.table(name));
  }

  transaction<T>(body: (table: (name: string) => Table) => T): T {
    return this.#storage.transaction((table) =>
      body((name) => {
        const written = table(name);
        const put = (key: Uint8Array, value: Uint8Array) => written.put(key, value);
        return { ...this.#counting(written), put, delete: (key) => written.delete(key) };
      }),
    );
  }

  #counting(table: TableReader): TableReader {
    const count = () => {
      this.reads += 1;
    };
    return {
      get(key) {
        count();
        return table.get(key);
      },
      has(key) {
        count();
        return table.has(key);
      },
      *range(range) {
        count();
        for (const row of table.range(range)) {
          count();
          yield row;
        }
      },
      count: () => table.count(),
    };
  }

  flush(): Promise<void> {
    return this.#storage.flush();
  }
  rollback(): void {
    this.#storage.rollback();
  }
  close(): Promise<void> {
    return this.#storage.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Reads of the log that `run` takes, at one size and at four times that. */
function growth(run: (size: number, log: Storage) => () => unknown): number {
  const [small, large] = [150, 600].map((size) => {
    const storage = new CountingStorage(memoryLog(world));
    const measured = run(size, storage);
    const before = storage.reads;
    measured();
    return storage.reads - before;
  });
  return large! / small!;
}

describe("the work that a hostile batch causes grows with its size, not faster", () => {
  it.each<[string, (size: number) => Forged[]]>([
    [
      "children of one intention",
      (size) => [...Array(size).keys()].map((n) => world.forge(alice, first, { ops: put("k", `${n}`) })),
    ],
    ["a chain backwards", (size) => chain(alice, first, size).toReversed()],
    ["a chain without its beginning", (size) => chain(alice, first, size).slice(1)],
    [
      "what all waits for one parent",
      (size) => {
        const missing = world.forge(alice, first);
        return [...Array(size).keys()].map((n) =>
          world.forge(alice, missing.intention, { ops: put("k", `${n}`) }),
        );
      },
    ],
  ])("%s", (_, make) => {
    const ratio = growth((size, log) => {
      const made = openReplica({ world, log });
      made.ingest([admitAlice]);
      const batch = make(size);
      return () => made.ingest(batch);
    });
    expect(ratio).toBeLessThan(6);
  });

  it("a chain backwards, each in a batch of its own", () => {
    const ratio = growth((size, log) => {
      const made = openReplica({ world, log });
      made.ingest([admitAlice]);
      const batches = chain(alice, first, size).toReversed();
      return () => batches.forEach((item) => made.ingest([item]));
    });
    expect(ratio).toBeLessThan(6);
  });

  it("parents, one by one, of much that waits for yet another", () => {
    const ratio = growth((size, log) => {
      const made = openReplica({ world, log });
      made.ingest([admitAlice, admitBob]);
      const parents = chain(bob, first, size);
      const never = world.forge(alice, first);
      const last = world.forge(alice, never.intention, { condition: [parents.at(-1)!.intention.id] });
      made.ingest([last, ...chain(alice, last.intention, size)]);
      const waiting = parents.map(({ intention }) =>
        world.forge(alice, last.intention, { condition: [intention.id] }),
      );
      made.ingest(waiting);
      return () => parents.forEach((item) => made.ingest([item]));
    });
    expect(ratio).toBeLessThan(6);
  });

  it("newcomers that cite the last of a long chain that waits", () => {
    const ratio = growth((size, log) => {
      const made = openReplica({ world, log });
      made.ingest([admitAlice]);
      // Nobody has admitted Bob.
      const waiting = chain(bob, first, size);
      made.ingest(waiting);
      const last = waiting.at(-1)!.intention;
      const newcomers = Array.from({ length: size }, (_, n) =>
        world.forge(alice, first, {
          condition: [last.id],
          timestamp: (last.timestamp + 1n) as typeof last.timestamp,
          ops: put("k", `${n}`),
        }),
      );
      return () => newcomers.forEach((item) => made.ingest([item]));
    });
    expect(ratio).toBeLessThan(6);
  });

  it("system ops that come behind their place", () => {
    const [small, large] = [100, 400].map((size) => {
      const state = new CountingStorage(memoryState(world.type));
      const made = openReplica({ world, state });
      const names = [...Array(size).keys()].map((n) =>
        world.forge(alice, first, { ops: system({ oneofKind: "setName", setName: { name: `${n}` } }) }),
      );
      made.ingest([admitAlice, names.pop()!]);
      const before = state.reads;
      expect(made.ingest(names).report.witnessed).toHaveLength(size - 1);
      return state.reads - before;
    });
    expect(large! / small!).toBeLessThan(6);
  });

  it("serving a chain that one signature proves", () => {
    const ratio = growth((size, log) => {
      const made = openReplica({ world, log });
      made.ingest([admitAlice]);
      const links = chain(alice, first, size);
      made.ingest([...links.slice(0, -1).map(unsigned), links.at(-1)!]);
      return () => [...toBatches(made.log, made.log.records({ from: 2 }))];
    });
    expect(ratio).toBeLessThan(6);
  });

  it("listing forks of one author", () => {
    const ratio = growth((size, log) => {
      const made = openReplica({ world, log });
      made.ingest([admitAlice]);
      const links = chain(alice, first, size);
      const twins = links
        .slice(1)
        .map(({ intention }, at) => world.forge(alice, links[at]!.intention, { ops: intention.ops }));
      made.ingest([...links, ...twins]);
      return () => made.log.forks();
    });
    expect(ratio).toBeLessThan(6);
  });

  it("a fork with more branches than one row could hold", () => {
    const log = memoryLog(world);
    const made = openReplica({ world, log });
    made.ingest([admitAlice]);
    const count = 2500;
    const branches = [...Array(count).keys()].map((n) =>
      world.forge(alice, first, { ops: put("k", `${n}`) }),
    );
    made.ingest(branches.slice(0, -1));
    expect(made.log.tipsOf(alice.publicKey)).toHaveLength(count - 1);
    for (const [, row] of log.table("tips").range()) expect(row.length).toBeLessThan(100);
    expect(made.ingest([branches.at(-1)!]).report.witnessed).toHaveLength(1);
  });
});

describe("what leaves a node", () => {
  it("proves itself, batch by batch, also from the middle of a chain and past the limit of a batch", () => {
    const made = replica();
    const links = chain(alice, first, 12, { ops: put("big", "x".repeat(200_000)) });
    for (const part of [links.slice(0, 6), links.slice(6)])
      made.ingest([...part.slice(0, -1).map(unsigned), part.at(-1)!]);
    const batches = [...toBatches(made.log, made.log.records({ from: 4 }))];
    expect(batches.map(({ items }) => items.length)).toEqual([6, 6]);
    const other = replica();
    for (const { items } of batches) other.ingest(items);
    expect(picture(other)).toEqual(picture(made));
    const some = [links[2]!, links[4]!].map(({ intention }) => made.log.get(intention.id)!);
    const [batch] = toBatches(made.log, some);
    expect(batch!.items.map(({ body }) => (decodeIntention(body) as Intention).seq)).toEqual([3, 4, 5, 6]);
  });

  it("sends a group whole, however others' writes lie between its members", () => {
    const made = replica();
    const [hers, his] = [chain(alice, first, 6), chain(bob, first, 6)];
    const mixed = hers.flatMap((link, at) =>
      at < 5 ? [unsigned(link), unsigned(his[at]!)] : [link, his[at]!],
    );
    made.ingest(mixed);
    const [batch] = toBatches(made.log, made.log.records({ from: 4 }));
    const authors = batch!.items.map(({ body }) => (decodeIntention(body) as Intention).author);
    expect(authors.map((author) => equalBytes(author, authors[0]!))).toEqual([
      ...Array(6).fill(true),
      ...Array(6).fill(false),
    ]);
    const other = replica();
    other.ingest(batch!.items);
    expect(picture(other)).toEqual(picture(made));
  });

  it("has groups that do not grow from node to node", () => {
    let items: readonly Offered[] = chain(alice, first, 3 * GROUP_COUNT_MAX);
    for (let hop = 0; hop < 3; hop++) {
      const made = replica();
      made.ingest(items);
      const batches = [...toBatches(made.log, made.log.records({ from: 4 }))];
      expect(Math.max(...batches.map((batch) => batch.items.length))).toBeLessThanOrEqual(BATCH_COUNT_MAX);
      items = batches.flatMap((batch) => batch.items);
      expect(items.filter(({ signature }) => signature !== undefined)).toHaveLength(3);
    }
  });

  it("refuses a signature that stands for more than an author may leave unsigned", () => {
    const made = replica();
    const links = chain(alice, first, GROUP_COUNT_MAX + 1);
    const batch = [...links.slice(0, -1).map(unsigned), links.at(-1)!];
    expect(made.ingest(batch).report.rejectedByReason.get("batch-rule")).toBe(batch.length);
    const large = chain(bob, first, 3, { ops: put("big", "x".repeat(900_000)) });
    expect(made.ingest([unsigned(large[0]!), unsigned(large[1]!), large[2]!]).report.witnessed).toEqual([]);
    expect(made.ingest([unsigned(large[0]!), large[1]!, large[2]!]).report.witnessed).toHaveLength(3);
  });

  it("is written by this node in an order that others accept, however many heads there are and whichever came last", () => {
    const made = world.replica({ signer: owner });
    made.ingest([admitAlice]);
    const branches = [...Array(150).keys()].map((n) => world.forge(alice, first, { ops: put("k", `${n}`) }));
    for (const branch of branches.toReversed()) made.ingest([branch]);
    const { intention, outcome } = made.submit(
      { op: { oneofKind: "app", app: { schema: 1, payload: utf8("") } } },
      { sign: false },
    );
    made.seal();
    expect(outcome.report.witnessed).toHaveLength(3);
    for (const each of outcome.report.witnessed) expect(typeof decodeIntention(each.body)).toBe("object");
    expect(made.log.heads()).toEqual([intention.id]);
    const other = openReplicaOn(made);
    expect(picture(other)).toEqual(picture(made));
  });

  it("carries a signature for each branch of this node's own fork", () => {
    const made = world.replica({ signer: owner });
    const elsewhere = world.forge(owner, first, { timestamp: ms(START_MS + 60_000) });
    made.submit({ op: { oneofKind: "app", app: { schema: 1, payload: utf8("") } } }, { sign: false });
    made.ingest([elsewhere]);
    made.seal();
    expect(picture(openReplicaOn(made))).toEqual(picture(made));
    const { intention } = made.submit(
      { op: { oneofKind: "app", app: { schema: 1, payload: utf8("") } } },
      { sign: true },
    );
    expect(made.log.heads()).toEqual([intention.id]);
  });
});

it("encodes what it forges as everybody does", () => {
  const { intention } = world.forge(alice, first);
  const again = encodeIntention(decodeIntention(intention.body) as Intention);
  expect(again.id).toEqual(intention.id);
  expect(signed(again, alice).signature).toEqual(signIntention(alice, intention.hash));
});
