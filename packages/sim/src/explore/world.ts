/**
 * A state of the world: a state of each member, the messages that are under way, what has happened, and what of the bounds
 * is used up. All by number (see `atlas.ts`), so that it takes a few words.
 */
import { memberId, type MembershipChange } from "@lattice/raft";
import { Atlas, type MemberView, type Step } from "./atlas.ts";
import { spend, spentOf, type Bounds, type Budget, type Spent } from "./bounds.ts";
import { canonicalText, hashText, renamingsWithin } from "./canonical.ts";
import { Chronicles, type Chronicle } from "./chronicle.ts";
import { FIRST_TERM, newMember, perform, performWritten, type Input } from "./member.ts";
import type { Rules } from "./rules.ts";

export interface World {
  readonly members: readonly MemberView[];
  /** Numbers of inputs, in ascending order; the same one twice where it is under way twice. */
  readonly messages: readonly number[];
  readonly chronicle: Chronicle;
  readonly spent: Spent;
}

export interface Move {
  /** From 0 on. */
  readonly member: number;
  readonly input: number;
  readonly budget: Budget | undefined;
  /** A message is delivered and stays under way. */
  readonly isDuplicate: boolean;
}

/** One kind of thing that a member may do at any time: when, and what it costs. */
interface Deed {
  readonly input: number;
  readonly budget: Budget | undefined;
  readonly isPossible: (member: MemberView) => boolean;
}

export class WorldSpace {
  readonly bounds: Bounds;
  readonly atlas: Atlas;
  readonly chronicles: Chronicles;
  readonly #deeds: readonly Deed[];
  readonly #proposals: readonly number[];

