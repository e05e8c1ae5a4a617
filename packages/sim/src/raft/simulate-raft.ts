/** Runs a plan: faults first, then peace, in which everything has to come right. */
import { Trace, type TimelineEntry } from "../trace.ts";
import { Violation } from "../violation.ts";
import type { RaftPlan } from "./action.ts";
import type { ToldOp } from "./clients.ts";
import { RaftWorld } from "./raft-world.ts";

export interface RaftOutcome {
  readonly violation: Violation | undefined;
  readonly traceHash: string;
  readonly eventCount: number;
  readonly simulatedMs: number;
  /** From two election timeouts after the end of the faults until all was right, in election timeouts. */
  readonly settledAfter: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly timeline: readonly TimelineEntry[];
  /** What clients were told, where it is kept. */
  readonly history: readonly ToldOp[];
}

/** In election timeouts: for a leader and for everybody who waits, and then for new requests. */
const SETTLES_WITHIN = 60;
const ANSWERS_WITHIN = 20;
const LOOKS_EVERY_EVENTS = 20;

export function simulateRaft(
  plan: RaftPlan,
  { keepsTimeline = false, keepsHistory = false } = {},
): RaftOutcome {
  const trace = new Trace({ keepsTimeline });
  let world: RaftWorld | undefined;
  let violation: Violation | undefined;
  let settledAfter = 0;
  try {
    world = new RaftWorld({ plan, trace, keepsHistory });
    settledAfter = run(world);
  } catch (error) {
    violation =
      error instanceof Violation ? error : new Violation("exception", String((error as Error).stack));
    trace.tell(world?.queue.nowMs ?? 0, "all", `VIOLATION ${violation.message}`);
  }
  const counts = new Map(trace.counts);
  if (world !== undefined) {
    const { clients, network } = world;
    counts.set("answers", clients.answeredCount);
    counts.set("refused", clients.refusedCount);
    counts.set("unknown", clients.unknownCount);
    counts.set("messages", network.sentCount);
    counts.set("messages lost", network.lostCount);
    counts.set("messages doubled", network.doubledCount);
    counts.set("entries committed", world.committedCount);
  }
  return {
    violation,
    traceHash: world?.digest ?? "",
    history: world?.clients.told ?? [],
    eventCount: world?.queue.count ?? 0,
    simulatedMs: world?.queue.nowMs ?? 0,
    settledAfter,
    counts,
    timeline: trace.timeline,
  };
}

function run(world: RaftWorld): number {
  const { plan, queue, trace } = world;
  for (const action of plan.actions) {
    if (action.atMs < plan.untilMs) queue.after(action.atMs, () => world.perform(action));
  }
  while (queue.nowMs < plan.untilMs && queue.step());
  world.repair();
  if (world.viableMembership === undefined) {
    trace.count("no majority left");
    return 0;
  }
  // Who has been cut off for long may not have noticed yet.
  const noticedMs = queue.nowMs + 2 * plan.settings.electionTimeoutMs;
  while (queue.nowMs < noticedMs) queue.step();
  const settledAfter = settle(world, SETTLES_WITHIN);
  const before = world.clients.answeredCount;
  const asked = world.ask();
  settle(world, ANSWERS_WITHIN);
  const answered = world.clients.answeredCount - before;
  if (answered < asked)
    throw new Violation("liveness", `${answered} of ${asked} requests were answered in peace`);
  return settledAfter;
}

/** Answers how many election timeouts it took. */
function settle(world: RaftWorld, timeouts: number): number {
  const { queue } = world;
  const { electionTimeoutMs } = world.plan.settings;
  const fromMs = queue.nowMs;
  let backlog = world.backlog;
  let progressedAtMs = fromMs;
  for (let events = 0; ; events++) {
    if (events % LOOKS_EVERY_EVENTS === 0) {
      if (world.isSettled) return (queue.nowMs - fromMs) / electionTimeoutMs;
      const backlogNow = world.backlog;
      // A long log through a narrow window takes its time; that is no fault as long as it goes on.
      if (backlogNow < backlog) progressedAtMs = queue.nowMs;
      backlog = Math.min(backlog, backlogNow);
      if (queue.nowMs - progressedAtMs > timeouts * electionTimeoutMs) break;
    }
    queue.step();
  }
  throw new Violation("liveness", `nothing got better in ${timeouts} election timeouts: ${describe(world)}`);
}

function describe(world: RaftWorld): string {
  const members = world.members.map(({ id, raft, isDead, state, openCount }) => {
    if (raft === undefined) return `${id} is ${isDead ? "dead" : "down"}`;
    const { log, commit, term, role } = raft;
    return `${id} ${role} t${term} commit ${commit} of ${log.lastIndex} applied ${state.index}, ${openCount} wait`;
  });
  const membership = JSON.stringify(world.leader?.raft?.log.membership ?? null);
  return `${members.join(", ")}; members ${membership}`;
}
