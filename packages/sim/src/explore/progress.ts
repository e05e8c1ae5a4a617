/**
 * From wherever the world is, it can go on once nothing goes wrong any more: if everything is delivered and written, and
 * whoever should holds an election, a leader commits an entry and answers a read. Both where what is under way still arrives,
 * and where all of it is lost.
 */
import type { Message } from "@lattice/raft";
import { Violation } from "../violation.ts";
import type { Atlas } from "./atlas.ts";
import { perform, type Input, type Member } from "./member.ts";
import type { Rules } from "./rules.ts";
import type { World } from "./world.ts";

/** Steps until nothing is left to do; more are taken for a world that never comes to rest. */
const STEPS_MAX = 10_000;
/** Times that every member gets to hold an election. */
const ELECTIONS_MAX = 3;
/** Rounds that a leader gets, to find out what was lost. */
const ROUNDS_MAX = 4;
const VALUE = 255;

export function verifyProgress(world: World, atlas: Atlas, rules: Rules): void {
  const members = world.members.map(({ member }) => member);
  const messages = world.messages.map(
    (number) => (atlas.input(number).input as { message: Message }).message,
  );
  new Calm(members, messages, rules).verify("what is under way arrives");
  new Calm(members, [], rules).verify("what is under way is lost");
}

/** A world in which nothing goes wrong. */
class Calm {
  readonly #members: Member[];
  readonly #messages: Message[];
  readonly #rules: Rules;
  #isReadAnswered = false;

  constructor(members: readonly Member[], messages: readonly Message[], rules: Rules) {
    this.#members = [...members];
    this.#messages = [...messages];
    this.#rules = rules;
  }

  verify(circumstances: string): void {
    this.#settle();
    for (let turn = 0; turn < ELECTIONS_MAX * this.#members.length; turn++) {
      const leader = this.#leader();
      if (leader !== undefined && this.#commits(leader)) return;
      // It does not hear of a majority, or is about to hand over to somebody who does not take over.
      if (leader !== undefined) this.#do(leader, { kind: "step-down" });
      this.#do(turn % this.#members.length, { kind: "pre-vote" });
      this.#settle();
    }
    throw new Violation("progress", `where ${circumstances}, no leader ever commits anything again`);
  }

  #leader(): number | undefined {
    const leading = [...this.#members.keys()].filter((at) => this.#statusOf(at).role === "leader");
    return leading.toSorted((a, b) => this.#statusOf(b).term - this.#statusOf(a).term)[0];
  }

  #commits(leader: number): boolean {
    this.#do(leader, { kind: "propose", value: VALUE });
    const { last, term } = this.#statusOf(leader);
    this.#isReadAnswered = false;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.#do(leader, { kind: "read" });
      this.#settle();
      const { role, commit, term: now } = this.#statusOf(leader);
      if (role !== "leader" || now !== term) return false;
      if (last.term === term && commit >= last.index && this.#isReadAnswered) return true;
    }
    return false;
  }

  #settle(): void {
    for (let step = 0; step < STEPS_MAX; step++) {
      const writing = this.#members.findIndex(({ pending }) => pending.length > 0);
      if (writing >= 0) this.#do(writing, { kind: "persist" });
      else if (this.#messages.length > 0) this.#deliver(this.#messages.shift()!);
      else return;
    }
    throw new Violation("progress", `${STEPS_MAX} steps, and there are still messages under way`);
  }

  #deliver(message: Message): void {
    if (message.to <= this.#members.length) this.#do(message.to - 1, { kind: "deliver", message });
  }

  #do(at: number, input: Input): void {
    const { member, sent, answered } = perform(this.#members[at]!, input, this.#rules);
    this.#members[at] = member;
    this.#messages.push(...sent);
    if (answered.some(({ index }) => index !== undefined)) this.#isReadAnswered = true;
  }

  #statusOf(at: number): ReturnType<Member["raft"]["status"]> {
    return this.#members[at]!.raft.status();
  }
}
