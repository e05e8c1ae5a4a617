/** What is asked of a store with revisions, as etcd has them, and what it answers. */

/** A key's value, as a read gives it. */
export interface EtcdEntry {
  readonly value: string;
  /** The revision at which the key came to be, and that of its last write. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** Writes since the key came to be, from 1. */
  readonly version: number;
}

export type EtcdAction =
  | { readonly type: "get"; readonly key: string }
  | { readonly type: "put"; readonly key: string; readonly value: string }
  | { readonly type: "delete"; readonly key: string };

/** A key that does not exist has the number 0 for all three, and no value: comparisons of it are false. */
export type EtcdCompare =
  | {
      readonly key: string;
      readonly target: "version" | "createRevision" | "modRevision";
      readonly relation: EtcdRelation;
      readonly to: number;
    }
  | {
      readonly key: string;
      readonly target: "value";
      readonly relation: EtcdRelation;
      readonly to: string;
    };

export type EtcdRelation = "=" | "!=" | "<" | ">";

export interface EtcdTxn {
  readonly type: "txn";
  readonly compares: readonly EtcdCompare[];
  readonly success: readonly EtcdAction[];
  readonly failure: readonly EtcdAction[];
}

export type EtcdOp = EtcdAction | EtcdTxn;

/** The entry of a get, null where there is none; how many keys a delete removed; nothing of a put. */
export type EtcdAnswer =
  | { readonly type: "get"; readonly entry: EtcdEntry | null }
  | { readonly type: "put" }
  | { readonly type: "delete"; readonly deletedCount: number };

export type EtcdResult = {
  /** Of the answer's header: that of the whole store when the operation took effect, with what it wrote. */
  readonly revision: number;
} & (
  | EtcdAnswer
  | { readonly type: "txn"; readonly succeeded: boolean; readonly answers: readonly EtcdAnswer[] }
);

/** Whether an operation that was answered so made a revision. */
export function isWritten(result: EtcdResult): boolean {
  return answersOf(result).some(isWrite);
}

export function answersOf(result: EtcdResult): readonly EtcdAnswer[] {
  return result.type === "txn" ? result.answers : [result];
}

export function isSuccess(result: EtcdResult): boolean {
  return result.type !== "txn" || result.succeeded;
}

/** What was done, as far as the answer tells. */
export function actionsDone(
  op: EtcdOp,
  result: EtcdResult,
): readonly { readonly action: EtcdAction; readonly answer: EtcdAnswer }[] {
  const actions = op.type !== "txn" ? [op] : isSuccess(result) ? op.success : op.failure;
  const answers = answersOf(result);
  return actions.flatMap((action, index) => {
    const answer = answers[index];
    return answer?.type === action.type ? [{ action, answer }] : [];
  });
}

function isWrite(answer: EtcdAnswer): boolean {
  return answer.type === "put" || (answer.type === "delete" && answer.deletedCount > 0);
}

export function keysOf(op: EtcdOp): readonly string[] {
  if (op.type !== "txn") return [op.key];
  return [...op.compares, ...op.success, ...op.failure].map(({ key }) => key);
}