  constructor(bounds: Bounds, rules: Rules) {
    this.bounds = bounds;
    const take = bounds.hasSlowDisks ? perform : performWritten;
    this.atlas = new Atlas(renamingsOf(bounds), (member, input) => take(member, input, rules));
    this.chronicles = new Chronicles(this.atlas);
    this.#deeds = this.#makeDeeds();
    this.#proposals = Array.from({ length: bounds.entries }, (_, value) =>
      this.atlas.numberOfInput({ kind: "propose", value: value + 1 }),
    );
  }

  first(): World {
    const members = idsOf(this.bounds).map((id) => this.atlas.viewOf(newMember(memberId(id), this.bounds)));
    return { members, messages: [], chronicle: this.chronicles.first(members[0]!), spent: 0 };
  }

  /** Everything that may happen next. In an order that depends on what was met before. */
  moves(world: World): Move[] {
    const moves: Move[] = [];
    this.#addDeliveries(world, moves);
    for (const [member, view] of world.members.entries()) {
      for (const { input, budget, isPossible } of this.#deeds) {
        if (!this.#has(world, budget) || !isPossible(view)) continue;
        moves.push({ member, input, budget, isDuplicate: false });
      }
      if (!view.isLeader || !this.#has(world, "entries")) continue;
      const input = this.#proposals[spentOf(world.spent, "entries")]!;
      moves.push({ member, input, budget: "entries", isDuplicate: false });
    }
    return moves;
  }

  /** What a move is called in the name of a path: the same in every space of these bounds, whatever was met in it before. */
  codeOf({ member, input, isDuplicate }: Move): string {
    const { input: what } = this.atlas.input(input);
    const [code] = hashText(canonicalText({ member, what, isDuplicate }, this.atlas.renamings[0]!));
    return (code >>> 0).toString(16).padStart(8, "0");
  }

  /** Undefined where nothing comes of it. Throws a `Violation`. */
  after(world: World, move: Move): World | undefined {
    const { member, input, budget, isDuplicate } = move;
    const before = world.members[member]!;
    const step = this.atlas.step(before, input);
    if (step.isIdle) return undefined;
    const { kind } = this.atlas.input(input).input;
    const members = world.members.with(member, step.next);
    const consumed = kind === "deliver" && !isDuplicate ? input : undefined;
    return {
      members,
      messages: this.#messagesAfter(world.messages, { consumed, step, members }),
      chronicle: this.chronicles.after(world.chronicle, step, kind === "crash"),
      spent: budget === undefined ? world.spent : spend(world.spent, budget),
    };
  }

  #has({ spent }: World, budget: Budget | undefined): boolean {
    return budget === undefined || spentOf(spent, budget) < this.bounds[budget];
  }

  #addDeliveries(world: World, moves: Move[]): void {
    const mayDouble = this.#has(world, "faults");
    for (const [at, input] of world.messages.entries()) {
      if (world.messages[at - 1] === input) continue;
      const member = this.atlas.input(input).to - 1;
      moves.push({ member, input, budget: undefined, isDuplicate: false });
      if (mayDouble) moves.push({ member, input, budget: "faults", isDuplicate: true });
    }
  }

  #messagesAfter(
    before: readonly number[],
    { consumed, step, members }: { consumed: number | undefined; step: Step; members: readonly MemberView[] },
  ): number[] {
    const after: number[] = [];
    let isConsumed = consumed === undefined;
    for (const number of before) {
      if (!isConsumed && number === consumed) isConsumed = true;
      else if (this.#isMinded(number, members)) after.push(number);
    }
    for (const number of step.sent) {
      if (this.#isMinded(number, members)) insert(after, number);
    }
    return after;
  }

  /** What is passed over whenever it comes might as well never come. */
  #isMinded(number: number, members: readonly MemberView[]): boolean {
    const { to, term, roles } = this.atlas.input(number);
    const receiver = members[to - 1];
    if (receiver === undefined || receiver.diskTerm > term) return false;
    if (roles === undefined || receiver.diskTerm < term) return true;
    return receiver.term === term && roles.includes(receiver.role);
  }

  #makeDeeds(): Deed[] {
    const { bounds, atlas } = this;
    const lastTerm = FIRST_TERM + bounds.terms;
    const canCampaign = ({ mayCampaign, term }: MemberView) => mayCampaign && term < lastTerm;
    const isLeader = (view: MemberView) => view.isLeader;
    const canTransfer = ({ isLeader, term }: MemberView) => isLeader && term < lastTerm;
    const hasApplied = (view: MemberView) => view.hasApplied;
    const deed = (input: Input, isPossible: Deed["isPossible"], budget?: Budget): Deed => {
      return { input: atlas.numberOfInput(input), budget, isPossible };
    };
    return [
      deed({ kind: "persist" }, ({ member }) => member.pending.length > 0),
      deed({ kind: "campaign" }, canCampaign),
      deed({ kind: "pre-vote" }, canCampaign, "preVotes"),
      deed({ kind: "step-down" }, isLeader, "stepDowns"),
      deed({ kind: "read" }, () => true, "reads"),
      deed({ kind: "snapshot" }, hasApplied, "snapshots"),
      ...idsOf(bounds).map((to) => deed({ kind: "transfer", to: memberId(to) }, canTransfer, "transfers")),
      ...changesOf(bounds).map((change) => deed({ kind: "change", change }, isLeader, "changes")),
      deed({ kind: "crash", keepsState: false }, () => true, "faults"),
      deed({ kind: "crash", keepsState: true }, hasApplied, "faults"),
    ];
  }
}

export function idsOf({ members, learners, outsiders }: Bounds): number[] {
  return Array.from({ length: members + learners + outsiders }, (_, at) => at + 1);
}

/** Every member may be removed, everybody else may become a voter. */
function changesOf(bounds: Bounds): MembershipChange[] {
  return idsOf(bounds).map((id) => {
    return { kind: id <= bounds.members ? "remove" : "add-voter", member: memberId(id) };
  });
}

/**
 * Who has the same part to begin with may change names with the others, and all goes on alike. Not where memberships change:
 * of two that could succeed a leader that is removed, it takes the one with the lower id.
 */
function renamingsOf(bounds: Bounds): ReturnType<typeof renamingsWithin> {
  const ids = idsOf(bounds);
  if (bounds.changes > 0) return renamingsWithin(ids.map((id) => [id]));
  const { members, learners } = bounds;
  const groups = [
    ids.slice(0, members),
    ids.slice(members, members + learners),
    ids.slice(members + learners),
  ];
  return renamingsWithin(groups);
}

function insert(sorted: number[], number: number): void {
  let at = sorted.length;
  for (; at > 0 && sorted[at - 1]! > number; at--) sorted[at] = sorted[at - 1]!;
  sorted[at] = number;
}
