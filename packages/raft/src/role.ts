import type { MemberId, Term } from "./ids.ts";
import type { MemberState } from "./member-state.ts";
import type { Message } from "./message.ts";

/** What a member does differently as a follower, a candidate or the leader (Raft §5.1). */
export interface Role {
  readonly name: "follower" | "pre-candidate" | "candidate" | "leader";
  /** A message of the current term, from another member. Requests for votes are no role's business. */
  step(message: Message): void;
  /** Time has passed. `wasStalled`: so much at once that this process, not the others, was away. */
  tick(wasStalled: boolean): void;
  /** Something is on the disk that was not. */
  persisted(): void;
  /** What is to be sent is about to be taken. */
  flush(): void;
  /** It gives way to another role. */
  end(): void;
  /** Its part of `Raft.describe`. */
  describe(): unknown;
  clone(state: MemberState, transitions: Transitions): Role;
}

export type Campaign = "pre-vote" | "vote" | "transfer";

export interface Transitions {
  follow(term: Term, leader: MemberId): void;
  campaign(kind: Campaign): void;
  lead(): void;
  /** Hands a message to the role that there is now. */
  redeliver(message: Message): void;
}
