/**
 * Does the log hold together, and is the state what the log says? Driver; reads everything, a turn at a time.
 */
import { equalBytes, idHash, LatticeError, toHex, type Hash } from "@lattice/model";
import { MemoryStorage, type Storage } from "@lattice/storage";
import type { WitnessLog } from "./log.ts";
import { Projection } from "./projection.ts";
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
 * Checks every record, its place in every index, and the chain of hashes; then projects the log once more and
 * compares. `scratch` holds the second state (default: in memory).
 */
export async function verifyStore(store: Store, options: { scratch?: Storage; signal?: AbortSignal } = {}): Promise<Verification> {
  const problems: string[] = [];
  await checkLog(store, problems, options.signal);
  const scratch = options.scratch ?? new MemoryStorage({ tables: stateTables(store.type) });
  const { log, stateDigest, rebuiltDigest } = await projectAgain(store, scratch, options.signal);
  if (!equalBytes(stateDigest, rebuiltDigest)) {
    problems.push(`the state differs from what the log gives: run "store rebuild"`);
  }
  return { intentionCount: log.head.wseq, stateDigest, rebuiltDigest, problems: problems.slice(0, PROBLEM_COUNT_MAX) };
}

async function checkLog(store: Store, problems: string[], signal: AbortSignal | undefined): Promise<void> {
  const { log } = store;
  const end = log.head.wseq;
  let chainHash = EMPTY_HEAD.chainHash;
  for (let wseq = 1; wseq <= end && problems.length < PROBLEM_COUNT_MAX; wseq++) {
    if (wseq % STEP_COUNT === 0) await turn(signal);
    try {
      const { intention, wallMs } = log.at(wseq);
      chainHash = chainHashAfter(chainHash, intention.hash, wallMs);
      const fault = indexFault(log, wseq);
      if (!equalBytes(log.chainHashAt(wseq), chainHash)) {
        problems.push(`witness ${wseq}: the chain hash does not fit the record`);
        chainHash = log.chainHashAt(wseq);
      } else if (fault !== undefined) problems.push(fault);
    } catch (error) {
      problems.push(LatticeError.from(error).message);
      return;
    }
  }
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

/** Until the second projection has caught up with a log that goes on growing. */
async function projectAgain(store: Store, scratch: Storage, signal: AbortSignal | undefined) {
  const { log } = store;
  const projection = new Projection({ storage: scratch, log, type: store.type, roles: store.outerRoles });
  for (;;) {
    const { wseq } = projection.advance(STEP_COUNT);
    if (projection.paused !== "" || wseq >= store.replica.projection.cursor.wseq) break;
    await scratch.flush();
    await turn(signal);
  }
  // No await between these two: both are of one moment.
  return { log, stateDigest: store.digest(), rebuiltDigest: projection.digest() };
}

function turn(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve) => setImmediate(resolve));
}

