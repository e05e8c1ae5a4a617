/** The known ways to get consensus wrong, and this core's own (docs/raft.md). Searched for among clusters, not meshes. */
import type { Mutant } from "./mutant.ts";

const CANDIDATE = "packages/raft/src/candidate.ts";
const FOLLOWER = "packages/raft/src/follower.ts";
const LEADER = "packages/raft/src/leader.ts";
const LOG = "packages/raft/src/log.ts";
const PROGRESS = "packages/raft/src/progress.ts";
const QUORUM = "packages/raft/src/quorum.ts";
const RAFT = "packages/raft/src/raft.ts";
const REPLICATOR = "packages/raft/src/replicator.ts";
const ROUNDS = "packages/raft/src/rounds.ts";
const STATE = "packages/raft/src/member-state.ts";
const WRITES = "packages/raft/src/pending-writes.ts";

const elections: readonly Mutant[] = [
  {
    name: "vote-before-disk",
    file: RAFT,
    find: 'state.sendAfterPersist({ type: "vote", to: from, isPre, isGranted });',
    replace: 'state.send({ type: "vote", to: from, isPre, isGranted });',
    about: "a vote is given before it is durable",
  },
  {
    name: "candidacy-before-disk",
    file: CANDIDATE,
    find: "else state.sendAfterPersist(request);",
    replace: "else state.send(request);",
    about: "votes are asked for in a term that may be forgotten",
  },
  {
    name: "own-vote-before-disk",
    file: CANDIDATE,
    find: "if (isPre) this.#count(state.id, true);",
    replace: "this.#count(state.id, true);",
    about: "a candidate counts its own vote before it is durable",
  },
  {
    name: "vote-twice",
    file: RAFT,
    find: "const isFree = state.vote === from || (state.vote === NOBODY",
    replace: "const isFree = state.vote === from || (state.vote !== from",
    about: "a member gives its vote to everybody who asks",
  },
  {
    name: "vote-forgotten",
    file: STATE,
    find: "this.vote = known.durable.vote;",
    replace: "this.vote = NOBODY;",
    about: "a member that starts again may vote again",
  },
  {
    name: "vote-for-short-logs",
    file: LOG,
    find: "return last.term > this.lastTerm || (last.term === this.lastTerm && last.index >= this.lastIndex);",
    replace: "return last.term >= this.lastTerm;",
    about: "of two logs that end in one term the shorter one is good enough",
  },
  {
    name: "vote-for-long-logs",
    file: LOG,
    find: "return last.term > this.lastTerm || (last.term === this.lastTerm && last.index >= this.lastIndex);",
    replace: "return last.index >= this.lastIndex;",
    about: "the longer log wins, whatever its last term",
  },
  {
    name: "minority-elects",
    file: QUORUM,
    find: "const majority = (voters.length >> 1) + 1;",
    replace: "const majority = (voters.length + 1) >> 1;",
    about: "half of the votes are enough",
  },
  {
    name: "joint-vote-of-new-only",
    file: QUORUM,
    find: "const verdicts = [voters, outgoing].map((side) => sideVerdict(side, votes));",
    replace: "const verdicts = [voters, outgoing].slice(0, 1).map((side) => sideVerdict(side, votes));",
    about: "while memberships overlap, the new one elects by itself",
  },
  {
    name: "put-out-may-not-campaign",
    file: STATE,
    find: " || (log.membershipIndex > commit && isVoter(log.membershipAt(commit), id))",
    replace: "",
    about: "who is put out by an entry that only it has cannot be elected, and nobody else either",
  },
  {
    name: "election-timer-fixed",
    file: STATE,
    find: "this.electionAtMs = this.nowMs + electionTimeoutMs + this.random() * electionTimeoutMs;",
    replace: "this.electionAtMs = this.nowMs + electionTimeoutMs;",
    about: "all members wait equally long before they want to lead",
    escapes: "clocks and delays differ enough for somebody to be first",
  },
  {
    name: "leader-not-defended",
    file: STATE,
    find: "return this.leader === this.id || this.nowMs - this.leaderHeardAtMs < this.options.electionTimeoutMs;",
    replace: "return false;",
    about: "members help anybody to a new term although they hear the leader, on whose lease somebody reads",
  },
  {
    name: "patience-ends-with-term",
    file: RAFT,
    find: "(state.vote === NOBODY && state.leader === NOBODY && !isPatient)",
    replace: "(state.vote === NOBODY && state.leader === NOBODY)",
    about: "who hears of a new term forgets what it promised to the leader of the old one",
    escapes:
      "no seed in 5,000 brings the news of a term and a request for a vote in it at the right moments; a unit test does",
  },
  {
    name: "quorum-unchecked",
    file: LEADER,
    find: "if (nowMs >= this.#judgesFromMs && nowMs - this.#quorumHeardAtMs() > options.electionTimeoutMs) {",
    replace: "if (nowMs < 0) {",
    about: "a leader that hears of nobody goes on",
  },
  {
    name: "timeout-now-ignored",
    file: FOLLOWER,
    find: 'this.#transitions.campaign("transfer");',
    replace: "",
    about: "nobody takes over when asked to",
    escapes: "a transfer that comes to nothing is given up, and may be asked for again",
  },
  {
    name: "transfer-never-given-up",
    file: LEADER,
    find: "if (this.#transfer !== undefined && nowMs >= this.#transfer.givenUpAtMs) this.#transfer = undefined;",
    replace: "",
    about: "a leader waits for a successor for ever, and takes no proposals",
  },
];

