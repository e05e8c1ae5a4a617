/**
 * How a member whose log is damaged comes back. What it promised, votes and acknowledged entries, may be forgotten, so it must not
 * take part under its id again: it asks the leader to be replaced by a new member, which begins with nothing, catches up as a
 * learner, and votes once it has what the others have.
 *
 *   "raft.replace"   [cluster, replaced, by, note]   of anybody; the leader changes the membership in one step, and answers when that is
 *                                                    done, also where it was done before
 *   "raft.promote"   []                              of a learner; the leader makes it a voter, or refuses: `too-far-behind`
 *
 * Both are refused with `not-leader` by everybody else.
 */
import { LatticeError } from "@lattice/model";
import {
  isMember,
  memberId,
  NOBODY,
  PackReader,
  PackWriter,
  type MemberId,
  type Membership,
  type MembershipChange,
  type Raft,
} from "@lattice/raft";
import { idText, type ClusterId, type Introduction, type PeerNetwork } from "@lattice/raft-net";
import { reasonOf, refused } from "./errors.ts";
import { Exclusive } from "./exclusive.ts";
import { REPLACE_RETRY_MS } from "./limits.ts";
import type { MonotonicClock } from "./monotonic-clock.ts";

export interface Replacement {
  readonly replaced: MemberId;
  /** An id that was never used. */
  readonly by: MemberId;
  /** Whatever the new member wants known of it. */
  readonly note: Uint8Array;
}

const REPLACE = "raft.replace";
const PROMOTE = "raft.promote";
const NOTHING = new Uint8Array();

export interface ReplacementsOptions {
  readonly network: PeerNetwork;
  readonly raft: () => Pick<Raft, "role" | "leader" | "log">;
  /** Does what others have to know of the new member before it is one. */
  readonly prepare: (replacement: Replacement) => Promise<void>;
  readonly changeMembership: (changes: readonly MembershipChange[]) => Promise<Membership>;
}

/** The leader's side. */
export class Replacements {
  readonly #options: ReplacementsOptions;
  /** One after the other, so that who asks twice is replaced once. */
  readonly #turn = new Exclusive();

  constructor(options: ReplacementsOptions) {
    this.#options = options;
  }

  listen(): void {
    const { network } = this.#options;
    network.handle(REPLACE, (request) => this.#turn.run(() => this.#replace(request)), { isOpen: true });
    network.handle(PROMOTE, (_, { member }) => this.#turn.run(() => this.#promote(member)));
  }

  async #replace(request: Uint8Array): Promise<Uint8Array> {
    const { cluster, replaced, by, note } = decodeRequest(request);
    const { network, prepare, changeMembership } = this.#options;
    if (cluster !== network.cluster) {
      const text = `this is a member of cluster ${idText(network.cluster)}, not of ${idText(cluster)}`;
      throw new LatticeError("failed-precondition", text);
    }
    const membership = this.#membershipOfLeader();
    if (isMember(membership, by)) return NOTHING;
    if (!isMember(membership, replaced)) {
      throw new LatticeError("not-found", `${idText(replaced)} is no member of the cluster any more`);
    }
    await prepare({ replaced, by, note });
    await changeMembership([
      { kind: "remove", member: replaced },
      { kind: "add-learner", member: by },
    ]);
    return NOTHING;
  }

  async #promote(member: MemberId): Promise<Uint8Array> {
    const { voters, learners } = this.#membershipOfLeader();
    if (voters.includes(member)) return NOTHING;
    if (!learners.includes(member)) throw new LatticeError("not-found", `${idText(member)} is no learner`);
    await this.#options.changeMembership([{ kind: "add-voter", member }]);
    return NOTHING;
  }

  #membershipOfLeader(): Membership {
    const { role, leader, log } = this.#options.raft();
    if (role !== "leader") throw refused({ reason: "not-leader", leader });
    return log.membership;
  }
}

export interface AskToReplaceOptions extends Replacement {
  readonly cluster: ClusterId;
  /** Other members: each a way to ask one as nobody (`PeerNetwork.introduce`). */
  readonly members: readonly ((method: string, request: Uint8Array) => Promise<Introduction>)[];
  readonly clock: MonotonicClock;
  readonly signal: AbortSignal;
}

/**
 * Asks one member after the other, until the leader has done it. Rejects where the cluster refuses it for good (`not-found`,
 * `failed-precondition`), and once the signal is aborted with the last reason why it was not done yet.
 */
export async function askToReplace(options: AskToReplaceOptions): Promise<void> {
  const { members, clock, signal } = options;
  const request = encodeRequest(options);
  let last = new LatticeError("unavailable", "there is no other member to ask");
  while (!signal.aborted) {
    for (const ask of members) {
      try {
        await ask(REPLACE, request);
        return;
      } catch (error) {
        last = LatticeError.from(error);
        if (isFinal(last)) throw last;
      }
    }
    await new Promise<void>((resolve) => clock.after(REPLACE_RETRY_MS, resolve));
  }
  throw last;
}

/** Who asks again gets the same answer. */
function isFinal(error: LatticeError): boolean {
  const isOfCluster = error.code === "not-found" || error.code === "failed-precondition";
  return isOfCluster && reasonOf(error) === undefined && error.details["outcome"] === undefined;
}

export interface SelfPromotionOptions {
  readonly id: MemberId;
  readonly network: Pick<PeerNetwork, "call">;
  readonly clock: MonotonicClock;
  readonly signal: AbortSignal;
}

/** The new member's side, once it runs: it asks to become a voter until it is one. */
export class SelfPromotion {
  readonly #options: SelfPromotionOptions;
  #isAsking = false;
  #notBeforeMs = -Infinity;

  constructor(options: SelfPromotionOptions) {
    this.#options = options;
  }

  /** Says whether it is over. */
  look({ leader, log, commit }: Pick<Raft, "leader" | "log" | "commit">): boolean {
    const { id, clock } = this.#options;
    const isDecided = log.membershipIndex <= commit;
    if (isDecided && log.membership.voters.includes(id)) return true;
    const mayAsk = leader !== NOBODY && log.membership.learners.includes(id);
    if (!mayAsk || this.#isAsking || clock.nowMs() < this.#notBeforeMs) return false;
    this.#isAsking = true;
    this.#notBeforeMs = clock.nowMs() + REPLACE_RETRY_MS;
    void this.#ask(leader);
    return false;
  }

  /** Never rejects: whatever comes of it shows in the membership. */
  async #ask(leader: MemberId): Promise<void> {
    const { network, signal } = this.#options;
    await network.call(leader, PROMOTE, NOTHING, { signal }).catch(() => undefined);
    this.#isAsking = false;
  }
}

type Request = Replacement & { readonly cluster: ClusterId };

function encodeRequest({ cluster, replaced, by, note }: Request): Uint8Array {
  const to = new PackWriter();
  to.array(4);
  to.uint(cluster);
  to.uint(replaced);
  to.uint(by);
  to.bin(note);
  return to.written;
}

function decodeRequest(bytes: Uint8Array): Request {
  const from = new PackReader(bytes);
  from.array(4);
  const cluster = from.uint();
  const replaced = memberId(from.uint());
  const by = memberId(from.uint());
  const note = from.bin();
  from.end();
  if (by === NOBODY || by === replaced)
    throw new LatticeError("invalid-argument", "a new member has a new id");
  return { cluster, replaced, by, note };
}
