/** A simulated cluster: its members, what lies between them, and what is done to them. */
import {
  isJoint,
  isVoter,
  memberId,
  membersOf,
  membershipOf,
  NOBODY,
  quorumReached,
  type Membership,
  type MemberId,
} from "@lattice/raft";
import { Prng } from "../prng.ts";
import type { Trace } from "../trace.ts";
import { LEADER, LEADING, type RaftAction, type RaftPlan } from "./action.ts";
import { Clients } from "./clients.ts";
import { RaftEventQueue } from "./event-queue.ts";
import { Invariants } from "./invariants.ts";
import { mix } from "./machine-state.ts";
import { RaftDisk } from "./raft-disk.ts";
import { RaftNetwork, wayOf } from "./raft-network.ts";
import { RealLog } from "./real-log.ts";
import { SimMember } from "./sim-member.ts";

export class RaftWorld {
  readonly plan: RaftPlan;
  readonly trace: Trace;
  readonly queue = new RaftEventQueue();
  readonly clients: Clients;
  readonly network: RaftNetwork;
  readonly members: readonly SimMember[];
  readonly #random: Prng;
  readonly #invariants: Invariants;
  /** Of everything that happened, in two halves. */
  #digest = [0, 1];
  #payload = 0;
  #partitions = 0;
  isOver = false;