const replication: readonly Mutant[] = [
  {
    name: "figure-8",
    file: LEADER,
    find: "if (reached <= commit || log.termAt(reached) !== term) return;",
    replace: "if (reached <= commit) return;",
    about: "a leader counts copies of entries of earlier terms (Raft figure 8)",
  },
  {
    name: "ack-before-disk",
    file: FOLLOWER,
    find: 'this.#state.sendAfterPersist({ type: "append-reply", to, ...acceptance });',
    replace: 'this.#state.send({ type: "append-reply", to, ...acceptance });',
    about: "an entry is acknowledged before it is durable",
  },
  {
    name: "leader-counts-early",
    file: REPLICATOR,
    find: "return id === this.#state.id ? this.#state.log.stable :",
    replace: "return id === this.#state.id ? this.#state.log.lastIndex :",
    about: "the leader counts its own copy before that is durable",
  },
  {
    name: "minority-commits",
    file: QUORUM,
    find: "return values[count >> 1]!;",
    replace: "return values[(count - 1) >> 1]!;",
    about: "half of the members are enough to commit, where their number is even",
  },
  {
    name: "joint-commit-by-new-only",
    file: QUORUM,
    find: "return outgoing.length === 0 ? incoming : Math.min(incoming, majorityReached(outgoing, reached));",
    replace: "return outgoing.length < 0 ? 0 : incoming;",
    about: "while memberships overlap, the new one commits by itself",
  },
  {
    name: "logs-not-matched",
    file: FOLLOWER,
    find: "if (prevIndex > state.commit && !log.holds({ index: prevIndex, term: prevTerm })) {",
    replace: "if (prevIndex > state.commit && prevIndex > log.lastIndex) {",
    about: "entries are appended whatever stands before them",
  },
  {
    name: "late-append-cuts",
    file: FOLLOWER,
    find: "if (entry.index <= state.commit || log.holds(entry)) continue;",
    replace: "if (entry.index <= state.commit) continue;",
    about: "a message that comes late cuts off what came after it",
  },
  {
    name: "commit-beyond-message",
    file: FOLLOWER,
    find: "state.commitTo(minIndex(commit, last));",
    replace: "state.commitTo(commit);",
    about: "a follower commits what the message did not show to be the leader's",
    escapes:
      "a leader's probes go to exactly where two logs part, so that nothing else stands behind what they show",
  },
  {
    name: "heartbeat-commits-all",
    file: REPLICATOR,
    find: "commit: minIndex(match, this.#state.commit), round });",
    replace: "commit: this.#state.commit, round });",
    about: "a heartbeat commits what the follower may not have",
  },
  {
    name: "acknowledges-more-than-sent",
    file: FOLLOWER,
    find: "this.#acknowledge(from, maxIndex(last, state.commit), round);",
    replace: "this.#acknowledge(from, log.lastIndex, round);",
    about: "a follower acknowledges all of its log, also what is not the leader's",
    escapes: "as commit-beyond-message",
  },
  {
    name: "stale-completion-counts",
    file: WRITES,
    find: "for (const write of this.#pending) write.last = minIndex(write.last, index);",
    replace: "",
    about: "a write that is done makes durable what took its place meanwhile",
  },
  {
    name: "cut-off-stays-stable",
    file: LOG,
    find: "this.#stable = minIndex(this.#stable, before);",
    replace: "",
    about: "what is written in the place of something durable counts as durable",
  },
  {
    name: "applied-before-durable",
    file: RAFT,
    find: "const end = minIndex(state.commit, log.stable);",
    replace: "const end = minIndex(state.commit, log.lastIndex);",
    about: "the state machine gets what this member may lose",
  },
  {
    name: "no-first-entry",
    file: LEADER,
    find: "this.#append(EntryKind.NOOP, {});",
    replace: "",
    about: "a new leader does not commit what it inherited",
  },
  {
    name: "probe-stays-paused",
    file: REPLICATOR,
    find: "progress.isPaused = false;\n    if",
    replace: "if",
    about: "after a lost probe nothing is sent any more",
  },
  {
    name: "loss-unnoticed",
    file: REPLICATOR,
    find: "progress.isDoubted = true;",
    replace: "progress.isDoubted = false;",
    about: "lost entries are missed only when more come",
  },
  {
    name: "rejection-ignored",
    file: PROGRESS,
    find: "this.next = maxIndex(logIndex(Math.min(rejected, hint + 1)), plus(this.match, 1));",
    replace: "",
    about: "a leader tries in the same place again",
  },
  {
    name: "window-ignored",
    file: "packages/raft/src/inflights.ts",
    find: "return this.count >= this.#bounds.countMax || this.#bytes >= this.#bounds.bytesMax;",
    replace: "return this.count < 0;",
    about: "what is under way to a follower has no bound",
  },
  {
    name: "term-learnt-from-nobody",
    file: RAFT,
    find: "if (!isOfLeader(message)) return;\n    const { commit }",
    replace: "if (isOfLeader(message)) return;\n    const { commit }",
    about: "a leader of an earlier term is not told that it is none",
    escapes: "an election brings the news too, only later",
  },
];

