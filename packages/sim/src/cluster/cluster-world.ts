/**
 * A simulated cluster of whole servers: the driver with its log, snapshots and calls, and the key space. What is done to it is what is
 * done to clusters of bare cores (`../raft/action.ts`), as far as it means anything here.
 */
import { createHash } from "node:crypto";
import { isJoint, memberId, membersOf, membershipOf, type LogIndex, type MemberId } from "@lattice/raft";
import { MemoryPeers } from "@lattice/raft-net";
import { reasonOf, type Committed, type RaftNode } from "@lattice/raft-node";
import { Prng } from "../prng.ts";
import { LEADER, LEADING, type RaftAction, type RaftPlan } from "../raft/action.ts";
import { wayOf } from "../raft/raft-network.ts";
import { EventQueue } from "../scheduler.ts";
import type { Trace } from "../trace.ts";
import { Violation } from "../violation.ts";
import { KeyClients } from "./key-clients.ts";
import type { KeyAnswer } from "./key-machine.ts";
import { Server } from "./server.ts";
import { Ways } from "./weather.ts";

/** How likely it is for each write. */
const DIES_AT_WRITE = 1 / 300;
const FINE_WEATHER = { latencyMs: 1, jitterMs: 1, loss: 0, duplication: 0 };

export class ClusterWorld {
  readonly plan: RaftPlan;
  readonly trace: Trace;
  readonly queue = new EventQueue();
  readonly ways: Ways;
  readonly clients: KeyClients;
  readonly servers: readonly Server[];
  /** What was applied at each place of the log, by whoever was first. */
  readonly #appliedAt = new Map<LogIndex, string>();
  readonly #chance: Prng;
  #partitions = 0;
  isOver = false;

