/**
 * Does the log hold together, and is the state what the log says? Driver; reads everything, a turn at a time.
 */
import {
  bytesKey,
  concatBytes,
  equalBytes,
  idHash,
  isGenesis,
  LatticeError,
  parentsOf,
  SetSum,
  toHex,
  verifyIntention,
  type Hash,
  type Intention,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import { MemoryStorage, type Storage } from "@lattice/storage";
import { rowHash } from "./digest-table.ts";
import type { WitnessLog } from "./log.ts";
import { Projection, type TableSum } from "./projection.ts";
import { chainHashAfter, EMPTY_HEAD } from "./records.ts";
import type { Store } from "./store.ts";
import { stateTables } from "./tables.ts";

/** Records that are looked at before others get a turn. */
const STEP_COUNT = 1000;
const PROBLEM_COUNT_MAX = 20;

export interface Verification {
  readonly intentionCount: number;
  readonly stateDigest: Hash;
  /** What a projection of the log into an empty state gives. */
  readonly rebuiltDigest: Hash;
  /** One line for each fault found, the first twenty. */
  readonly problems: readonly string[];
}

/**
 * Checks every record and its signature, its place in every index, the chain of hashes, and what the log says of its DAG; counts the rows of
 * the state; then projects the log once more and compares. `scratch` holds the second state (default: in memory).
 */
export async function verifyStore(
  store: Store,
  options: { scratch?: Storage; signal?: AbortSignal } = {},
): Promise<Verification> {
  const problems: string[] = [];
  const { signal } = options;
  await checkLog(store, problems, signal);
  await checkRows(store, problems, signal);
  const scratch = options.scratch ?? new MemoryStorage({ tables: stateTables(store.type) });
  const { stateDigest, rebuiltDigest } = await projectAgain(store, scratch, problems, signal);
  if (!equalBytes(stateDigest, rebuiltDigest)) {
    problems.push(`the state differs from what the log gives: run "store rebuild"`);
  }
  const intentionCount = store.log.head.wseq;
  return { intentionCount, stateDigest, rebuiltDigest, problems: problems.slice(0, PROBLEM_COUNT_MAX) };
}

async function checkLog(store: Store, problems: string[], signal: AbortSignal | undefined): Promise<void> {
  const { log } = store;
  const dag = new Dag();
  let chainHash = EMPTY_HEAD.chainHash;
  try {
    for (let wseq = 1; wseq <= log.head.wseq && problems.length < PROBLEM_COUNT_MAX; wseq++) {
      if (wseq % STEP_COUNT === 0) await turn(store, signal);
      const { intention, wallMs, signature, chainHash: stored } = log.at(wseq);
      const isSigned =
        signature === undefined || verifyIntention(intention.author, intention.hash, signature);
      if (!isSigned) problems.push(`witness ${wseq}: the signature does not fit the record`);
      dag.add(intention);
      chainHash = chainHashAfter(chainHash, intention.hash, wallMs);
      const fault = indexFault(log, wseq);
      if (!equalBytes(stored, chainHash)) {
        problems.push(`witness ${wseq}: the chain hash does not fit the record`);
        chainHash = stored;
      } else if (fault !== undefined) problems.push(fault);
    }
    // No await since the last record: both are of one moment.
    if (problems.length === 0) problems.push(...dag.faultsOf(log));
    for (const { intention, authentication } of store.replica.floating.all()) {
      const { author, hash, id } = intention;
      if (authentication.kind === "voucher" || verifyIntention(author, hash, authentication.signature))
        continue;
      problems.push(`floating ${toHex(id)}: the signature does not fit the record`);
    }
  } catch (error) {
    noteDamage(error, problems);
  }
}

/** What heads, tips, forks and the head of the log have to say of the intentions that were added. */
class Dag {
  readonly #heads = new Set<string>();
  readonly #tips = new Set<string>();
  readonly #forks = new Set<string>();
  readonly #authors = new Set<string>();
  readonly #sum = new SetSum();
  #maxTimestamp = 0n;

  add(intention: Intention): void {
    const { author, id, hash, storePrev, timestamp } = intention;
    for (const parent of parentsOf(intention)) this.#heads.delete(bytesKey(parent));
    this.#heads.add(bytesKey(id));
    const isFirst = !this.#authors.has(bytesKey(author));
    const isOnTip = this.#tips.delete(tipKey(author, storePrev));
    if (!isFirst && !isOnTip && !isGenesis(intention)) this.#forks.add(tipKey(author, storePrev));
    this.#authors.add(bytesKey(author));
    this.#tips.add(tipKey(author, id));
    this.#sum.add(hash);
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
  }

  faultsOf(log: WitnessLog): string[] {
    const tips = log.tips().map(({ author, id }) => tipKey(author, id));
    const forks = log.forks().map(({ author, storePrev }) => tipKey(author, storePrev));
    const faults: string[] = [];
    if (!isSame(this.#heads, log.heads().map(bytesKey))) faults.push("heads: not those of the log");
    if (!isSame(this.#tips, tips)) faults.push("tips: not those of the log");
    if (!isSame(this.#forks, forks)) faults.push("forks: not those of the log");
    const isHead = this.#sum.equals(log.head.setSum) && this.#maxTimestamp === log.head.maxTimestamp;
    if (!isHead) faults.push("meta head: not that of the log");
    return faults;
  }
}

function tipKey(author: PubKey, id: IntentionId): string {
  return bytesKey(concatBytes(author, id));
}

function isSame(expected: ReadonlySet<string>, found: readonly string[]): boolean {
  return expected.size === found.length && found.every((each) => expected.has(each));
}

/** The digest of a table is kept beside it: are its rows those? */
async function checkRows(store: Store, problems: string[], signal: AbortSignal | undefined): Promise<void> {
  const { projection } = store.replica;
  try {
    for (const { table } of projection.tableSums()) {
      const { counted, kept } = await countRows(store, table, signal);
      if (!counted.equals(kept))
        problems.push(`state ${table}: its rows are not those that were written: run "store rebuild"`);
    }
  } catch (error) {
    noteDamage(error, problems);
  }
}

/** A turn at a time as long as nobody writes meanwhile; from the second try on at once. */
async function countRows(
  store: Store,
  table: string,
  signal: AbortSignal | undefined,
): Promise<{ counted: SetSum; kept: SetSum }> {
  for (let step = STEP_COUNT; ; step = Infinity) {
    const { projection } = store.replica;
    const { cursor } = projection;
    const counted = new SetSum();
    let last: Uint8Array | undefined;
    for (let count = step; count === step;) {
      count = 0;
      for (const [key, value] of projection.rows(table, last, step)) {
        counted.add(rowHash(key, value));
        last = key;
        count += 1;
      }
      if (count === step) await turn(store, signal);
    }
    if (cursor === projection.cursor) return { counted, kept: sumOf(projection.tableSums(), table) };
  }
}

function sumOf(sums: readonly TableSum[], table: string): SetSum {
  return sums.find((each) => each.table === table)!.sum;
}

/** Damage is what this is looking for; all else is not. */
function noteDamage(error: unknown, problems: string[]): void {
  const { code, message } = LatticeError.from(error);
  if (code !== "corrupt") throw error;
  problems.push(message);
}

function indexFault(log: WitnessLog, wseq: number): string | undefined {
  const { intention } = log.at(wseq);
  const name = toHex(idHash(intention.id)).slice(0, 12);
  if (log.wseqOf(intention.id) !== wseq) return `index: ${name} does not point to witness ${wseq}`;
  for (const entry of log.chain(intention.author, intention.seq)) {
    if (entry.seq !== intention.seq) break;
    if (entry.wseq === wseq) return undefined;
  }
  return `chain: ${name} (seq ${intention.seq}) is missing`;
}

/** Until the second projection has caught up with a log that goes on growing, or met what is damaged. */
async function projectAgain(
  store: Store,
  scratch: Storage,
  problems: string[],
  signal: AbortSignal | undefined,
): Promise<{ stateDigest: Hash; rebuiltDigest: Hash }> {
  const projection = new Projection({
    storage: scratch,
    log: store.log,
    type: store.type,
    roles: store.outerRoles,
  });
  try {
    while (projection.isBehind) {
      projection.advance(STEP_COUNT);
      await scratch.flush();
      await turn(store, signal);
    }
  } catch (error) {
    noteDamage(error, problems);
  }
  // No await between these two: both are of one moment.
  return { stateDigest: store.digest(), rebuiltDigest: projection.digest() };
}

function turn(store: Store, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  return store.turn();
}