const snapshots: readonly Mutant[] = [
  {
    name: "old-snapshot-installed",
    file: FOLLOWER,
    find: "if (index <= state.commit || state.log.holds(snapshot)) {",
    replace: "if (state.log.holds(snapshot)) {",
    about: "a snapshot that comes late takes the log back",
  },
  {
    name: "snapshot-piece-missed",
    file: FOLLOWER,
    find: "if (offset === receivedBytes && offset + data.length <= snapshot.sizeBytes) {",
    replace: "if (offset >= receivedBytes && offset + data.length <= snapshot.sizeBytes) {",
    about: "a piece is taken although one before it is missing",
    escapes: "a leader sends the next piece only when the one before it has come",
  },
  {
    name: "snapshot-acknowledged-early",
    file: FOLLOWER,
    find: "state.installSnapshot(snapshot);\n      this.#acknowledge(from, index, round);",
    replace:
      'state.installSnapshot(snapshot);\n      state.send({ type: "append-reply", to: from, isRejected: false, index, hintIndex: index, hintTerm: state.term, round });',
    about: "a snapshot is acknowledged before it is durable",
  },
  {
    name: "snapshot-keeps-membership",
    file: LOG,
    find: "this.#memberships = [{ index: snapshot.index, membership: snapshot.membership }];\n    this.#stable = NO_INDEX;",
    replace: "this.#memberships = this.#memberships.slice(-1);\n    this.#stable = NO_INDEX;",
    about: "who installs a snapshot goes by the members it knew before",
  },
  {
    name: "snapshot-old-on-arrival",
    file: REPLICATOR,
    find: "if (progress.match >= Math.min(log.base.index, wanted)) progress.becomeReplicate();",
    replace: "if (progress.match >= log.base.index && wanted > 0) progress.becomeReplicate();",
    about: "where the log has gone on meanwhile, a snapshot that has come is waited for for ever",
  },
  {
    name: "lost-piece-not-sent-again",
    file: REPLICATOR,
    find: "outgoing.sentAtMs = undefined;\n    }",
    replace: "outgoing.offset += 0;\n    }",
    about: "a piece of a snapshot that is lost is not sent again",
  },
  {
    name: "compaction-forgets-membership",
    file: LOG,
    find: "...this.#memberships.filter(({ index }) => index > snapshot.index),",
    replace: "",
    about: "a snapshot makes a member forget a change behind it",
  },
];

