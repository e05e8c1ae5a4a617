/**
 * Every member state and every input that was met, with a number each. What a step gives depends on the member's state and
 * the input alone, so the core takes each step once; the same step in another state of the world is a lookup.
 */
import {
  EntryKind,
  type Entry,
  type LogIndex,
  type Membership,
  type Message,
  type ReadId,
  type RaftStatus,
  type ReadResult,
} from "@lattice/raft";
import { Violation } from "../violation.ts";
import { canonicalText, hashText, type Renaming } from "./canonical.ts";
import { snapshotIndexOf, type Input, type Member, type Outcome } from "./member.ts";

/** Stands for everything that is kept, in place of its text. */
export interface Numbered {
  readonly number: number;
  /** Two numbers of 32 bits for each renaming. */
  readonly hashes: Int32Array;
}

/** Keys of entries from the base on: two entries have the same key where nothing tells them apart. */
export interface LogView {
  readonly number: number;
  readonly base: LogIndex;
  readonly keys: readonly number[];
  readonly terms: readonly number[];
}

export interface MemberView extends Numbered {
  readonly member: Member;
  readonly id: number;
  readonly term: number;
  readonly role: RaftStatus["role"];
  readonly isLeader: boolean;
  readonly mayCampaign: boolean;
  /** Something that no snapshot shows. */
  readonly hasApplied: boolean;
  readonly commit: LogIndex;
  readonly log: LogView;
  readonly disk: LogView;
  readonly diskTerm: number;
  readonly steps: Map<number, Step>;
}

export interface InputView extends Numbered {
  readonly input: Input;
  readonly to: number;
  /** Who has a later term on its disk will never mind it: that of the message, if being late changes anything. */
  readonly term: number;
  /** Who is something else, with that term on its disk, will not mind it either. Undefined where anybody may. */
  readonly roles: readonly RaftStatus["role"][] | undefined;
}

export interface Step {
  readonly next: MemberView;
  readonly sent: readonly number[];
  readonly begun: ReadId | undefined;
  readonly answered: readonly ReadResult[];
  /** It became the leader of its term. */
  readonly isElected: boolean;
  /** It led: a leader that commits its own removal leaves with that. */
  readonly isLed: boolean;
  /** Nothing came of it at all. */
  readonly isIdle: boolean;
}

export class Atlas {
  readonly renamings: readonly Renaming[];
  readonly #perform: (member: Member, input: Input) => Outcome;
  readonly #members = new Map<string, MemberView>();
  readonly #inputs = new Map<string, InputView>();
  readonly #entries = new Map<string, number>();
  readonly #logs = new Map<string, LogView>();
  readonly #membersByNumber: MemberView[] = [];
  readonly #inputsByNumber: InputView[] = [];

  constructor(renamings: readonly Renaming[], perform: (member: Member, input: Input) => Outcome) {
    this.renamings = renamings;
    this.#perform = perform;
  }

  get memberCount(): number {
    return this.#membersByNumber.length;
  }

  member(number: number): MemberView {
    return this.#membersByNumber[number]!;
  }

  input(number: number): InputView {
    return this.#inputsByNumber[number]!;
  }

  /** Throws a `Violation` where the member breaks a rule by itself. */
  step(from: MemberView, input: number): Step {
    const known = from.steps.get(input);
    if (known !== undefined) return known;
    const step = this.#take(from, this.input(input).input);
    from.steps.set(input, step);
    return step;
  }

