/**
 * What must hold in every state of the world (Raft figure 3), together with `chronicle.ts` and `member-checks.ts`.
 *
 *  1. Log matching: entries with the same index and term are the same, and so is everything before them. In memory and on
 *     the disks, of all members.
 *  2. State machine safety: what a member takes for committed is what was committed there, by whom- and whenever.
 *  3. Leader completeness: who leads has everything that was committed in earlier terms.
 *  4. What was committed is on the disks of a majority. While memberships overlap, the majority of the outgoing one counts for
 *     what came up to the overlap: whoever leads from there on needs a majority of the incoming one, which knows the rest.
 */
import type { Membership } from "@lattice/raft";
import { Violation } from "../violation.ts";
import type { LogView, MemberView } from "./atlas.ts";
import type { Chronicle } from "./chronicle.ts";

export class Checks {
  /** Pairs of logs that match. */
  readonly #matching = new Set<number>();

  verify(members: readonly MemberView[], chronicle: Chronicle): void {
    verifyQuorum(chronicle, new Map(members.map((member) => [member.id, this.#heldBy(member, chronicle)])));
    for (const [at, a] of members.entries()) {
      for (const b of members.slice(at)) this.#verifyPair(a, b);
    }
  }

  /** How much of what was committed its disk holds. */
  #heldBy(member: MemberView, chronicle: Chronicle): number {
    const known = chronicle.heldByMember.get(member.number);
    if (known !== undefined) return known;
    verifyCommitted(member, chronicle);
    verifyComplete(member, chronicle);
    const end = chronicle.committed.length;
    const held = (differsFrom(chronicle, member.disk, end) ?? end + 1) - 1;
    chronicle.heldByMember.set(member.number, held);
    return held;
  }

  #verifyPair(a: MemberView, b: MemberView): void {
    this.#verifyMatch(a.log, b.log);
    this.#verifyMatch(a.log, b.disk);
    this.#verifyMatch(a.disk, b.log);
    this.#verifyMatch(a.disk, b.disk);
  }

  #verifyMatch(a: LogView, b: LogView): void {
    if (a === b) return;
    const pair = a.number * PAIR + b.number;
    if (this.#matching.has(pair)) return;
    verifyMatch(a, b);
    this.#matching.add(pair);
  }
}

const PAIR = 2 ** 26;

function verifyMatch(a: LogView, b: LogView): void {
  const end = Math.min(a.base + a.keys.length, b.base + b.keys.length);
  let isAlike = false;
  for (let index = end; index > Math.max(a.base, b.base); index--) {
    const [atA, atB] = [index - a.base - 1, index - b.base - 1];
    isAlike ||= a.terms[atA] === b.terms[atB];
    if (!isAlike || a.keys[atA] === b.keys[atB]) continue;
    throw new Violation(
      "log matching",
      `two logs have another entry ${index}, and an entry behind it in common or the term of it`,
    );
  }
}

/** The place, if any, up to `end` at which a log has something else than what was committed, or nothing. */
function differsFrom({ committed }: Chronicle, { base, keys }: LogView, end: number): number | undefined {
  for (let index = base + 1; index <= end; index++) {
    if (keys[index - base - 1] !== committed[index - 1]!.key) return index;
  }
  return undefined;
}

function verifyCommitted({ id, commit, log }: MemberView, chronicle: Chronicle): void {
  const differs = differsFrom(chronicle, log, commit);
  if (differs === undefined) return;
  throw new Violation(
    "state machine safety",
    `member ${id} applies an entry ${differs} that is not the committed one`,
  );
}

function verifyComplete({ id, term, isLeader, log }: MemberView, chronicle: Chronicle): void {
  if (!isLeader) return;
  const end = chronicle.committed.findLastIndex(({ inTerm }) => inTerm < term) + 1;
  const differs = differsFrom(chronicle, log, end);
  if (differs === undefined) return;
  const { inTerm } = chronicle.committed[differs - 1]!;
  throw new Violation(
    "leader completeness",
    `member ${id} leads in term ${term} without entry ${differs}, committed in term ${inTerm}`,
  );
}

function verifyQuorum({ membership, committed }: Chronicle, held: ReadonlyMap<number, number>): void {
  const { voters, outgoing } = membership.membership!;
  if (isHeld(voters, held, committed.length) && isHeld(outgoing, held, membership.index)) return;
  const each = [...held].map(([id, index]) => `member ${id} up to ${index}`).join(", ");
  throw new Violation(
    "committed on a majority",
    `of ${committed.length} committed entries the disks hold: ${each}`,
  );
}

function isHeld(voters: Membership["voters"], held: ReadonlyMap<number, number>, index: number): boolean {
  return voters.length === 0 || voters.filter((id) => held.get(id)! >= index).length * 2 > voters.length;
}