const memberships: readonly Mutant[] = [
  {
    name: "membership-not-rolled-back",
    file: LOG,
    find: "while (this.membershipIndex > before) this.#memberships.pop();",
    replace: "",
    about: "a change that is cut off stays in force",
  },
  {
    name: "two-changes-at-once",
    file: LEADER,
    find: "if (!this.#hasCommittedInTerm || log.membershipIndex > commit || isJoint(log.membership)) {",
    replace: "if (isJoint(log.membership)) {",
    about: "a change begins before the one before it is committed",
    escapes: "with overlapping memberships only changes of learners can follow each other this closely",
  },
  {
    name: "membership-changed-directly",
    file: "packages/raft/src/membership.ts",
    find: "outgoing: isSameVoters ? [] : before.voters,",
    replace: "outgoing: isSameVoters ? before.voters.slice(0, 0) : [],",
    about: "voters change from one entry to the next, without an overlap",
  },
  {
    name: "overlap-never-ends",
    file: LEADER,
    find: "if (isJoint(log.membership)) this.#appendMembership(leaveJoint(log.membership));\n    else if",
    replace: "if",
    about: "two memberships overlap for ever",
  },
  {
    name: "overlap-ends-early",
    file: LEADER,
    find: "if (log.membershipIndex > commit) return;",
    replace: "if (!isJoint(log.membership) && log.membershipIndex > commit) return;",
    about: "the old membership ends before the overlap is committed",
  },
  {
    name: "learner-counts",
    file: REPLICATOR,
    find: "return id === this.#state.id ? this.#state.log.stable : (this.#peers.get(id)?.match ?? NO_INDEX);",
    replace:
      "return id === this.#state.id ? this.#state.log.stable : Math.max(...[...this.#peers].filter(([other]) => other === id || this.#state.log.membership.learners.includes(other)).map(([, { match }]) => match), NO_INDEX) as LogIndex;",
    about: "what a learner has counts for a voter",
  },
  {
    name: "removed-leader-stays",
    file: LEADER,
    find: "else if (!isVoter(log.membership, id)) this.#leave();",
    replace: "",
    about: "a leader that was put out leads on",
  },
];

