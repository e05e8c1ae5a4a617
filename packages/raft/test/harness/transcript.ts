/**
 * Runs a transcript: a text of prose, commands and what comes of them.
 *
 *   # Prose goes on until the line ends.
 *   > command with words
 *     what came of it, two spaces in
 *
 * A transcript is right if running its commands gives the very text again. The commands are documented where they stand.
 */
import { memberId, type MembershipChange, type Message, type Proposed, type Refusal } from "@lattice/raft";
import { describeMember, describeMessage, describePeers } from "./format.ts";
import { World, type MessageFilter } from "./world.ts";

/** The text with the output as it is now. */
export function renderTranscript(transcript: string): string {
  const runner = new Runner();
  const lines: string[] = [];
  for (const line of transcript.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (line.startsWith("> ")) lines.push(...runner.run(line.slice(2)).map((each) => `  ${each}`));
  }
  return lines.join("\n");
}

type Command = (runner: Runner, words: string[]) => string[] | void;

class Runner {
  #world: World | undefined;
  #late: Message[] = [];

  get world(): World {
    if (this.#world === undefined) throw new Error("a transcript begins with `cluster`");
    return this.#world;
  }

  begin(world: World): void {
    this.#world = world;
    this.#late = [];
  }

  delay(messages: readonly Message[]): string[] {
    this.#late.push(...messages);
    return messages.map((each) => `${describeMessage(each)} (late)`);
  }

  deliverLate(): void {
    for (const message of this.#late.splice(0)) this.world.deliverOne(message);
  }

  run(line: string): string[] {
    const [name, ...words] = line.split(" ");
    const command = COMMANDS[name!];
    if (command === undefined) throw new Error(`no such command: ${line}`);
    const manner = MANNERS[words.at(-1) ?? ""];
    const answer = command(this, manner === undefined ? words : words.slice(0, -1)) ?? [];
    return [...this.world.takeNotes(), ...answer].filter(manner ?? (() => true));
  }
}

/** What is told of a command that ends with this word. */
const MANNERS: Readonly<Record<string, (line: string) => boolean>> = {
  /** What messages lead to, without them: they have an arrow. */
  quietly: (line) => !/^ *\d+→/.test(line),
  silently: () => false,
};

const COMMANDS: Readonly<Record<string, Command>> = {
  /**
   * `cluster 1 2 3 learner=4 leader=1 lease=0.1 chunkBytesMax=6`: a new one. A leader, if it is to have one, is elected
   * already. What has the name of an option of `RaftOptions` is that.
   */
  cluster(runner, words) {
    const voters = words.filter((word) => !word.includes("=")).map(Number);
    const learners: number[] = [];
    const options: Record<string, unknown> = {};
    let leader: number | undefined;
    for (const [name, value] of words.filter((word) => word.includes("=")).map((word) => word.split("="))) {
      if (name === "learner") learners.push(Number(value));
      else if (name === "leader") leader = Number(value);
      else options[name!] = name === "lease" ? { driftMax: Number(value) } : Number(value);
    }
    const world = new World({ voters, learners, options });
    runner.begin(world);
    if (leader === undefined) return;
    world.elect(leader);
    world.settle();
    world.takeNotes();
  },
  campaign({ world }, [id]) {
    world.campaign(Number(id));
  },
  /** `elect 1`: holds the election to its end. What the new leader sends is under way then. */
  elect({ world }, [id]) {
    world.elect(Number(id));
  },
  /** `propose 1 x y`: two entries. */
  propose: ({ world }, [id, ...words]) => refusal(world.propose(Number(id), ...words)),
  /** `change 1 add-voter=4 add-learner=5 remove=1` */
  change: ({ world }, [id, ...words]) => refusal(world.change(Number(id), ...words.map(parseChange))),
  transfer: ({ world }, [id, to]) => refusal(world.transfer(Number(id), Number(to))),
  /** `read 1 3`: three reads at once. */
  read({ world }, [id, count]) {
    world.read(Number(id), Number(count ?? 1));
  },
  /** `deliver 1→2 append`: what is under way and fits; `*` is anybody. What follows from it stays under way. */
  deliver({ world }, words) {
    world.deliver(parseFilter(words));
  },
  /** Lost on the way. */
  drop: ({ world }, words) => world.drop(parseFilter(words)).map((each) => `${describeMessage(each)} (lost)`),
  /** Held back, to be delivered with `late`. */
  delay: (runner, words) => runner.delay(runner.world.drop(parseFilter(words))),
  /** Sent twice, of which the second is late. */
  double(runner, words) {
    const fitting = runner.world.drop(parseFilter(words));
    runner.world.inFlight.push(...fitting);
    return runner.delay(fitting);
  },
  late: (runner) => runner.deliverLate(),
  /** Delivers until nothing is under way. */
  settle({ world }) {
    world.settle();
  },
  "under-way": ({ world }) => world.inFlight.map(describeMessage),
  /** `cut 3` from everybody, `cut 1→2` in one direction. */
  cut({ world }, [what]) {
    const { from, to } = parseFilter([what!]);
    if (from !== undefined && to !== undefined) world.cut(from, to);
    else world.isolate(Number(what));
  },
  heal({ world }) {
    world.heal();
  },
  crash({ world }, [id]) {
    world.crash(Number(id));
  },
  restart({ world }, [id]) {
    world.restart(Number(id));
  },
  /** `disk 2 hold`: nothing becomes durable; `disk 2 write`: the oldest write does; `disk 2 release`: all, and from now on. */
  disk({ world }, [id, what]) {
    const member = world.member(Number(id));
    if (what === "hold") member.holdDisk();
    else if (what === "write") member.finishWrite();
    else member.releaseDisk();
  },
  /** Time passes, and nothing is delivered. */
  wait({ world }, [ms]) {
    world.pass(Number(ms));
  },
  /** Time passes, and everything arrives at once. */
  run({ world }, [ms]) {
    world.run(Number(ms));
  },
  /** `snapshot 1 6 keep 2`: of the state at 6; two entries in front of it stay. */
  snapshot({ world }, [id, index, , tail]) {
    world.member(Number(id)).takeSnapshot(Number(index), Number(tail ?? 0));
  },
  /** Of everybody, or of some: role, term, vote, commit and log. */
  show: ({ world }, words) =>
    (words.length > 0 ? words.map(Number) : [...world.members.keys()]).map((id) =>
      world.member(id).isRunning ? describeMember(world.raft(id)) : `${id} is down`,
    ),
  /** What a leader knows of the others. */
  peers: ({ world }, [id]) => describePeers(world.raft(Number(id))),
};

function refusal(answer: Proposed | Refusal | undefined): string[] {
  if (answer === undefined || !("reason" in answer)) return [];
  return [`refused: ${answer.reason === "invalid" ? answer.message : answer.reason}`];
}

function parseChange(word: string): MembershipChange {
  const [kind, id] = word.split("=");
  if (kind !== "add-voter" && kind !== "add-learner" && kind !== "remove")
    throw new Error(`no change: ${word}`);
  return { kind, member: memberId(Number(id)) };
}

function parseFilter(words: readonly string[]): MessageFilter {
  const filter: { -readonly [K in keyof MessageFilter]: MessageFilter[K] } = {};
  for (const word of words) {
    const [, from, to] = /^(\d+|\*)→(\d+|\*)$/.exec(word) ?? [];
    if (from !== undefined && from !== "*") filter.from = Number(from);
    if (to !== undefined && to !== "*") filter.to = Number(to);
    if (from === undefined) filter.type = word as Message["type"];
  }
  return filter;
}
