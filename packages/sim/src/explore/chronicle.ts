/**
 * What has happened that no member need remember, and the rules speak of: who led, what was committed, what reads must show.
 * It is part of the state of the world: two worlds that differ in it are two.
 */
import type { Entry, LogIndex, MemberId, ReadId, ReadResult } from "@lattice/raft";
import { Violation } from "../violation.ts";
import type { Atlas, MemberView, Numbered, Step } from "./atlas.ts";
import { canonicalText } from "./canonical.ts";

export interface Committed {
  readonly entry: Entry;
  readonly key: number;
  /** The term of the leader that committed it. */
  readonly inTerm: number;
}

interface OpenRead {
  readonly member: number;
  readonly read: ReadId;
  /** What was committed when it began. */
  readonly floor: number;
}

interface Facts {
  readonly leaders: readonly { readonly term: number; readonly member: number }[];
  readonly committed: readonly Committed[];
  readonly reads: readonly OpenRead[];
}

export interface Chronicle extends Numbered, Facts {
  /** The last change of the membership that was committed. */
  readonly membership: Entry;
  /** How much of it members hold whose state is known to go with it, by number: see `checks.ts`. */
  readonly heldByMember: Map<number, number>;
}

export class Chronicles {
  readonly #atlas: Atlas;
  readonly #known = new Map<string, Chronicle>();
  readonly #byNumber: Chronicle[] = [];

  constructor(atlas: Atlas) {
    this.#atlas = atlas;
  }

  at(number: number): Chronicle {
    return this.#byNumber[number]!;
  }

  first(founder: MemberView): Chronicle {
    return this.#chronicleOf({ leaders: [], committed: this.#newlyCommitted(founder, 0), reads: [] });
  }

  /** Throws a `Violation` of the rules that are about what has happened. */
  after(before: Chronicle, step: Step, isRestart: boolean): Chronicle {
    const { next, isElected, begun, answered } = step;
    const { committed, reads } = before;
    const isMore = next.commit > committed.length;
    if (isMore && !step.isLed) {
      throw new Violation(
        "commit index",
        `member ${next.id} has ${next.commit} as committed, which no leader committed`,
      );
    }
    if (
      !isMore &&
      !isElected &&
      begun === undefined &&
      (reads.length === 0 || (answered.length === 0 && !isRestart))
    ) {
      return before;
    }
    const isOwn = ({ member }: OpenRead) => member === next.id;
    let open = isRestart ? reads.filter((read) => !isOwn(read)) : reads;
    if (begun !== undefined) open = [...open, { member: next.id, read: begun, floor: committed.length }];
    for (const result of answered) open = withoutRead(open, result, next.id);
    return this.#chronicleOf({
      leaders: isElected ? withLeader(before.leaders, next) : before.leaders,
      committed: isMore ? [...committed, ...this.#newlyCommitted(next, committed.length)] : committed,
      reads: open,
    });
  }

  #newlyCommitted({ commit, term: inTerm, member }: MemberView, before: number): Committed[] {
    return Array.from({ length: commit - before }, (_, at) => {
      const entry = member.raft.log.at((before + at + 1) as LogIndex)!;
      return { entry, key: this.#atlas.keyOf(entry), inTerm };
    });
  }

  #chronicleOf(facts: Facts): Chronicle {
    const text = canonicalText(facts, this.#atlas.renamings[0]!);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const { leaders, reads } = facts;
    const committed = facts.committed.map(({ entry, inTerm }) => ({ entry, inTerm }));
    const chronicle = {
      ...facts,
      ...this.#atlas.numbered(this.#byNumber.length, { leaders, committed, reads }),
      membership: facts.committed.findLast(({ entry }) => entry.membership)!.entry,
      heldByMember: new Map<number, number>(),
    };
    this.#known.set(text, chronicle);
    this.#byNumber.push(chronicle);
    return chronicle;
  }
}

/** Election safety (Raft §5.2): at most one leader in a term. */
function withLeader(leaders: Facts["leaders"], { id, term }: MemberView): Facts["leaders"] {
  const other = leaders.find((each) => each.term === term);
  if (other !== undefined) {
    throw new Violation(
      "election safety",
      `members ${other.member} and ${id} are both elected in term ${term}`,
    );
  }
  return [...leaders, { term, member: id }].sort((a, b) => a.term - b.term);
}

/** Reads are linearizable: an answer shows at least what was committed when the question was asked. */
function withoutRead(open: readonly OpenRead[], { read, index }: ReadResult, member: number): OpenRead[] {
  const at = open.findIndex((each) => each.member === member && isSame(each.read, read));
  const found = open[at];
  if (found === undefined) {
    throw new Violation(
      "reads",
      `member ${member as MemberId} answers read ${read.number} of life ${read.session}, which waits for nothing`,
    );
  }
  if (index !== undefined && index < found.floor) {
    throw new Violation(
      "reads",
      `a read that began when ${found.floor} was committed is answered with ${index}`,
    );
  }
  return open.toSpliced(at, 1);
}

function isSame(a: ReadId, b: ReadId): boolean {
  return a.session === b.session && a.number === b.number;
}