const reads: readonly Mutant[] = [
  {
    name: "read-without-round",
    file: LEADER,
    find: "if (index !== undefined && this.#hasLease) this.#answerRead(from, read, index);",
    replace: "if (index !== undefined) this.#answerRead(from, read, index);",
    about: "a leader answers reads without asking whether it still leads",
  },
  {
    name: "read-before-first-commit",
    file: LEADER,
    find: "const index = this.#hasCommittedInTerm ? state.commit : undefined;",
    replace: "const index = state.commit;",
    about: "a new leader answers reads before it knows what is committed",
  },
  {
    name: "read-confirmed-by-late-reply",
    file: ROUNDS,
    find: "this.#waiting.push({ from, read, round: this.#current + 1, index });",
    replace: "this.#waiting.push({ from, read, round: this.#current, index });",
    about: "a reply to something older than the read confirms it",
    escapes:
      "a leader asks anew with every heartbeat, so its last question is hardly ever older than a new leader; a transcript shows it",
  },
  {
    name: "read-lost-with-leader",
    file: FOLLOWER,
    find: "for (const { read } of this.#forwarded.values()) this.#state.answerRead(read, undefined);",
    replace: "",
    about: "reads that a leader was asked about are forgotten when it changes",
  },
  {
    name: "lease-too-long",
    file: LEADER,
    find: "options.electionTimeoutMs * (1 - options.lease.driftMax);",
    replace: "options.electionTimeoutMs * 2;",
    about: "a lease outlasts the patience of those who gave it",
  },
  {
    name: "lease-from-receipt",
    file: LEADER,
    find: "const beganAt = this.#rounds.confirmedBeganAt(this.#confirmedRound());",
    replace: "const beganAt = this.#quorumHeardAtMs();",
    about: "a lease runs from when an answer came, not from when it was asked for",
  },
  {
    name: "lease-kept-in-transfer",
    file: LEADER,
    find: "if (options.lease === undefined || this.#hasGivenUpLease || this.#transfer !== undefined) return false;",
    replace: "if (options.lease === undefined) return false;",
    about: "a leader reads by its lease although it has asked somebody to take over",
  },
  {
    name: "lease-patience-lost-at-start",
    file: RAFT,
    find: "if (options.lease !== undefined) this.#state.leaderHeardAtMs = nowMs;",
    replace: "",
    about: "who starts again forgets what it promised to a leader",
    escapes: "no seed in 5,000 starts a member again in the milliseconds that it takes; a unit test does",
  },
];

const logs: readonly Mutant[] = [
  {
    name: "damage-taken-for-torn",
    file: "packages/raft-log/src/tail.ts",
    find: 'return isMissing ? { kind: "torn" } : damaged(offset, frame.what);',
    replace: 'return isMissing ? { kind: "torn" } : { kind: "torn" };',
    about: "a last frame with a flipped bit is cut off",
  },
  {
    name: "damage-in-the-middle-cut-off",
    file: "packages/raft-log/src/tail.ts",
    find: "if (fault !== undefined) return damaged(at, fault);",
    replace: 'if (fault !== undefined) return { kind: "torn" };',
    about: "a damaged frame and all that follows it is cut off",
  },
  {
    name: "content-unchecked",
    file: "packages/raft-log/src/frame.ts",
    find: 'if (crc32(content.subarray(CHECKED_FROM)) !== checksum) return broken("has damaged content", end);',
    replace: "",
    about: "what a frame holds is not checked",
  },
  {
    name: "segment-removed-early",
    file: "packages/raft-log/src/spans.ts",
    find: "return next === undefined || next.first > base + 1;",
    replace: "return next === undefined || next.first > base + 4;",
    about: "a segment goes although its last entries are needed",
  },
  {
    name: "new-segment-forgets-vote",
    file: "packages/raft-log/src/outline.ts",
    find: "hardState: hardState ?? before.hardState,",
    replace: "hardState: hardState ?? EMPTY_LOG.hardState,",
    about: "a write without a vote forgets the vote",
  },
];

export const raftMutants: readonly Mutant[] = [
  ...elections,
  ...replication,
  ...snapshots,
  ...memberships,
  ...reads,
  ...logs,
];
