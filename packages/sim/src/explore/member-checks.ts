/**
 * What one member can break by itself.
 *
 *  1. Its term and its commit index never fall while it runs; what is on its disk never goes back at all.
 *  2. One vote a term (Raft §5.2), in memory and on the disk.
 *  3. A leader only appends (§5.3).
 *  4. What it tells others is on its disk (§5.1: "updated on stable storage before responding"): its vote for itself or
 *     another, and every entry that it says it has.
 */
import type { HardState, Message, Persisted, RaftStatus } from "@lattice/raft";
import { Violation } from "../violation.ts";
import type { Member } from "./member.ts";

export function verifyStep(before: Member, after: Member, { isRestart }: { isRestart: boolean }): void {
  verifyHardStates(before.disk.hardState, after.disk.hardState);
  if (isRestart) return;
  const [was, is] = [before.raft.status(), after.raft.status()];
  verifyHardStates(was, is);
  if (is.commit < was.commit) throw new Violation("monotone commit", `${was.commit} became ${is.commit}`);
  if (was.role === "leader" && is.role === "leader" && was.term === is.term)
    verifyAppended(before, was, after);
}

function verifyHardStates(was: Omit<HardState, "commit">, is: Omit<HardState, "commit">): void {
  if (is.term < was.term) throw new Violation("monotone term", `term ${was.term} became ${is.term}`);
  if (is.term === was.term && was.vote !== 0 && is.vote !== was.vote) {
    throw new Violation("one vote a term", `the vote in term ${is.term} was ${was.vote} and is ${is.vote}`);
  }
}

function verifyAppended(before: Member, { last }: RaftStatus, after: Member): void {
  const { log } = after.raft;
  if (log.lastIndex >= last.index && (last.index < log.base.index || log.holds(last))) return;
  const message = `entry ${last.index} of term ${last.term} is not in the log of member ${before.raft.status().id} any more`;
  throw new Violation("leader append-only", message);
}

export function verifySent(message: Message, disk: Persisted): void {
  if (isKept(message, disk)) return;
  const { term, vote } = disk.hardState;
  const last = disk.base.index + disk.entries.length;
  throw new Violation(
    "durable before sent",
    `member ${message.from} sends ${message.type} in term ${message.term}; its disk has term ${term}, vote ${vote} and entries up to ${last}`,
  );
}

function isKept(message: Message, { hardState, base, entries }: Persisted): boolean {
  const { term, vote } = hardState;
  const isVoteKept = (to: number) => term > message.term || (term === message.term && vote === to);
  if (message.type === "request-vote") return message.isPre || isVoteKept(message.from);
  if (message.type === "vote") return message.isPre || !message.isGranted || isVoteKept(message.to);
  if (message.type === "append-reply" && !message.isRejected) {
    return term >= message.term && base.index + entries.length >= message.index;
  }
  return true;
}