  constructor({ plan, trace, keepsHistory }: { plan: RaftPlan; trace: Trace; keepsHistory: boolean }) {
    this.plan = plan;
    this.trace = trace;
    this.clients = new Clients({ keepsHistory });
    const random = new Prng(BigInt(`0x${plan.seed}`));
    this.#random = random.fork("raft world");
    this.network = new RaftNetwork({
      queue: this.queue,
      random: random.fork("raft network"),
      weather: plan.weather,
      deliver: (message) => this.members[message.to - 1]!.receive(message),
    });
    const disks = new Map<MemberId, RaftDisk>();
    this.#invariants = new Invariants({
      disks,
      limits: plan.settings,
      raftOf: (id) => this.members[id - 1]?.raft,
    });
    const { queue, network, clients } = this;
    const onEvent = (member: SimMember) => this.#note(member);
    const around = {
      settings: plan.settings,
      queue,
      network,
      clients,
      invariants: this.#invariants,
      onEvent,
    };
    this.members = Array.from({ length: plan.memberCount }, (_, place) => {
      const id = memberId(place + 1);
      const disk = new RaftDisk(plan.settings.isLogReal ? new RealLog() : undefined);
      disks.set(id, disk);
      return new SimMember({ id, disk, random: random.fork(`raft member ${place}`), around });
    });
    const first = membershipOf(this.members.slice(0, plan.voterCount).map(({ id }) => id));
    for (const { disk } of this.members.slice(0, plan.voterCount)) disk.bootstrap(first);
    for (const member of this.members) member.start();
  }

  get digest(): string {
    return this.#digest.map((half) => half.toString(16).padStart(8, "0")).join("");
  }

  get committedCount(): number {
    return this.#invariants.committedCount;
  }

  /** The one of the latest term, where there is one. */
  get leader(): SimMember | undefined {
    let leader: SimMember | undefined;
    for (const member of this.members) {
      if (member.raft?.role === "leader" && (leader === undefined || member.raft.term > leader.raft!.term))
        leader = member;
    }
    return leader;
  }

  perform(action: RaftAction): void {
    this.trace.count(`action ${action.kind}`);
    this.#tell("all", () => JSON.stringify(action));
    switch (action.kind) {
      case "write":
        for (const member of this.#serversOf(action.member))
          member.write(this.#payloads(action.count, action.bytes));
        return;
      case "read":
        for (const member of this.#named(action.member)) member.read();
        return;
      case "crash":
        for (const member of this.#named(action.member)) this.#crash(member, action);
        return;
      case "pause":
        for (const member of this.#named(action.member)) {
          member.pause();
          this.queue.after(action.forMs, () => member.resume());
        }
        return;
      case "clock-rate":
        for (const member of this.#named(action.member)) member.setClockRate(action.rate);
        return;
      case "disk":
        for (const member of this.#named(action.member)) this.#breakDisk(member, action);
        return;
      case "rot":
        for (const member of this.#named(action.member)) this.#rot(member, action.forMs);
        return;
      case "isolate":
        for (const member of this.#named(action.member)) this.#isolate(member, action);
        return;
      case "estrange":
        for (const member of this.#named(action.member)) this.#estrange(member, action);
        return;
      case "partition":
        this.#partition(action);
        return;
      case "weather":
        this.network.weather = action.weather;
        this.queue.after(action.forMs, () => {
          if (!this.isOver) this.network.weather = this.plan.weather;
        });
        return;
      case "transfer":
        this.leader?.input((raft) => raft.transfer(this.members[action.to]!.id));
        return;
      case "change": {
        const changes = action.changes.map(({ kind, member }) => ({
          kind,
          member: this.members[member]!.id,
        }));
        this.leader?.input((raft) => raft.changeMembership(changes));
        return;
      }
      case "snapshot":
        for (const member of this.#named(action.member)) member.takeSnapshot();
        return;
      case "campaign":
        for (const member of this.#named(action.member)) member.input((raft) => raft.campaign());
    }
  }

  /** Nothing goes wrong from here on. */
  repair(): void {
    this.isOver = true;
    this.network.cut(new Set());
    this.network.weather = { latencyMs: 1, jitterMs: 1, loss: 0, duplication: 0 };
    for (const member of this.members) {
      member.disk.fault = "none";
      member.setClockRate(1);
      member.resume();
      this.#start(member);
    }
    this.#tell("all", () => "is repaired");
  }

  /** The membership of the member that an election would favour, where enough of it is left for one. */
  get viableMembership(): Membership | undefined {
    const candidates = this.members.filter(({ raft }) => raft !== undefined);
    const best = candidates.toSorted(({ raft: a }, { raft: b }) => {
      return b!.log.lastTerm - a!.log.lastTerm || b!.log.lastIndex - a!.log.lastIndex;
    })[0];
    if (best === undefined) return undefined;
    const { membership } = best.raft!.log;
    return quorumReached(membership, (id) => (this.members[id - 1]!.isDead ? 0 : 1)) >= 1
      ? membership
      : undefined;
  }

  /** Everybody who is a member has everything, and nobody waits. */
  get isSettled(): boolean {
    const leader = this.leader;
    if (leader === undefined) return false;
    const { log, commit } = leader.raft!;
    if (commit !== log.lastIndex || isJoint(log.membership) || !isVoter(log.membership, leader.id))
      return false;
    if (leader.raft!.status().transferTarget !== NOBODY) return false;
    // Who was put out while it waited has nobody to ask.
    return this.#living(log.membership).every(
      ({ raft, state, openCount }) =>
        raft?.commit === commit && raft.leader === leader.id && state.index === commit && openCount === 0,
    );
  }

  /** How much members have to catch up with, in entries. */
  get backlog(): number {
    const { leader } = this;
    if (leader === undefined) return Infinity;
    const { log } = leader.raft!;
    const behind = this.#living(log.membership).map(
      ({ raft }) => 2 * log.lastIndex - (raft?.log.lastIndex ?? 0) - (raft?.commit ?? 0),
    );
    return behind.reduce((sum, each) => sum + each, 0);
  }

  #living(membership: Membership): SimMember[] {
    return membersOf(membership)
      .map((id) => this.members[id - 1]!)
      .filter(({ isDead }) => !isDead);
  }

  /** One more write, and a read at every member of the cluster. Answers how many requests that is. */
  ask(): number {
    const leader = this.leader!;
    const members = this.#living(leader.raft!.log.membership);
    leader.write(this.#payloads(1, 4));
    for (const member of members) member.read();
    return 1 + members.length;
  }

  #named(place: number): readonly SimMember[] {
    if (place === LEADING) return this.members.filter(({ raft }) => raft?.role === "leader");
    const member = place === LEADER ? this.leader : this.members[place];
    return member === undefined ? [] : [member];
  }

  /** A server that does not lead sends its clients' writes on. */
  #serversOf(place: number): readonly SimMember[] {
    return this.#named(place).map((member) => this.members[(member.raft?.leader ?? 0) - 1] ?? member);
  }

  #payloads(count: number, bytes: number): Uint8Array[] {
    return Array.from({ length: count }, () => {
      const data = new Uint8Array(Math.max(4, bytes));
      new DataView(data.buffer).setUint32(0, ++this.#payload);
      return data;
    });
  }

  #crash(member: SimMember, { forMs, connectionsBreak }: { forMs: number; connectionsBreak: boolean }): void {
    if (!member.crash()) return;
    if (connectionsBreak) for (const other of this.members) other.input((raft) => raft.peerLost(member.id));
    this.queue.after(forMs, () => this.#start(member));
  }

  #start(member: SimMember): void {
    if (member.isUp || member.isDead) return;
    member.start();
    this.#tell(`member ${member.id}`, () => (member.isDead ? "finds its log damaged" : "is up"));
  }

  /** What it breaks ends the process; somebody starts it again until there is room. */
  #breakDisk(member: SimMember, { fault, forMs }: { fault: RaftDisk["fault"]; forMs: number }): void {
    if (member.disk.fault !== "none") return;
    member.disk.fault = fault;
    this.queue.after(forMs, () => {
      member.disk.fault = "none";
      this.#start(member);
    });
  }

  #rot(member: SimMember, forMs: number): void {
    if (!this.#canDoWithout(member)) return;
    member.crash();
    if (member.disk.rot(this.#random)) member.mayBeDamaged = true;
    this.queue.after(forMs, () => this.#start(member));
  }

  /**
   * More than a majority is left of every membership, so that one more loss is not the end. Of one that is not committed yet
   * only the leader may know, and that may be who is lost: then the one before still holds.
   */
  #canDoWithout(lost: SimMember): boolean {
    const { log, commit } = this.leader?.raft ?? {};
    if (log === undefined || log.membershipIndex > commit!) return false;
    const { voters, outgoing, learners } = log.membership;
    const isSafe = (ids: readonly MemberId[]) => {
      const left = ids.filter(
        (id) => !this.members[id - 1]!.isDead && !this.members[id - 1]!.mayBeDamaged && id !== lost.id,
      );
      return ids.length === 0 || left.length > ids.length / 2;
    };
    return isSafe(voters) && isSafe(outgoing) && isSafe([...voters, ...learners]);
  }

  #partition(action: RaftAction & { kind: "partition" }): void {
    const { sides, isOneWay, bridge } = action;
    const isCut = (from: number, to: number) => {
      if (from === bridge || to === bridge) return false;
      return isOneWay ? sides[from]! > sides[to]! : sides[from] !== sides[to];
    };
    this.#cut(isCut, action);
  }

  #isolate(member: SimMember, { companions, way, forMs }: RaftAction & { kind: "isolate" }): void {
    const alone = this.members.indexOf(member);
    const isInside = (place: number) =>
      (place - alone + this.members.length) % this.members.length <= companions;
    const isCut = (from: number, to: number) => {
      if (isInside(from) === isInside(to)) return false;
      return way === "both" || isInside(from) === (way === "out");
    };
    this.#cut(isCut, { flaps: 1, forMs });
  }

  #estrange(member: SimMember, { other, forMs }: { other: number; forMs: number }): void {
    const pair = [this.members.indexOf(member), other];
    this.#cut((from, to) => from !== to && pair.includes(from) && pair.includes(to), { flaps: 1, forMs });
  }

  #cut(
    isCut: (from: number, to: number) => boolean,
    { flaps, forMs }: { flaps: number; forMs: number },
  ): void {
    const ways = new Set<number>();
    for (const [from, { id }] of this.members.entries()) {
      for (const [to, other] of this.members.entries()) if (isCut(from, to)) ways.add(wayOf(id, other.id));
    }
    const number = ++this.#partitions;
    const set = (cut: ReadonlySet<number>) => {
      if (!this.isOver && number === this.#partitions) this.network.cut(cut);
    };
    const flapMs = forMs / (2 * flaps - 1);
    for (let flap = 0; flap < flaps; flap++) {
      this.queue.after(flap * 2 * flapMs, () => set(ways));
      this.queue.after((flap * 2 + 1) * flapMs, () => set(new Set()));
    }
  }

  #note({ id, raft, state }: SimMember): void {
    if (raft === undefined) return;
    const facts = [id, raft.term, raft.commit, raft.log.lastIndex, state.chain];
    this.#digest = this.#digest.map((half) => facts.reduce(mix, half));
  }

  #tell(who: string, text: () => string): void {
    if (this.trace.keepsTimeline) this.trace.tell(this.queue.nowMs, who, text());
  }
}
