/**
 * One member with its disk, and what can happen to it. A step changes nothing: it gives another member.
 *
 * Between two steps a member has nothing left to say: whatever is not to wait for the disk is sent, applied or answered
 * within the step.
 */
import {
  EntryKind,
  logIndex,
  memberId,
  membershipOf,
  membersOf,
  NO_INDEX,
  NOTHING_PERSISTED,
  Raft,
  term,
  type EntryId,
  type LogIndex,
  type MemberId,
  type MembershipChange,
  type Message,
  type Persisted,
  type PersistentChange,
  type RaftWrite,
  type ReadId,
  type ReadResult,
  type Ready,
} from "@lattice/raft";
import type { Bounds } from "./bounds.ts";
import type { Rules } from "./rules.ts";
import { verifySent, verifyStep } from "./member-checks.ts";

export interface Member {
  readonly raft: Raft;
  readonly disk: Persisted;
  /** What the disk was asked for and has not done. */
  readonly pending: readonly PendingWrite[];
  readonly startCount: number;
  readonly nowMs: number;
}

interface PendingWrite {
  readonly writeId: number;
  readonly change: PersistentChange;
  /** What waits for it. */
  readonly messages: readonly Message[];
}

export type Input =
  | { readonly kind: "deliver"; readonly message: Message }
  /** The oldest write that is pending gets done. */
  | { readonly kind: "persist" }
  /** What is not on the disk is lost, and it starts again; its state machine where it was, or with the snapshot. */
  | { readonly kind: "crash"; readonly keepsState: boolean }
  /** It holds an election, all having said at once that they would vote for it. */
  | { readonly kind: "campaign" }
  /** It asks who would vote for it. */
  | { readonly kind: "pre-vote" }
  /** A leader has not heard of a majority for too long. */
  | { readonly kind: "step-down" }
  | { readonly kind: "propose"; readonly value: number }
  | { readonly kind: "read" }
  /** It takes a snapshot of what it has applied, and forgets the log up to there. */
  | { readonly kind: "snapshot" }
  | { readonly kind: "transfer"; readonly to: MemberId }
  | { readonly kind: "change"; readonly change: MembershipChange };

export interface Outcome {
  readonly member: Member;
  readonly sent: readonly Message[];
  /** The read that began. */
  readonly begun: ReadId | undefined;
  readonly answered: readonly ReadResult[];
}

interface Start extends Pick<Member, "disk" | "startCount" | "nowMs"> {
  readonly id: MemberId;
  readonly applied: LogIndex;
}

export const FIRST_TERM = term(1);
const SNAPSHOT_BYTES = 1;
/** With no timeout at all, whoever waits has waited long enough whenever its time moves. */
const PATIENCE_MS = 0;

/** The founders begin with a membership in their log, as a new cluster's members do. */
export function newMember(id: MemberId, bounds: Bounds): Member {
  const voters = idsFrom(1, bounds.members);
  const learners = idsFrom(1 + bounds.members, bounds.learners);
  const index = logIndex(1);
  const founding = {
    index,
    term: FIRST_TERM,
    kind: EntryKind.MEMBERSHIP,
    data: new Uint8Array(),
    membership: membershipOf(voters, learners),
  };
  const isFounder = id <= bounds.members + bounds.learners;
  const disk: Persisted = isFounder
    ? {
        ...NOTHING_PERSISTED,
        hardState: { term: FIRST_TERM, vote: memberId(0), commit: index },
        entries: [founding],
      }
    : NOTHING_PERSISTED;
  return started({ id, disk, applied: NO_INDEX, startCount: bounds.reads > 0 ? 1 : 0, nowMs: 0 }).member;
}

function idsFrom(first: number, count: number): MemberId[] {
  return Array.from({ length: count }, (_, at) => memberId(first + at));
}

/** Throws what an assertion of the core throws, and a `Violation` of what one member can break by itself. */
export function perform(before: Member, input: Input, rules: Rules): Outcome {
  const outcome = input.kind === "crash" ? restarted(before, input, rules) : stepped(before, input, rules);
  verifyStep(before, outcome.member, { isRestart: input.kind === "crash" });
  return outcome;
}

/** The same, and all writes are done before anything else happens. */
export function performWritten(before: Member, input: Input, rules: Rules): Outcome {
  let outcome = perform(before, input, rules);
  while (outcome.member.pending.length > 0) {
    const { member, sent, answered } = perform(outcome.member, { kind: "persist" }, rules);
    const { begun } = outcome;
    outcome = {
      member,
      sent: [...outcome.sent, ...sent],
      begun,
      answered: [...outcome.answered, ...answered],
    };
  }
  return outcome;
}