  numberOfInput(input: Input): number {
    const text = canonicalText(input, this.renamings[0]!);
    const known = this.#inputs.get(text);
    if (known !== undefined) return known.number;
    const message = input.kind === "deliver" ? input.message : undefined;
    const view: InputView = {
      ...this.numbered(this.#inputsByNumber.length, input),
      input,
      to: message?.to ?? 0,
      term: message === undefined || isAnsweredWhenStale(message) ? Infinity : message.term,
      roles: message && rolesFor(message),
    };
    this.#inputs.set(text, view);
    this.#inputsByNumber.push(view);
    return view.number;
  }

  viewOf(member: Member): MemberView {
    const { raft, disk } = member;
    const pending = member.pending.map(({ change, messages }) => ({ change, messages }));
    const all = { raft: raft.describe(), disk, pending };
    const text = canonicalText(all, this.renamings[0]!);
    const known = this.#members.get(text);
    if (known !== undefined) return known;
    const { id, term, role, commit, applied } = raft.status();
    const { log } = raft;
    const view: MemberView = {
      ...this.numbered(this.#membersByNumber.length, all),
      member,
      id,
      term,
      role,
      isLeader: role === "leader",
      mayCampaign: role !== "leader" && hasVote(raft.status().membership, id),
      hasApplied: applied > snapshotIndexOf(member),
      commit,
      log: this.#logView(
        log.base.index,
        log.slice((log.base.index + 1) as LogIndex, log.lastIndex, EVERYTHING),
      ),
      disk: this.#logView(disk.base.index, disk.entries),
      diskTerm: disk.hardState.term,
      steps: new Map(),
    };
    this.#members.set(text, view);
    this.#membersByNumber.push(view);
    return view;
  }

  numbered(number: number, value: unknown): Numbered {
    const hashes = new Int32Array(this.renamings.length * 2);
    for (const [at, renaming] of this.renamings.entries()) {
      hashes.set(hashText(canonicalText(value, renaming)), at * 2);
    }
    return { number, hashes };
  }

  keyOf({ term, kind, data, membership }: Entry): number {
    const text =
      kind === EntryKind.MEMBERSHIP
        ? `${term} ${JSON.stringify(membership)}`
        : `${term} ${kind} ${data.join()}`;
    return numberOf(this.#entries, text, (number) => number);
  }

  #logView(base: LogIndex, entries: readonly Entry[]): LogView {
    const keys = entries.map((entry) => this.keyOf(entry));
    const terms = entries.map(({ term }) => term);
    return numberOf(this.#logs, `${base} ${keys.join()}`, (number) => ({ number, base, keys, terms }));
  }

  #take(from: MemberView, input: Input): Step {
    const { member, sent, begun, answered } = asViolation(() => this.#perform(from.member, input));
    const next = this.viewOf(member);
    return {
      next,
      sent: sent.map((message) => this.numberOfInput({ kind: "deliver", message })),
      begun,
      answered,
      isLed: from.isLeader || next.isLeader,
      isElected: next.isLeader && !(from.isLeader && from.term === next.term),
      isIdle: next === from && sent.length === 0 && begun === undefined && answered.length === 0,
    };
  }
}

const EVERYTHING = { countMax: Infinity, bytesMax: Infinity };

function numberOf<T>(table: Map<string, T>, text: string, make: (number: number) => T): T {
  const known = table.get(text);
  if (known !== undefined) return known;
  const made = make(table.size);
  table.set(text, made);
  return made;
}

function hasVote({ voters, outgoing }: Membership, id: number): boolean {
  return [...voters, ...outgoing].some((each) => each === id);
}

/** A late candidate or leader is told so; anything else that is late is passed over. */
function isAnsweredWhenStale({ type }: Message): boolean {
  return type === "request-vote" || type === "append" || type === "heartbeat" || type === "snapshot";
}

/** Who was a candidate or the leader of a term never is again: it would have to vote for itself once more. */
function rolesFor(message: Message): InputView["roles"] {
  switch (message.type) {
    case "vote":
      return message.isPre ? undefined : ["candidate"];
    case "append-reply":
    case "heartbeat-reply":
    case "snapshot-reply":
    case "read-request":
      return ["candidate", "leader"];
    default:
      return undefined;
  }
}

/** An assertion of the core that fails is what this looks for. */
function asViolation<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof Violation || !(error instanceof Error)) throw error;
    throw new Violation(
      "assertion of the core",
      error.stack?.split("\n").slice(0, 4).join("\n") ?? error.message,
    );
  }
}
