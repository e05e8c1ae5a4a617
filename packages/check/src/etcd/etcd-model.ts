/**
 * A store with revisions as etcd has them: each operation that writes raises the revision of the whole store by one, and
 * every answer tells the revision. So the answers say in which order the writes took effect: at any revision one write
 * fits, the one that was answered with the next. Checking takes time with the length of the history times the number of
 * operations under way.
 *
 * A search is left for the writes without an answer, and `KnownRevisions` narrows it down.
 *
 * No partitions by key: revisions and txns span the store.
 */
import type { History } from "../history.ts";
import type { Model } from "../model.ts";
import { describeEtcdOperation, describeEtcdState } from "./describe-etcd.ts";
import { EtcdKeys, isSameEntry, type EtcdEffect, type EtcdState } from "./etcd-state.ts";
import { KnownRevisions } from "./known-revisions.ts";
import {
  answersOf,
  isSuccess,
  isWritten,
  keysOf,
  type EtcdAnswer,
  type EtcdEntry,
  type EtcdOp,
  type EtcdResult,
} from "./operation.ts";

export interface EtcdStart {
  /** That of a new store is 1. */
  readonly revision: number;
  readonly entries: ReadonlyMap<string, EtcdEntry>;
}

const NEW_STORE: EtcdStart = { revision: 1, entries: new Map() };

/** For this history only. Reads that may be stale ("serializable") have no place in it. */
export function etcdModel(
  history: History<EtcdOp, EtcdResult>,
  start: EtcdStart = NEW_STORE,
): Model<EtcdState, EtcdOp, EtcdResult> {
  const keys = new EtcdKeys(history.flatMap(({ op }) => keysOf(op)));
  const known = new KnownRevisions(history);
  return {
    init: () => keys.start(start.revision, start.entries),

    step(state, op, result) {
      if (result === undefined) {
        if (!known.isFree(state.revision + 1)) return undefined;
        const effect = keys.apply(state, op);
        if (effect.state === state) return state;
        return known.allows(op, { before: state, after: effect.state, keys }) ? effect.state : undefined;
      }
      if (result.revision !== state.revision + (isWritten(result) ? 1 : 0)) return undefined;
      const effect = keys.apply(state, op);
      return isAnswered(op, effect, result) ? effect.state : undefined;
    },

    hash: (state, hasher) => void hasher.number(state.revision).lanes(state.lanes),

    isReadOnly: (op, result) => (result === undefined ? op.type === "get" : !isWritten(result)),

    describeOperation: describeEtcdOperation,
    describeState: (state) => describeEtcdState(state, keys),
  };
}

function isAnswered(op: EtcdOp, effect: EtcdEffect, result: EtcdResult): boolean {
  const answers = answersOf(result);
  return (
    op.type === result.type &&
    effect.state.revision === result.revision &&
    effect.succeeded === isSuccess(result) &&
    effect.answers.length === answers.length &&
    effect.answers.every((answer, index) => isSameAnswer(answer, answers[index]!))
  );
}

function isSameAnswer(a: EtcdAnswer, b: EtcdAnswer): boolean {
  if (a.type === "get") return b.type === "get" && isSameEntry(a.entry, b.entry);
  if (a.type === "delete") return b.type === "delete" && a.deletedCount === b.deletedCount;
  return b.type === "put";
}
