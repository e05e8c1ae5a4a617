/** One member by itself, and what others might say to it: for what no orderly cluster brings about. */
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  NOBODY,
  NO_INDEX,
  NO_TERM,
  Raft,
  term,
  type Entry,
  type Membership,
  type Message,
  type Persisted,
  type RaftOptions,
  type Ready,
  type SnapshotMeta,
} from "@lattice/raft";

const ALL_OF_THREE = membershipOf([1, 2, 3].map(memberId));

/** `"1:1 2:1 3:2"`; a first entry names the members, the others are data. */
export function entriesOf(names: string): Entry[] {
  if (names === "") return [];
  return names.split(" ").map((name) => {
    const [index, its] = name.split(":").map(Number);
    const isFirst = index === 1;
    return {
      index: logIndex(index!),
      term: term(its!),
      kind: isFirst ? EntryKind.MEMBERSHIP : EntryKind.DATA,
      data: isFirst ? new Uint8Array() : new TextEncoder().encode(name),
      membership: isFirst ? ALL_OF_THREE : undefined,
    };
  });
}

export interface AloneOptions {
  readonly id?: number;
  readonly log?: string;
  readonly hardState?: { readonly term: number; readonly vote?: number; readonly commit: number };
  readonly snapshot?: SnapshotMeta;
  readonly applied?: number;
  readonly options?: Partial<RaftOptions>;
}

/** Member 1 of three in term 2, with a log of one entry. */
export function alone({
  id = 1,
  log = "1:1",
  hardState,
  snapshot,
  applied,
  options,
}: AloneOptions = {}): Raft {
  const { term: its, vote = NOBODY, commit } = hardState ?? { term: 2, commit: 1 };
  const base = snapshot ?? { index: NO_INDEX, term: NO_TERM };
  const persisted: Persisted = {
    hardState: { term: term(its), vote: memberId(vote), commit: logIndex(commit) },
    snapshot,
    base: { index: base.index, term: base.term },
    entries: entriesOf(log),
  };
  return new Raft({
    id: memberId(id),
    persisted,
    applied: logIndex(applied ?? snapshot?.index ?? 0),
    random: () => 0.5,
    nowMs: 0,
    ...(options && { options }),
  });
}

/** All its wishes at once, on a disk that is done at once. */
export function settled(raft: Raft): Pick<Ready, "messages" | "committed" | "reads"> {
  const all = { messages: [] as Message[], committed: [] as Entry[], reads: [] as Ready["reads"][number][] };
  for (;;) {
    const { messages, writeId, write, afterPersist, committed, reads } = raft.takeReady();
    all.messages.push(...messages, ...afterPersist);
    all.committed.push(...committed);
    all.reads.push(...reads);
    if (write !== undefined) raft.persisted(writeId);
    if (committed.length > 0) raft.applied(committed.at(-1)!.index);
    if (write === undefined && committed.length === 0 && messages.length === 0) return all;
  }
}

export function logOf({ log }: Raft): string {
  const indices = Array.from({ length: log.lastIndex - log.base.index }, (_, at) =>
    logIndex(log.base.index + at + 1),
  );
  return indices.map((index) => `${index}:${log.termAt(index)}`).join(" ");
}

type Sent = { readonly from: number; readonly to?: number; readonly term: number };

function envelope({ from, to = 1, term: its }: Sent) {
  return { from: memberId(from), to: memberId(to), term: term(its) };
}

/** After `prev`, which is `index:term`. */
export function append(
  sent: Sent & {
    readonly prev: string;
    readonly entries?: string;
    readonly commit?: number;
    readonly round?: number;
  },
): Message {
  const [prevIndex, prevTerm] = sent.prev.split(":").map(Number);
  return {
    ...envelope(sent),
    type: "append",
    prevIndex: logIndex(prevIndex!),
    prevTerm: term(prevTerm!),
    entries: entriesOf(sent.entries ?? ""),
    commit: logIndex(sent.commit ?? 1),
    round: sent.round ?? 0,
  };
}

export function heartbeat(sent: Sent & { readonly round?: number }): Message {
  return { ...envelope(sent), type: "heartbeat", commit: NO_INDEX, round: sent.round ?? 0 };
}

export function requestVote(sent: Sent & { readonly last: string; readonly isPre?: boolean }): Message {
  const [lastIndex, lastTerm] = sent.last.split(":").map(Number);
  return {
    ...envelope(sent),
    type: "request-vote",
    isPre: sent.isPre ?? false,
    isTransfer: false,
    lastIndex: logIndex(lastIndex!),
    lastTerm: term(lastTerm!),
  };
}

export function vote(sent: Sent & { readonly isGranted: boolean; readonly isPre?: boolean }): Message {
  return { ...envelope(sent), type: "vote", isPre: sent.isPre ?? false, isGranted: sent.isGranted };
}

export function snapshotOf(name: string, membership: Membership = ALL_OF_THREE): SnapshotMeta {
  const [index, its] = name.split(":").map(Number);
  return { index: logIndex(index!), term: term(its!), membership, sizeBytes: 4, checksum: index! };
}

/** All of it in one piece, unless it says which. */
export function chunk(
  sent: Sent & { readonly snapshot: SnapshotMeta; readonly offset?: number; readonly bytes?: number },
): Message {
  const { snapshot, offset = 0, bytes = snapshot.sizeBytes } = sent;
  return { ...envelope(sent), type: "snapshot", snapshot, offset, data: new Uint8Array(bytes), round: 0 };
}