function restarted(member: Member, { keepsState }: { keepsState: boolean }, rules: Rules): Outcome {
  const { raft, startCount, nowMs } = member;
  const { id, applied } = raft.status();
  const disk = rules.recover(member.disk);
  return started({
    id,
    disk,
    applied: keepsState ? applied : (disk.snapshot?.index ?? NO_INDEX),
    // Only its reads tell one life of a member from another: without any there is nothing to count.
    startCount: startCount > 0 ? startCount + 1 : 0,
    nowMs,
  });
}

function started({ id, disk, applied, startCount, nowMs }: Start): Outcome {
  const raft = new Raft({
    id,
    persisted: disk,
    applied,
    random: () => startCount / 2 ** 48,
    nowMs,
    options: { electionTimeoutMs: PATIENCE_MS },
  });
  return settled({ raft, disk, pending: [], startCount, nowMs });
}

function stepped(before: Member, input: Exclude<Input, { kind: "crash" }>, rules: Rules): Outcome {
  const member = { ...before, raft: before.raft.clone() };
  const { raft } = member;
  switch (input.kind) {
    case "deliver":
      raft.step(rules.hear(input.message));
      return settled(member);
    case "persist":
      return persisted(member, rules);
    case "campaign":
      return campaigned(member);
    case "pre-vote":
      raft.campaign();
      return settled(member);
    case "step-down":
      raft.tick(member.nowMs + 1);
      return settled({ ...member, nowMs: member.nowMs + 1 });
    case "propose":
      raft.propose([Uint8Array.of(input.value)]);
      return settled(member);
    case "read":
      return settled(member, { begun: raft.readIndex() });
    case "snapshot":
      return settled(withSnapshot(member, rules));
    case "transfer":
      raft.transfer(input.to);
      return settled(member);
    case "change":
      raft.changeMembership([input.change]);
      return settled(member);
  }
}

/** Takes what the core has to say, and does what waits for nothing. */
function settled(
  member: Member,
  so: { sent?: readonly Message[]; begun?: ReadId; answered?: readonly ReadResult[] } = {},
): Outcome {
  const { raft, disk } = member;
  const ready = raft.takeReady();
  const last = ready.committed.at(-1);
  if (last !== undefined) raft.applied(last.index);
  const sent = [...(so.sent ?? []), ...ready.messages].map(withData);
  for (const message of sent) verifySent(message, disk);
  return {
    member: { ...member, pending: withReady(member.pending, ready) },
    sent,
    begun: so.begun,
    answered: [...(so.answered ?? []), ...ready.reads],
  };
}

function withReady(pending: readonly PendingWrite[], ready: Ready): readonly PendingWrite[] {
  const { write: change, writeId, afterPersist: messages } = ready;
  if (change !== undefined) return [...pending, { writeId, change, messages }];
  const last = pending.at(-1);
  if (last === undefined || messages.length === 0) return pending;
  return [...pending.slice(0, -1), { ...last, messages: [...last.messages, ...messages] }];
}

/** The bytes of a snapshot come from whoever sends it. */
function withData(message: Message): Message {
  return message.type === "snapshot" ? { ...message, data: new Uint8Array(SNAPSHOT_BYTES) } : message;
}

function persisted(member: Member, rules: Rules): Outcome {
  const [first, ...pending] = member.pending;
  const disk = rules.write(member.disk, writeOf(first!.change));
  for (const message of first!.messages) verifySent(message, disk);
  member.raft.persisted(first!.writeId);
  return settled({ ...member, disk, pending }, { sent: first!.messages });
}

function writeOf({ hardState, entries, install }: PersistentChange): RaftWrite {
  return { entries, ...(hardState && { hardState }), ...(install && { snapshot: install }) };
}

function campaigned(member: Member): Outcome {
  const { raft } = member;
  raft.campaign();
  // Its questions are not asked. Alone it has none, and is a candidate already.
  const reads = raft.status().role === "pre-candidate" ? raft.takeReady().reads : [];
  const { id, term: before, membership } = raft.status();
  for (const from of membersOf(membership)) {
    if (raft.status().role !== "pre-candidate") break;
    if (from === id) continue;
    raft.step({ type: "vote", from, to: id, term: term(before + 1), isPre: true, isGranted: true });
  }
  return settled(member, { answered: reads });
}

function withSnapshot(member: Member, rules: Rules): Member {
  const { raft } = member;
  const index = raft.status().applied;
  const base: EntryId = { index, term: raft.termAt(index)! };
  const snapshot = { ...base, membership: raft.membershipAt(index), sizeBytes: SNAPSHOT_BYTES, checksum: 0 };
  raft.snapshotTaken(snapshot, base);
  return { ...member, disk: rules.write(member.disk, { snapshot, compactTo: base }) };
}

export function snapshotIndexOf({ raft }: Member): LogIndex {
  return raft.snapshot?.index ?? NO_INDEX;
}
