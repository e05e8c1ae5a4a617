/** What all clients asked and what they were told, in the terms of the checker. */
import type { EtcdOp, EtcdResult, Operation } from "../../../packages/check/src/index.ts";

export type RecordedOperation = Operation<EtcdOp, EtcdResult>;

/** What became of an operation: its result, or nobody knows; or it is known that it did nothing, and is left out. */
export type Outcome =
  | { readonly type: "done"; readonly result: EtcdResult }
  | { readonly type: "unknown" | "nothing" };

export class RecordedHistory {
  readonly operations: RecordedOperation[] = [];
  /** Answers of any kind, errors by their text: for the account of a run. */
  readonly outcomeCounts = new Map<string, number>();

  async record(client: number, op: EtcdOp, perform: () => Promise<Outcome>): Promise<Outcome> {
    const calledAt = performance.now();
    const outcome = await perform();
    const returnedAt = performance.now();
    if (outcome.type === "done")
      this.operations.push({ client, op, result: outcome.result, calledAt, returnedAt });
    // A read that was not answered says nothing.
    else if (outcome.type === "unknown" && op.type !== "get") {
      this.operations.push({ client, op, result: undefined, calledAt, returnedAt: undefined });
    }
    return outcome;
  }

  count(what: string): void {
    this.outcomeCounts.set(what, (this.outcomeCounts.get(what) ?? 0) + 1);
  }
}
