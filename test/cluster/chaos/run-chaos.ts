/** A cluster of real processes under load and under faults, then healed, then held to what its clients saw. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import {
  checkEtcdHistory,
  etcdModel,
  explainViolation,
  timelineHtml,
  violationText,
} from "../../../packages/check/src/index.ts";
import {
  calls,
  type MemberProcess,
  type ServerProgram,
} from "../../../packages/testkit/src/clusters/index.ts";
import { seededNumbers } from "../../seeded-numbers.ts";
import { ChaosWorld } from "./chaos-world.ts";
import { differingHashes, differingMembers } from "./checks/same-everywhere.ts";
import { SeenRevisions } from "./checks/seen-revisions.ts";
import { wholeHistory } from "./checks/whole-history.ts";
import type { Fault } from "./faults/fault.ts";
import type { RecordedOperation } from "./history.ts";
import { LeaseKeeper } from "./load/lease-keeper.ts";
import { StoreClient } from "./load/store-client.ts";
import { TYPED_STORE_FLAGS, TypedStore } from "./load/typed-store.ts";
import { Watcher } from "./load/watcher.ts";
import { runWorkload } from "./load/workload.ts";
import { runSchedule } from "./schedule.ts";

export interface ChaosOptions {
  readonly program: ServerProgram;
  readonly size: number;
  readonly seconds: number;
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly flags?: readonly string[];
  /** Of this run alone; what was wrong is written into it. */
  readonly directory: string;
  readonly diskBytes?: number;
  readonly clients?: number;
  readonly pauseMsMax?: number;
  readonly tell?: (line: string) => void;
}

export interface ChaosResult {
  /** What was wrong, in words; empty where all is well. */
  readonly faults: readonly string[];
  readonly operations: number;
  readonly unknown: number;
  readonly writes: number;
  readonly events: number;
  readonly leasesExpired: number;
  /** Of the store of a type. */
  readonly typedOperations: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** A history that is too hard to check is no fault, and no success. */
  readonly verdict: "linearizable" | "violation" | "unknown";
}

const DEADLINE_MS = 2_500;
const LEASE_KEEPERS = 3;
const WATCHERS = 3;
/** After the last fault clients go on for a while: all of them must get through. */
const CALM_MS = 3_000;
const CHECK_MS = 300_000;
/** For the checks at the end, of a cluster without faults. */
const PATIENCE_MS = 60_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { program, size, directory, seed, seconds, faults, tell = () => undefined } = options;
  const flags = [...(options.flags ?? []), ...(program.name === "lattice" ? TYPED_STORE_FLAGS : [])];
  await using world = await ChaosWorld.start({
    program,
    size,
    directory,
    flags,
    diskBytes: options.diskBytes,
    tell,
  });
  world.note(`${program.name} serves`);
  const load = new Load(world, options);
  const guard = watchProcesses(world);
  await runSchedule(world, { seed, seconds, faults });
  world.note("heal");
  const isHealed = await heal(world);
  if (isHealed) await delay(CALM_MS);
  const stuck = await load.stop();
  guard.stop();
  if (!isHealed) return resultOf(world, load, { verdict: "unknown", faults: world.faults });
  world.note("check");
  const found = await check(world, load, directory);
  return resultOf(world, load, { ...found, faults: [...world.faults, ...stuck, ...found.faults] });
}

/** Everybody who uses the cluster meanwhile. */
class Load {
  readonly watchers: Watcher[];
  readonly keepers: LeaseKeeper[];
  /** Where the servers have stores of types. */
  readonly typed: TypedStore | undefined;
  readonly #world: ChaosWorld;
  readonly #stop = new AbortController();
  readonly #stopWatching = new AbortController();
  readonly #clients: StoreClient[] = [];
  readonly #working: Promise<unknown>[];
  readonly #watching: Promise<unknown>[];

