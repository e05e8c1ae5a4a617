/** Runs a plan on a cluster of whole servers: faults first, then peace, in which everything has to come right; then what clients saw is judged. */
import { checkEtcdHistory, etcdModel, explainViolation, violationText } from "@lattice/check";
import { membersOf } from "@lattice/raft";
import type { RaftPlan } from "../raft/action.ts";
import { settled } from "../scheduler.ts";
import { Trace, type TimelineEntry } from "../trace.ts";
import { Violation } from "../violation.ts";
import { ClusterWorld } from "./cluster-world.ts";
import { KeyClients } from "./key-clients.ts";

export interface ClusterOutcome {
  readonly violation: Violation | undefined;
  readonly traceHash: string;
  readonly eventCount: number;
  readonly simulatedMs: number;
  /** In election timeouts. */
  readonly settledAfter: number;
  readonly counts: ReadonlyMap<string, number>;
  readonly timeline: readonly TimelineEntry[];
}

/** In election timeouts. The longest that anybody waits for an answer is part of it. */
const SETTLES_WITHIN = 100;
/** A history that takes longer is left undecided, and counted. */
const CHECK_STEPS_MAX = 200_000;

export async function simulateCluster(
  plan: RaftPlan,
  { keepsTimeline = false } = {},
): Promise<ClusterOutcome> {
  const trace = new Trace({ keepsTimeline });
  const world = new ClusterWorld({ plan, trace });
  let violation: Violation | undefined;
  let settledAfter = 0;
  const fail = (error: unknown) => {
    violation ??=
      error instanceof Violation ? error : new Violation("exception", String((error as Error).stack));
  };
  process.on("unhandledRejection", fail);
  try {
    settledAfter = await run(world, () => violation === undefined);
    if (violation === undefined) judge(world);
  } catch (error) {
    fail(error);
  } finally {
    process.off("unhandledRejection", fail);
  }
  if (violation !== undefined) world.tell("all", `VIOLATION ${violation.message}`);
  for (const server of world.servers) server.crash();
  const { clients, ways } = world;
  const counts = new Map([
    ...trace.counts,
    ["answers", clients.answeredCount],
    ["refused", clients.refusedCount],
    ["unknown", clients.unknownCount],
    ["messages", ways.sentCount],
    ["messages lost", ways.lostCount],
    ["messages doubled", ways.doubledCount],
    ["entries committed", world.committedCount],
  ] as const);
  return {
    violation,
    traceHash: trace.digest(),
    eventCount: world.queue.stepCount,
    simulatedMs: world.queue.nowMs,
    settledAfter,
    counts,
    timeline: trace.timeline,
  };
}

async function run(world: ClusterWorld, isFine: () => boolean): Promise<number> {
  const { plan, queue } = world;
  await settled();
  for (const action of plan.actions) {
    if (action.atMs < plan.untilMs) queue.after(action.atMs, action.kind, () => world.perform(action));
  }
  let isOver = false;
  queue.after(plan.untilMs, "peace", () => (isOver = true));
  while (!isOver && isFine()) await world.step();
  if (!isFine()) return 0;
  world.repair();
  const settledAfter = await settle(world, isFine);
  if (isFine()) await readEverywhere(world, isFine);
  return settledAfter;
}

async function settle(world: ClusterWorld, isFine: () => boolean): Promise<number> {
  const { queue, plan } = world;
  const { electionTimeoutMs } = plan.settings;
  const fromMs = queue.nowMs;
  while (isFine()) {
    const passed = (queue.nowMs - fromMs) / electionTimeoutMs;
    if (world.isSettled) return passed;
    if (passed > SETTLES_WITHIN)
      throw new Violation(
        "liveness",
        `nothing came right in ${SETTLES_WITHIN} election timeouts: ${describe(world)}`,
      );
    await world.step();
  }
  return 0;
}

/** All members answer, and show the same. */
async function readEverywhere(world: ClusterWorld, isFine: () => boolean): Promise<void> {
  const { clients } = world;
  const lives = membersOf(world.leader!.life!.node.status().membership).map(
    (id) => world.servers[id - 1]!.life!,
  );
  const hashes = new Set(lives.map(({ machine }) => JSON.stringify(machine.keys.hash(0))));
  if (hashes.size > 1) throw new Violation("same state", `members differ: ${[...hashes].join(" and ")}`);
  let answered = 0;
  let waiting = lives.length;
  for (const life of lives) {
    void clients.readAll(life).then(() => {
      waiting -= 1;
    });
  }
  const before = clients.answeredCount;
  for (let steps = 0; waiting > 0 && isFine() && steps < 100_000; steps++) await world.step();
  answered = clients.answeredCount - before;
  if (isFine() && answered < lives.length * KeyClients.keyCount)
    throw new Violation(
      "liveness",
      `${answered} of ${lives.length * KeyClients.keyCount} reads were answered in peace`,
    );
}

function judge({ clients, trace }: ClusterWorld): void {
  const history = clients.history();
  const result = checkEtcdHistory(history, { stepsMax: CHECK_STEPS_MAX });
  trace.count(`history ${result.verdict}`);
  if (result.verdict !== "violation") return;
  const broken = result.partitions.find((each) => each.verdict === "violation")!;
  const explanation = explainViolation(etcdModel(history), history, broken);
  throw new Violation("linearizability", violationText(explanation));
}

function describe(world: ClusterWorld): string {
  const servers = world.servers.map(({ id, life, isUp }) => {
    if (life === undefined) return `${id} is ${isUp ? "starting" : "down"}`;
    const { role, term, commit, last, state } = life.node.status();
    return `${id} ${state} ${role} t${term} commit ${commit} of ${last.index} applied ${life.machine.applied.index}`;
  });
  return `${servers.join(", ")}; ${world.clients.openCount} requests wait`;
}
