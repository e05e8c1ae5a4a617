/** Compares one node's store with what is known of it. */
import type { CrashNode } from "./crash-node.ts";
import { expectNone } from "./fault.ts";
import { KeyValues } from "./key-values.ts";
import { expectChains, hex, readLog } from "./witness-log.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

export interface CheckStoreOptions {
  readonly node: CrashNode;
  readonly store: string;
  /** Whose writes must all be there. */
  readonly writers: readonly Writer[];
  /** Others, of whose writes some may be. */
  readonly others?: readonly Writer[];
  /** Projects the whole log anew. */
  readonly verify: boolean;
}

export async function checkStore(world: World, options: CheckStoreOptions): Promise<void> {
  const { node, store, writers, others = [], verify } = options;
  const where = `${node.name}, store ${store.slice(0, 8)}`;
  await expectOpen(node);
  const found = await (await KeyValues.of(node, store)).all();
  for (const writer of writers) writer.settle(found, where);
  const known = [...writers, ...others];
  expectNone(
    `${where}: keys that nobody wrote`,
    [...found.keys()].filter((key) => !known.some(({ prefix }) => key.startsWith(prefix))),
  );
  const log = await readLog(node, store);
  expectChains(log, where);
  const hashes = new Set(log.map(({ hash }) => hash));
  expectNone(
    `${where}: acknowledged and not in the log`,
    writers.flatMap((writer) => writer.missingFrom(hashes)),
  );
  expectCount({ where, count: log.filter(({ kind }) => kind === "app").length, writers, others });
  if (verify) await expectVerified(node, store);
  world.expectNoForkTold();
  world.figures.checks += 1;
  world.note(`${where}: ${log.length} intentions and ${found.size} keys are as they must be`);
}

/** Every store that the node lists is open and well. */
export async function expectOpen(node: CrashNode): Promise<void> {
  const { stores } = await node.answer("list", (client, signal) => client.store.list({}, { signal }));
  expectNone(
    `${node.name}: a store is not open`,
    stores.filter(({ problem }) => problem !== "").map(({ id, problem }) => `${hex(id)}: ${problem}`),
  );
}

interface Count {
  readonly where: string;
  readonly count: number;
  readonly writers: readonly Writer[];
  readonly others: readonly Writer[];
}

/** Each write is there once. Others may have written things that got no answer and were not looked at since. */
function expectCount({ where, count, writers, others }: Count): void {
  const least = sum(writers.map(({ writtenCount }) => writtenCount));
  const most = least + sum(others.map(({ begunCount }) => begunCount));
  const isRight = count >= least && count <= most;
  expectNone(
    `${where}: writes are there more than once`,
    isRight ? [] : [`${count}, not ${least} to ${most}`],
  );
}

async function expectVerified(node: CrashNode, store: string): Promise<void> {
  const { problems, stateDigest, rebuiltDigest } = await node.answer("verify", (client, signal) =>
    client.store.verify({ store }, { signal }),
  );
  const isSame = hex(stateDigest) === hex(rebuiltDigest);
  expectNone(`${node.name}: verify finds faults`, [
    ...problems,
    ...(isSame ? [] : [`state ${hex(stateDigest)}, log ${hex(rebuiltDigest)}`]),
  ]);
}

const SYNCS_MAX = 30;

/** Both hold the same in the end, and say so. */
export async function expectConverged(
  world: World,
  nodes: readonly CrashNode[],
  store: string,
): Promise<void> {
  const errors: string[] = [];
  for (let at = 0; at < SYNCS_MAX; at++) {
    const node = nodes[at % nodes.length]!;
    const { peers } = await node.answer("sync", (client, signal) => client.store.sync({ store }, { signal }));
    errors.push(
      ...peers.map(({ error, same }) => `${node.name}: ${error || (same ? "same" : "not the same")}`),
    );
    const digests = await Promise.all(nodes.map((each) => digestOf(each, store)));
    if (peers.length > 0 && peers.every(({ same }) => same) && new Set(digests).size === 1) {
      world.note(`converged after ${at + 1} syncs: ${digests[0]}`);
      return;
    }
    errors.push(...digests.map((digest, index) => `${nodes[index]!.name}: ${digest}`));
  }
  expectNone("they do not converge", errors.slice(-12));
}

async function digestOf(node: CrashNode, store: string): Promise<string> {
  const { digest, fingerprint, intentionCount } = await node.answer("digest", (client, signal) =>
    client.store.digest({ store }, { signal }),
  );
  return `${intentionCount} intentions, set ${hex(fingerprint).slice(0, 16)}, state ${hex(digest).slice(0, 16)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