  constructor(world: ChaosWorld, { program, seed, clients = 6, pauseMsMax = 20 }: ChaosOptions) {
    this.#world = world;
    const { signal } = this.#stop;
    const { nextAddress } = world;
    const newClient = (number: number): StoreClient => {
      const client = new StoreClient({
        number,
        history: world.history,
        nextAddress,
        deadlineMs: DEADLINE_MS,
      });
      this.#clients.push(client);
      return client;
    };
    const workloads = Array.from({ length: clients }, (_, at) => {
      const below = seededNumbers(seed + at + 1);
      return runWorkload({ client: newClient(at), name: `c${at}`, below, signal, pauseMsMax });
    });
    this.keepers = Array.from({ length: LEASE_KEEPERS }, (_, at) => {
      const below = seededNumbers(seed + 1000 + at);
      return new LeaseKeeper({ name: `k${at}`, client: newClient(50 + at), nextAddress, below, signal });
    });
    this.watchers = Array.from({ length: WATCHERS }, (_, at) => {
      return new Watcher({
        name: `watcher ${at + 1}`,
        nextAddress,
        signal: this.#stopWatching.signal,
        fromRevision: 1,
      });
    });
    if (program.name === "lattice") {
      const addresses = (): string[] => world.members.map(({ name }) => world.network.clientAddress(name));
      const below = seededNumbers(seed + 2000);
      this.typed = new TypedStore({ addresses, below, signal, deadlineMs: DEADLINE_MS, pauseMsMax });
    }
    this.#working = [
      ...workloads,
      ...this.keepers.map((keeper) => keeper.run()),
      ...(this.typed === undefined ? [] : [this.typed.run()]),
    ];
    this.#watching = this.watchers.map((watcher) => watcher.run());
  }

  /** Who writes stops first; who watches then sees all of it. Answers who did not come to an end. */
  async stop(): Promise<string[]> {
    this.#stop.abort();
    const isDone = await Promise.race([
      Promise.all(this.#working),
      delay(PATIENCE_MS, undefined, { ref: false }),
    ]);
    const stuck = isDone === undefined ? ["a client waits for an answer without end"] : [];
    for (const client of this.#clients) client[Symbol.dispose]();
    const revision = await currentRevision(this.#world);
    if (revision !== undefined) {
      stuck.push(...(await untilSeen(this.watchers, revision)));
    }
    this.#stopWatching.abort();
    await Promise.all(this.#watching);
    return stuck;
  }
}

async function untilSeen(watchers: readonly Watcher[], revision: number): Promise<string[]> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const behind = watchers.filter(({ progress }) => progress < revision);
    if (behind.length === 0) return [];
    if (performance.now() > giveUpAt) {
      return behind.map(({ name, progress }) => `${name} stays at revision ${progress} of ${revision}`);
    }
    await delay(100);
  }
}

async function currentRevision(world: ChaosWorld): Promise<number | undefined> {
  const header = await world.ask(async (client) => {
    return (await client.call(calls.range, { key: Buffer.from("none") }, { deadlineMs: DEADLINE_MS })).header;
  });
  return header === undefined ? undefined : Number(header.revision);
}

/** A process that ends though nobody has ended it is a fault, and is started again; unless it was removed. */
function watchProcesses(world: ChaosWorld): { stop(): void } {
  const timer = setInterval(() => {
    for (const member of world.members) {
      if (member.isRunning || world.busy.has(member.name)) continue;
      world.busy.add(member.name);
      void judgeEnd(world, member).finally(() => world.busy.delete(member.name));
    }
  }, 200);
  return { stop: () => clearInterval(timer) };
}

async function judgeEnd(world: ChaosWorld, member: MemberProcess): Promise<void> {
  const told = `${member.name} ended by itself: ${member.ending}`;
  world.note(told);
  // A removal that nobody was told of has been done all the same.
  if ((await world.isMember(member)) === false) {
    world.forget(member);
    return;
  }
  const last = member.output.trimEnd().split("\n").slice(-5).join("\n    ");
  world.faults.push(`${told}\n    ${last}`);
  member.start();
}

/** Whether everybody serves again. */
async function heal(world: ChaosWorld): Promise<boolean> {
  world.network.links.openAll();
  for (const member of world.members) {
    if (member.isPaused) member.resume();
    if (!member.isRunning) member.start();
  }
  try {
    await Promise.all(world.members.map((member) => world.cluster.untilServing(member)));
  } catch (error) {
    world.faults.push(
      `the cluster does not recover: ${error instanceof Error ? error.message : String(error)}`,
    );
    return false;
  }
  for (const member of world.lingering) {
    if (!(await endsSoon(member))) world.faults.push(`${member.name} was removed and does not end`);
  }
  return true;
}

async function endsSoon(member: MemberProcess): Promise<boolean> {
  const ended = member.ended().then(() => true);
  return Promise.race([ended, delay(PATIENCE_MS, false, { ref: false })]);
}

interface Found {
  readonly verdict: ChaosResult["verdict"];
  readonly faults: readonly string[];
}

async function check(world: ChaosWorld, load: Load, directory: string): Promise<Found> {
  await readEverywhere(world);
  const revision = await currentRevision(world);
  if (revision === undefined) return { verdict: "unknown", faults: ["nobody answers at the end"] };
  const last = await watchAgain(world, revision);
  const watchers = [...load.watchers, ...last];
  const seen = new SeenRevisions(watchers);
  const leases = load.keepers.flatMap((keeper) => keeper.leases);
  const { operations, faults } = wholeHistory(world.history.operations, leases, seen);
  const found = checkHistory(operations, directory);
  await load.typed?.readAll();
  const typed = load.typed?.faults({ now: () => performance.now(), at: performance.now() + CHECK_MS }) ?? [];
  return {
    verdict: found.verdict,
    faults: [
      ...(await differingHashes(world.members, revision)),
      ...(await differingMembers(world.members)),
      ...watchers.flatMap((watcher) => watcher.faults),
      ...load.keepers.flatMap((keeper) => keeper.faults),
      ...seen.faults,
      ...faults,
      ...found.faults,
      ...typed,
    ],
  };
}

/** What each member answers at the end is part of the history. */
async function readEverywhere({ members, history }: ChaosWorld): Promise<void> {
  const keys = new Set(history.operations.flatMap(({ op }) => (op.type === "txn" ? [] : [op.key])));
  await Promise.all(
    members.map(async ({ address }, at) => {
      using client = new StoreClient({
        number: 70 + at,
        history,
        nextAddress: () => address,
        deadlineMs: PATIENCE_MS,
      });
      for (const key of [...keys].filter((each) => each.startsWith("chaos/"))) await client.get(key);
    }),
  );
}

/** The whole history that is left, from each member. */
async function watchAgain(world: ChaosWorld, revision: number): Promise<Watcher[]> {
  const stop = new AbortController();
  const watchers = world.members.map(({ name, address }) => {
    return new Watcher({
      name: `${name} at the end`,
      nextAddress: () => address,
      signal: stop.signal,
      fromRevision: 1,
    });
  });
  const running = watchers.map((watcher) => watcher.run());
  const behind = await untilSeen(watchers, revision);
  world.faults.push(...behind);
  stop.abort();
  await Promise.all(running);
  return watchers;
}

function checkHistory(operations: readonly RecordedOperation[], directory: string): Found {
  const deadline = { now: () => performance.now(), at: performance.now() + CHECK_MS };
  const { verdict, partitions } = checkEtcdHistory(operations, { deadline });
  const faults: string[] = [];
  for (const partition of partitions) {
    if (partition.verdict !== "violation") continue;
    const explanation = explainViolation(etcdModel(operations), operations, partition);
    const file = join(directory, "violation.html");
    writeFileSync(file, timelineHtml(explanation));
    faults.push(`${violationText(explanation)}\ndrawn in ${file}`);
  }
  return { verdict, faults };
}

function resultOf(world: ChaosWorld, load: Load, { verdict, faults }: Found): ChaosResult {
  const { operations, outcomeCounts } = world.history;
  return {
    verdict,
    faults,
    operations: operations.length,
    unknown: operations.filter(({ result }) => result === undefined).length,
    writes: operations.filter(({ op, result }) => op.type !== "get" && result !== undefined).length,
    events: Math.max(...load.watchers.map(({ events }) => events.length)),
    leasesExpired: load.keepers.reduce((sum, { expired }) => sum + expired, 0),
    typedOperations: load.typed?.operations.length ?? 0,
    outcomes: outcomeCounts,
  };
}
