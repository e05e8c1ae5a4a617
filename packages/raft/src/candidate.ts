/**
 * Wants to lead (Raft §5.2). First it asks whether it would win, which changes nobody's term (§9.6 of the thesis); a member
 * that was cut off thus comes back without disturbing anybody.
 */
import { nextTerm, NOBODY, type MemberId } from "./ids.ts";
import type { MemberState } from "./member-state.ts";
import type { Message } from "./message.ts";
import { membersOf } from "./membership.ts";
import { voteVerdict } from "./quorum.ts";
import type { Campaign, Role, Transitions } from "./role.ts";

export class Candidate implements Role {
  readonly name: "pre-candidate" | "candidate";
  readonly #state: MemberState;
  readonly #transitions: Transitions;
  readonly #votes: Map<MemberId, boolean>;

  constructor(
    state: MemberState,
    transitions: Transitions,
    isPre: boolean,
    votes = new Map<MemberId, boolean>(),
  ) {
    this.name = isPre ? "pre-candidate" : "candidate";
    this.#state = state;
    this.#transitions = transitions;
    this.#votes = votes;
  }

  begin(kind: Campaign): void {
    const state = this.#state;
    state.leader = NOBODY;
    if (state.hurries !== undefined) state.hurries += 1;
    state.retryElection();
    const isPre = kind === "pre-vote";
    if (!isPre) state.enterTerm(nextTerm(state.term), state.id);
    const { lastIndex, lastTerm, membership } = state.log;
    for (const to of membersOf(membership)) {
      if (to === state.id || !isAsked(state, to)) continue;
      const request = {
        type: "request-vote",
        to,
        isPre,
        isTransfer: kind === "transfer",
        lastIndex,
        lastTerm,
      } as const;
      if (isPre) state.send({ ...request, term: nextTerm(state.term) });
      else state.sendAfterPersist(request);
    }
    if (isPre) this.#count(state.id, true);
  }

  step(message: Message): void {
    const state = this.#state;
    switch (message.type) {
      case "append":
      case "heartbeat":
      case "snapshot":
        this.#transitions.follow(state.term, message.from);
        this.#transitions.redeliver(message);
        return;
      case "vote":
        if (message.isPre === (this.name === "pre-candidate")) this.#count(message.from, message.isGranted);
        break;
      default:
    }
  }

  tick(wasStalled: boolean): void {
    if (wasStalled) this.#state.restartElectionTimer();
    else if (this.#state.nowMs >= this.#state.electionAtMs) this.#transitions.campaign("pre-vote");
  }

  /** Its own vote counts like any other: once it is on the disk, and in its term only. */
  persisted(): void {
    const { id, term, durable } = this.#state;
    if (this.name === "candidate" && durable.term === term && durable.vote === id) this.#count(id, true);
  }

  flush(): void {}

  end(): void {}

  describe(): unknown {
    return { votes: [...this.#votes].map(([member, isGranted]) => ({ member, isGranted })) };
  }

  clone(state: MemberState, transitions: Transitions): Role {
    return new Candidate(state, transitions, this.name === "pre-candidate", new Map(this.#votes));
  }

  #count(from: MemberId, isGranted: boolean): void {
    if (!this.#votes.has(from)) this.#votes.set(from, isGranted);
    const state = this.#state;
    const verdict = voteVerdict(state.log.membership, this.#votes);
    if (verdict === "lost") this.#transitions.follow(state.term, NOBODY);
    else if (verdict === "won" && this.name === "candidate") this.#transitions.lead();
    else if (verdict === "won") this.#transitions.campaign("vote");
  }
}

function isAsked({ log: { membership } }: MemberState, id: MemberId): boolean {
  return membership.voters.includes(id) || membership.outgoing.includes(id);
}
