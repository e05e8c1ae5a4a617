/** The suite that every implementation of Raft's transport port passes. */
import { isDeepStrictEqual } from "node:util";
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  term,
  type Entry,
  type Message,
  type RaftTransport,
} from "@lattice/raft";
import { describeChecks, type Checks } from "../check.ts";
import { Inbox, type RaftTransportUnderTest } from "./raft-transport-under-test.ts";

const [ANN, BOB, CAT] = [memberId(1), memberId(2), memberId(3)];
const ENVELOPE = { from: ANN, to: BOB, term: term(7) };
const MEMBERSHIP = membershipOf([ANN, BOB], [CAT]);

/** Registers the suite with vitest, a test a check. */
export function describeRaftTransport(name: string, under: RaftTransportUnderTest): void {
  describeChecks(name, raftTransportChecks, under);
}

/** What is asked of Raft's transport, by name. */
export const raftTransportChecks: Checks<RaftTransportUnderTest> = {
  "carries every kind of message as it is": async (under) => {
    await using pair = await open(under);
    for (const message of everyMessage()) await carry(pair, message);
  },

  "carries an append of many entries, and a large one": async (under) => {
    await using pair = await open(under);
    const many = Array.from({ length: 1000 }, (_, at) => dataEntry(at + 1, new Uint8Array(at % 50).fill(at)));
    await carry(pair, appendOf(many));
    await carry(pair, appendOf([dataEntry(1, new Uint8Array(2 << 20).fill(5))]));
  },

  "carries messages in both directions at once": async (under) => {
    await using pair = await open(under);
    const there = { ...ENVELOPE, type: "timeout-now" } as const;
    const back = { ...there, from: BOB, to: ANN };
    const send = () => {
      pair.ann.send(there);
      pair.bob.send(back);
    };
    send();
    await pair.bobs.until(() => pair.bobs.messages.length > 0, send);
    await pair.anns.until(() => pair.anns.messages.length > 0, send);
  },

  "gives a message to nobody but whom it is for": async (under) => {
    await using pair = await open(under);
    await using cat = await pair.join(CAT, pair.cats);
    for (let round = 0; round < 20; round++) {
      pair.ann.send({ ...ENVELOPE, type: "heartbeat", commit: logIndex(round), round });
      cat.send({ ...ENVELOPE, type: "heartbeat-reply", from: CAT, to: ANN, round });
    }
    await carry(pair, { ...ENVELOPE, type: "timeout-now" });
    const strays = [pair.anns, pair.bobs, pair.cats].flatMap(({ messages }, at) =>
      messages.filter(({ to }) => to !== at + 1),
    );
    if (strays.length > 0) throw new Error(`${strays.length} messages came to somebody else`);
  },

  "sends to nobody without harm": async (under) => {
    await using pair = await open(under);
    pair.ann.send({ ...ENVELOPE, to: CAT, type: "timeout-now" });
    pair.ann.send({ ...ENVELOPE, to: memberId(99), type: "timeout-now" });
    await carry(pair, { ...ENVELOPE, type: "timeout-now" });
  },

  "calls nobody back while it is called": async (under) => {
    await using pair = await open(under);
    const before = pair.bobs.messages.length;
    pair.ann.send({ ...ENVELOPE, type: "timeout-now" });
    if (pair.bobs.messages.length > before) throw new Error("a message came before send was over");
  },

  "reaches a member that has come back": async (under) => {
    await using pair = await open(under);
    await carry(pair, { ...ENVELOPE, type: "timeout-now" });
    await pair.bob.close();
    pair.ann.send({ ...ENVELOPE, type: "timeout-now" });
    const bobs = new Inbox();
    await using _back = await pair.join(BOB, bobs);
    await carry({ ...pair, bobs }, { ...ENVELOPE, type: "heartbeat", commit: logIndex(1), round: 2 });
  },

  "tells when a member that it was connected to is gone": async (under) => {
    await using pair = await open(under);
    await carry(pair, { ...ENVELOPE, type: "timeout-now" });
    await pair.bob.close();
    await pair.anns.until(() => pair.anns.lostMembers.includes(BOB));
  },

  "sends and receives nothing once it is closed": async (under) => {
    await using pair = await open(under);
    await using cat = await pair.join(CAT, pair.cats);
    await carry(pair, { ...ENVELOPE, type: "timeout-now" });
    const count = pair.bobs.messages.length;
    await pair.bob.close();
    await pair.bob.close();
    pair.ann.send({ ...ENVELOPE, type: "timeout-now" });
    pair.bob.send({ ...ENVELOPE, from: BOB, to: CAT, type: "timeout-now" });
    // What overtakes nothing shows that the rest had its time.
    const last = { ...ENVELOPE, to: CAT, type: "timeout-now" } as const;
    pair.ann.send(last);
    await pair.cats.until(
      () => pair.cats.messages.some(({ from }) => from === ANN),
      () => pair.ann.send(last),
    );
    if (pair.bobs.messages.length > count) throw new Error("a message came to what is closed");
    if (pair.cats.messages.some(({ from }) => from === BOB))
      throw new Error("what is closed has sent a message");
    await cat.close();
  },
};

