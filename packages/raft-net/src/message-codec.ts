/**
 * Messages of Raft as MessagePack, without who sends them and whom to: that the connection says.
 *
 *   request-vote     [1, term, flags, last index, last term]     flags: 1 pre-vote, 2 by order of the leader
 *   vote             [2, term, flags]                            flags: 1 pre-vote, 2 granted
 *   append           [3, term, prev index, prev term, commit, round, [entry, …]]
 *   append-reply     [4, term, rejected, index, hint index, hint term, round]
 *   heartbeat        [5, term, commit, round]
 *   heartbeat-reply  [6, term, round]
 *   snapshot         [7, term, snapshot, offset, data, round]
 *   snapshot-reply   [8, term, index, offset, round]
 *   timeout-now      [9, term]
 *   read-request     [10, term, session, number]
 *   read-reply       [11, term, session, number, index]
 *
 * Entries and snapshots are as on the disk (entry-codec.ts of @lattice/raft). What an entry holds is encoded where it came
 * into the cluster, and copied from there on.
 */
import { LatticeError } from "@lattice/model";
import {
  logIndex,
  readEntry,
  readSnapshotMeta,
  term,
  writeEntry,
  writeSnapshotMeta,
  type Entry,
  type LogIndex,
  type MemberId,
  type Message,
  type PackReader,
  type PackWriter,
} from "@lattice/raft";

const KIND = {
  "request-vote": 1,
  vote: 2,
  append: 3,
  "append-reply": 4,
  heartbeat: 5,
  "heartbeat-reply": 6,
  snapshot: 7,
  "snapshot-reply": 8,
  "timeout-now": 9,
  "read-request": 10,
  "read-reply": 11,
} as const satisfies Readonly<Record<Message["type"], number>>;

export function writeMessage(to: PackWriter, message: Message): void {
  const head = (fields: number) => {
    to.array(2 + fields);
    to.uint(KIND[message.type]);
    to.uint(message.term);
  };
  switch (message.type) {
    case "request-vote":
      head(3);
      to.uint(flagsOf(message.isPre, message.isTransfer));
      to.uint(message.lastIndex);
      to.uint(message.lastTerm);
      return;
    case "vote":
      head(1);
      to.uint(flagsOf(message.isPre, message.isGranted));
      return;
    case "append":
      head(5);
      to.uint(message.prevIndex);
      to.uint(message.prevTerm);
      to.uint(message.commit);
      to.uint(message.round);
      to.array(message.entries.length);
      for (const entry of message.entries) writeEntry(to, entry);
      return;
    case "append-reply":
      head(5);
      to.uint(flagsOf(message.isRejected, false));
      to.uint(message.index);
      to.uint(message.hintIndex);
      to.uint(message.hintTerm);
      to.uint(message.round);
      return;
    case "heartbeat":
      head(2);
      to.uint(message.commit);
      to.uint(message.round);
      return;
    case "heartbeat-reply":
      head(1);
      to.uint(message.round);
      return;
    case "snapshot":
      head(4);
      writeSnapshotMeta(to, message.snapshot);
      to.uint(message.offset);
      to.bin(message.data);
      to.uint(message.round);
      return;
    case "snapshot-reply":
      head(3);
      to.uint(message.index);
      to.uint(message.offset);
      to.uint(message.round);
      return;
    case "timeout-now":
      head(0);
      return;
    case "read-request":
      head(2);
      to.uint(message.read.session);
      to.uint(message.read.number);
      return;
    case "read-reply":
      head(3);
      to.uint(message.read.session);
      to.uint(message.read.number);
      to.uint(message.index);
  }
}

/** Data is a view. Throws `corrupt`. */
export function readMessage(reader: PackReader, between: { from: MemberId; to: MemberId }): Message {
  const fields = reader.array() - 2;
  const kind = reader.uint();
  const envelope = { from: between.from, to: between.to, term: term(reader.uint()) };
  const expect = (count: number) => {
    if (fields !== count)
      throw new LatticeError("corrupt", `a message of kind ${kind} with ${fields} fields`);
  };
  switch (kind) {
    case KIND["request-vote"]: {
      expect(3);
      const [isPre, isTransfer] = readFlags(reader);
      const lastIndex = index(reader);
      return {
        type: "request-vote",
        ...envelope,
        isPre,
        isTransfer,
        lastIndex,
        lastTerm: term(reader.uint()),
      };
    }
    case KIND.vote: {
      expect(1);
      const [isPre, isGranted] = readFlags(reader);
      return { type: "vote", ...envelope, isPre, isGranted };
    }
    case KIND.append: {
      expect(5);
      const prevIndex = index(reader);
      const prevTerm = term(reader.uint());
      const commit = index(reader);
      const round = reader.uint();
      const entries = readEntries(reader, prevIndex);
      return { type: "append", ...envelope, prevIndex, prevTerm, entries, commit, round };
    }
    case KIND["append-reply"]: {
      expect(5);
      const [isRejected] = readFlags(reader);
      const at = index(reader);
      const hintIndex = index(reader);
      const hintTerm = term(reader.uint());
      const round = reader.uint();
      return { type: "append-reply", ...envelope, isRejected, index: at, hintIndex, hintTerm, round };
    }
    case KIND.heartbeat:
      expect(2);
      return { type: "heartbeat", ...envelope, commit: index(reader), round: reader.uint() };
    case KIND["heartbeat-reply"]:
      expect(1);
      return { type: "heartbeat-reply", ...envelope, round: reader.uint() };
    case KIND.snapshot: {
      expect(4);
      const snapshot = readSnapshotMeta(reader);
      const offset = reader.uint();
      const data = reader.bin();
      return { type: "snapshot", ...envelope, snapshot, offset, data, round: reader.uint() };
    }
    case KIND["snapshot-reply"]: {
      expect(3);
      const at = index(reader);
      const offset = reader.uint();
      return { type: "snapshot-reply", ...envelope, index: at, offset, round: reader.uint() };
    }
    case KIND["timeout-now"]:
      expect(0);
      return { type: "timeout-now", ...envelope };
    case KIND["read-request"]:
      expect(2);
      return { type: "read-request", ...envelope, read: readId(reader) };
    case KIND["read-reply"]: {
      expect(3);
      const read = readId(reader);
      return { type: "read-reply", ...envelope, read, index: index(reader) };
    }
    default:
      throw new LatticeError("corrupt", `a message of a kind that there is not, ${kind}`);
  }
}

/** They follow each other without gaps: Raft takes that for granted. */
function readEntries(reader: PackReader, prevIndex: LogIndex): Entry[] {
  const entries: Entry[] = [];
  for (let left = reader.array(), next = prevIndex + 1; left > 0; left--, next++) {
    const entry = readEntry(reader);
    if (entry.index !== next)
      throw new LatticeError("corrupt", `entry ${entry.index} in the place of ${next}`);
    entries.push(entry);
  }
  return entries;
}

function index(reader: PackReader): LogIndex {
  return logIndex(reader.uint());
}

function readId(reader: PackReader): { session: number; number: number } {
  return { session: reader.uint(), number: reader.uint() };
}

function flagsOf(first: boolean, second: boolean): number {
  return (first ? 1 : 0) | (second ? 2 : 0);
}

function readFlags(reader: PackReader): [first: boolean, second: boolean] {
  const flags = reader.uint();
  if (flags > 3) throw new LatticeError("corrupt", `flags that there are not, ${flags}`);
  return [(flags & 1) !== 0, (flags & 2) !== 0];
}