  constructor({ plan, trace }: { plan: RaftPlan; trace: Trace }) {
    this.plan = plan;
    this.trace = trace;
    const random = new Prng(BigInt(`0x${plan.seed}`)).fork("cluster world");
    const { queue: scheduler } = this;
    this.ways = new Ways({ scheduler, random: random.fork("ways"), weather: plan.weather });
    this.clients = new KeyClients(random.fork("clients"));
    this.#chance = random.fork("chance");
    const peers = new MemoryPeers({ carry: (delivery, arrive) => this.#carry(delivery, arrive) });
    const ids = Array.from({ length: plan.memberCount }, (_, place) => memberId(place + 1));
    const world = {
      scheduler,
      peers,
      settings: plan.settings,
      first: membershipOf(ids.slice(0, plan.voterCount)),
      tell: (who: MemberId, text: string) => this.tell(who, text),
      diesAtWrite: (server: Server) => this.#diesAtWrite(server),
      applied: (who: MemberId, entry: Committed, answers: readonly KeyAnswer[]) =>
        this.#applied(who, entry, answers),
    };
    this.servers = ids.map((id) => {
      const isFirst = id <= plan.voterCount;
      return new Server(id, { world, random: random.fork(`server ${id}`), isFirst });
    });
    for (const server of this.servers) void server.start();
  }

  get committedCount(): number {
    return this.#appliedAt.size;
  }

  tell(who: MemberId | "all", text: string): void {
    this.trace.tell(this.queue.nowMs, who === "all" ? who : `server ${who}`, text);
  }

  async step(): Promise<void> {
    const label = await this.queue.step();
    if (label !== undefined) this.trace.note(this.queue.nowMs, label);
  }

  /** The one of the latest term, where there is one. */
  get leader(): Server | undefined {
    let leader: Server | undefined;
    let latest = -1;
    for (const server of this.servers) {
      const { role, term, state } = server.life?.node.status() ?? {};
      if (role !== "leader" || state !== "running" || term! <= latest) continue;
      leader = server;
      latest = term!;
    }
    return leader;
  }

  /** All members have everything, and nobody waits. */
  get isSettled(): boolean {
    const { leader } = this;
    if (leader === undefined || this.clients.openCount > 0) return false;
    const { commit, last, membership } = leader.life!.node.status();
    if (commit !== last.index || isJoint(membership)) return false;
    return membersOf(membership).every((id) => {
      const { machine, node } = this.servers[id - 1]!.life ?? {};
      return machine?.applied.index === commit && node!.leader === leader.id;
    });
  }

  /** Nothing goes wrong from here on. */
  repair(): void {
    this.isOver = true;
    this.ways.cut(new Set());
    this.ways.weather = FINE_WEATHER;
    for (const server of this.servers) {
      server.fault = "none";
      server.rate.set(1, this.queue.nowMs);
      server.resume();
      void server.start();
    }
    this.tell("all", "is repaired");
  }

  perform(action: RaftAction): void {
    this.trace.count(`action ${action.kind}`);
    this.tell("all", JSON.stringify(action));
    switch (action.kind) {
      case "write":
        for (const server of this.#named(action.member)) {
          for (let left = action.count; left > 0; left--) this.#ask(server, "write");
        }
        break;
      case "read":
        for (const server of this.#named(action.member)) this.#ask(server, "read");
        break;
      case "crash":
        for (const server of this.#named(action.member)) {
          if (server.crash()) this.#later(action.forMs, () => void server.start());
        }
        break;
      case "pause":
        for (const server of this.#named(action.member)) server.pause(action.forMs);
        break;
      case "clock-rate":
        for (const server of this.#named(action.member)) server.rate.set(action.rate, this.queue.nowMs);
        break;
      case "disk":
        for (const server of this.#named(action.member)) this.#breakDisk(server, action);
        break;
      case "isolate":
      case "partition":
      case "estrange":
        this.#cut(action);
        break;
      case "weather":
        this.ways.weather = action.weather;
        this.#later(action.forMs, () => (this.ways.weather = this.plan.weather));
        break;
      case "transfer":
        this.#tryAtLeader((node) => node.transfer(this.servers[action.to]!.id));
        break;
      case "change": {
        const changes = action.changes.map(({ kind, member }) => ({ kind, member: memberId(member + 1) }));
        this.#tryAtLeader((node) => node.changeMembership(changes));
        break;
      }
      default:
      // What a server decides by itself, or could not live with.
    }
  }

  /** What takes several writes is cut in two by this more often than by a crash at any moment. */
  #diesAtWrite(server: Server): boolean {
    if (this.isOver || !this.#chance.chance(DIES_AT_WRITE)) return false;
    this.trace.count("action die-at-write");
    this.tell(server.id, "dies while it writes");
    server.crash();
    this.#later(this.#chance.spread(20, 1000), () => void server.start());
    return true;
  }

  #ask(server: Server, kind: "write" | "read"): void {
    const { life } = server;
    if (life === undefined) return;
    server.run("client", () => this.clients[kind](life));
  }

  /** It may refuse. */
  #tryAtLeader(run: (node: RaftNode<KeyAnswer>) => Promise<unknown>): void {
    const node = this.leader?.life?.node;
    if (node === undefined) return;
    run(node).catch((error: unknown) => {
      if (reasonOf(error) === undefined) throw error;
    });
  }

  #breakDisk(server: Server, { fault, forMs }: { fault: Server["fault"]; forMs: number }): void {
    if (server.fault !== "none") return;
    server.fault = fault;
    this.#later(forMs, () => {
      server.fault = "none";
      void server.start();
    });
  }

  #cut(action: RaftAction & { readonly kind: "isolate" | "partition" | "estrange" }): void {
    const ways = new Set<number>();
    for (const from of this.servers) {
      for (const to of this.servers)
        if (from !== to && isCut(action, from, to)) ways.add(wayOf(from.id, to.id));
    }
    this.ways.cut(ways);
    const number = ++this.#partitions;
    this.#later(action.forMs, () => {
      if (number === this.#partitions) this.ways.cut(new Set());
    });
  }

  #carry(delivery: Parameters<Ways["carry"]>[0], arrive: () => void): void {
    this.ways.carry(delivery, () => this.servers[delivery.to - 1]!.run("arrival", arrive));
  }

  /** Once peace has come it does not matter any more. */
  #later(ms: number, run: () => void): void {
    this.queue.after(ms, "later", () => {
      if (!this.isOver) run();
    });
  }

  #named(place: number): readonly Server[] {
    if (place === LEADING) return this.servers.filter(({ life }) => life?.node.status().role === "leader");
    const server = place === LEADER ? this.leader : this.servers[place];
    return server === undefined ? [] : [server];
  }

  /** State machine safety (Raft figure 3): nobody applies something else at the same place. */
  #applied(who: MemberId, entry: Committed, answers: readonly KeyAnswer[]): void {
    const { index } = entry.id;
    const hash = hashOf(entry);
    const known = this.#appliedAt.get(index);
    if (known === hash) return;
    if (known !== undefined)
      throw new Violation("state machine safety", `server ${who} applied another entry at ${index}`);
    this.#appliedAt.set(index, hash);
    if (entry.kind !== "requests") return;
    for (const [at, request] of entry.requests.entries()) this.clients.applied(request, answers[at]!);
  }
}

function isCut(
  action: RaftAction & { readonly kind: "isolate" | "partition" | "estrange" },
  { id: from }: Server,
  { id: to }: Server,
): boolean {
  const [a, b] = [from - 1, to - 1];
  switch (action.kind) {
    case "partition":
      if (a === action.bridge || b === action.bridge) return false;
      return action.isOneWay ? action.sides[a]! > action.sides[b]! : action.sides[a] !== action.sides[b];
    case "isolate":
      return (a === action.member && action.way !== "in") || (b === action.member && action.way !== "out");
    case "estrange":
      return (a === action.member && b === action.other) || (a === action.other && b === action.member);
  }
}

function hashOf(committed: Committed): string {
  const hash = createHash("sha256").update(`${committed.kind} ${committed.id.term}`);
  if (committed.kind === "membership") hash.update(JSON.stringify(committed.membership));
  if (committed.kind === "requests") for (const bytes of committed.requests) hash.update(bytes);
  return hash.digest("hex");
}