interface Pair extends AsyncDisposable {
  readonly ann: RaftTransport;
  readonly bob: RaftTransport;
  readonly anns: Inbox;
  readonly bobs: Inbox;
  readonly cats: Inbox;
  readonly join: Awaited<ReturnType<RaftTransportUnderTest["open"]>>["join"];
}

async function open(under: RaftTransportUnderTest): Promise<Pair> {
  const network = await under.open([ANN, BOB, CAT]);
  const [anns, bobs, cats] = [new Inbox(), new Inbox(), new Inbox()];
  const ann = await network.join(ANN, anns);
  const bob = await network.join(BOB, bobs);
  return {
    ann,
    bob,
    anns,
    bobs,
    cats,
    join: async (id, events) => network.join(id, events),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([ann.close(), bob.close()]);
      await network[Symbol.asyncDispose]();
    },
  };
}

/** What was sent to each, as often as it took. */
const carried = new WeakMap<Inbox, readonly Message[]>();

/** Until it has come, since it may be lost; and it has to be the same then. */
async function carry({ ann, bobs }: Pick<Pair, "ann" | "bobs">, message: Message): Promise<void> {
  const before = carried.get(bobs) ?? [];
  carried.set(bobs, [...before, message]);
  const first = bobs.messages.length;
  // Of what was sent again before, some may come only now.
  const isLate = (each: Message) => before.some((known) => isSame(each, known)) && !isSame(each, message);
  const come = () => bobs.messages.slice(first).filter((each) => each.type === message.type && !isLate(each));
  ann.send(message);
  await bobs.until(
    () => come().length > 0,
    () => ann.send(message),
  );
  if (!come().some((each) => isSame(each, message)))
    throw new Error(`a message of type ${message.type} came changed`);
}

function isSame(a: Message, b: Message): boolean {
  return isDeepStrictEqual(plain(a), plain(b));
}

/** A view of a larger buffer is as good as a copy. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const known = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(known.map(([key, each]) => [key, plain(each)]));
}

function dataEntry(index: number, data: Uint8Array): Entry {
  return { index: logIndex(index), term: term(6), kind: EntryKind.DATA, data, membership: undefined };
}

function appendOf(entries: readonly Entry[]): Message {
  const place = { prevIndex: logIndex(0), prevTerm: term(0), commit: logIndex(3), round: 9 };
  return { ...ENVELOPE, type: "append", ...place, entries };
}

function everyMessage(): Message[] {
  const none = new Uint8Array();
  const change = {
    index: logIndex(2),
    term: term(7),
    kind: EntryKind.MEMBERSHIP,
    data: none,
    membership: MEMBERSHIP,
  };
  const snapshot = {
    index: logIndex(5),
    term: term(6),
    membership: MEMBERSHIP,
    sizeBytes: 700,
    checksum: 0xdeadbeef,
  };
  const read = { session: 2 ** 47 + 3, number: 12 };
  const rejection = {
    isRejected: true,
    index: logIndex(9),
    hintIndex: logIndex(4),
    hintTerm: term(2),
    round: 1,
  };
  const candidacy = { isTransfer: true, lastIndex: logIndex(2 ** 40), lastTerm: term(6) };
  return [
    { ...ENVELOPE, type: "request-vote", isPre: false, ...candidacy },
    { ...ENVELOPE, type: "request-vote", isPre: true, ...candidacy, isTransfer: false },
    { ...ENVELOPE, type: "vote", isPre: true, isGranted: false },
    { ...ENVELOPE, type: "vote", isPre: false, isGranted: true },
    appendOf([
      { ...dataEntry(1, none), kind: EntryKind.NOOP },
      change,
      dataEntry(3, new Uint8Array([0, 255])),
    ]),
    appendOf([]),
    { ...ENVELOPE, type: "append-reply", ...rejection },
    { ...ENVELOPE, type: "append-reply", ...rejection, isRejected: false },
    { ...ENVELOPE, type: "heartbeat", commit: logIndex(0), round: 0 },
    { ...ENVELOPE, type: "heartbeat-reply", round: 2 ** 50 },
    { ...ENVELOPE, type: "snapshot", snapshot, offset: 256, data: new Uint8Array([1, 2, 3]), round: 4 },
    { ...ENVELOPE, type: "snapshot-reply", index: logIndex(5), offset: 259, round: 4 },
    { ...ENVELOPE, type: "timeout-now" },
    { ...ENVELOPE, type: "read-request", read },
    { ...ENVELOPE, type: "read-reply", read, index: logIndex(77) },
  ];
}
