/**
 * Takes a small world through everything that can happen to it, breadth first, and checks each state that it gets into. The
 * members are the ones that ship; the world around them is as bad as Raft allows.
 *
 * What can happen
 *  - A message under way is delivered, whichever. None is ever waited for, so a message that is lost is one that is never
 *    delivered: any number of them may be, and losing one costs nothing. Delivering one twice is a fault.
 *  - The oldest pending write of a member becomes durable; what waited for it is sent.
 *  - A member crashes (a fault) and starts again: what is not on its disk is gone; the state machine has kept all, or nothing
 *    behind the last snapshot.
 *  - A member holds an election. By default its pre-vote is over at once and won, whoever would have granted it: a pre-vote
 *    forbids elections and permits none, so this leaves out no election. Real ones are part of the budget `preVotes`.
 *  - A leader takes a proposal, steps down for want of a majority, hands over, changes the membership, takes a snapshot; a
 *    member begins a read. A heartbeat for its own sake does what the round of a read does, so there is no other.
 *
 * Time
 *    The election timeout is 0: whoever waits for anything has waited long enough once time moves, and it moves only where a
 *    leader steps down. So nobody defends a leader but the leader itself. To defend one is to pass over a request for a vote
 *    as if it had been lost, which may happen anyway. No timer is then part of the state; leases cannot be explored like this.
 *
 * What is left out because it shows nothing new
 *  - A delivery, or a crash, of which nothing comes: what follows can follow without it.
 *  - Messages that their receiver will pass over whatever happens, since a later term is on its disk.
 *  - States that differ from a known one in nothing but the names of members that began alike.
 */
import { Violation } from "../violation.ts";
import type { Bounds } from "./bounds.ts";
import { Checks } from "./checks.ts";
import { Fingerprint } from "./fingerprint.ts";
import { Frontier, type Waiting } from "./frontier.ts";
import { Origins } from "./origins.ts";
import { verifyProgress } from "./progress.ts";
import { honestRules, type Rules } from "./rules.ts";
import { Visited } from "./visited.ts";
import { idsOf, WorldSpace, type World } from "./world.ts";

export interface ExploreOptions {
  readonly bounds: Bounds;
  readonly rules?: Rules;
  /** Of one state in so many it is checked that progress is possible from there. */
  readonly progressEvery?: number;
}

export interface Found {
  readonly violation: Violation;
  /** The shortest way there, for `retrace`. */
  readonly path: readonly string[];
}

export interface Figures {
  readonly states: number;
  /** Steps that changed something, also into states that were known. */
  readonly transitions: number;
  readonly depth: number;
  readonly waiting: number;
  /** States of single members that were met. */
  readonly memberStates: number;
  /** From how many states progress was shown. */
  readonly progressed: number;
  readonly tableBytes: number;
}

export class Explorer {
  readonly #space: WorldSpace;
  readonly #rules: Rules;
  readonly #progressEvery: number;
  readonly #checks = new Checks();
  readonly #visited = new Visited();
  readonly #origins = new Origins();
  readonly #frontier: Frontier;
  readonly #fingerprint: Fingerprint;
  readonly #hashesOf: (input: number) => Int32Array;
  #transitions = 0;
  #depth = 0;
  #progressed = 0;
  #found: Found | undefined;

  constructor({ bounds, rules = honestRules, progressEvery = 1000 }: ExploreOptions) {
    const space = new WorldSpace(bounds, rules);
    const { atlas, chronicles } = space;
    this.#space = space;
    this.#rules = rules;
    this.#progressEvery = progressEvery;
    this.#frontier = new Frontier({ atlas, chronicles, memberCount: idsOf(bounds).length });
    this.#fingerprint = new Fingerprint(atlas.renamings.length);
    this.#hashesOf = (input) => atlas.input(input).hashes;
    this.#meet(space.first(), { parent: 0, move: 0, depth: 0 });
  }

  /** What is broken, once it is known. */
  get found(): Found | undefined {
    return this.#found;
  }

  /** Everything within the bounds has been seen, and nothing is broken. */
  get isExhausted(): boolean {
    return this.#found === undefined && this.#frontier.count === 0;
  }

  get figures(): Figures {
    return {
      states: this.#visited.count,
      transitions: this.#transitions,
      depth: this.#depth,
      waiting: this.#frontier.count,
      memberStates: this.#space.atlas.memberCount,
      progressed: this.#progressed,
      tableBytes: this.#visited.bytes + this.#origins.bytes + this.#frontier.bytes,
    };
  }

  /** Goes on from so many states. Says whether there is more to do. */
  advance(count: number): boolean {
    for (let left = count; left > 0 && this.#found === undefined; left--) {
      const waiting = this.#frontier.shift();
      if (waiting === undefined) return false;
      this.#expand(waiting);
    }
    return this.#found === undefined && this.#frontier.count > 0;
  }

  #expand({ number: parent, depth, world }: Waiting): void {
    for (const [move, each] of this.#space.moves(world).entries()) {
      try {
        const next = this.#space.after(world, each);
        if (next === undefined) continue;
        this.#transitions += 1;
        this.#meet(next, { parent, move, depth: depth + 1 });
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        this.#found = { violation: error, path: this.#codesOf([...this.#origins.pathTo(parent), move]) };
        return;
      }
    }
  }

  #codesOf(choices: readonly number[]): string[] {
    let world = this.#space.first();
    return choices.map((choice, at) => {
      const move = this.#space.moves(world)[choice]!;
      // The last may lead to no world.
      if (at < choices.length - 1) world = this.#space.after(world, move)!;
      return this.#space.codeOf(move);
    });
  }

  #meet(world: World, { parent, move, depth }: { parent: number; move: number; depth: number }): void {
    const fingerprint = this.#fingerprint;
    fingerprint.take(world, this.#hashesOf);
    if (!this.#visited.add(fingerprint.high, fingerprint.low)) return;
    this.#checks.verify(world.members, world.chronicle);
    this.#depth = depth;
    const number = this.#origins.add(parent, move);
    this.#frontier.push({ number, depth, world });
    if ((number + 1) % this.#progressEvery !== 0) return;
    verifyProgress(world, this.#space.atlas, this.#rules);
    this.#progressed += 1;
  }
}
