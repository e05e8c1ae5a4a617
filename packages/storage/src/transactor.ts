/**
 * What every implementation of the port does alike: transactions that can be taken back, and flushes that
 * are shared and that say so when something was lost.
 *
 * Invariants:
 * 1. Every change since the last durable state is in the undo log, in order.
 * 2. Nobody whose transaction was rolled back sees the next flush resolve: the callers of the flush that
 *    failed are rejected, and if there was a transaction after the last of those calls, so are the callers
 *    of the next.
 */
import { assert, LatticeError } from "@lattice/model";
import { GroupCommit } from "./group-commit.ts";
import { UndoLog, type Change, type Revertible } from "./undo-log.ts";

export interface TransactorOptions<T extends Revertible<V>, V> {
  /** Makes these changes durable; they are all that are not. If it throws, all changes not durable are taken back. */
  readonly makeDurable: (changes: readonly Change<T, V>[]) => Promise<void>;
  /** When a flush begins; see `GroupCommit`. */
  readonly schedule: (begin: () => void) => void;
  /** Changes stay that could not be made durable, so that it can be tried again, and closing does not try to. */
  readonly keepsRefused?: boolean;
}

type State = "open" | "closing" | "closed";

export class Transactor<T extends Revertible<V>, V> {
  readonly #options: TransactorOptions<T, V>;
  readonly #undo = new UndoLog<T, V>();
  readonly #commits: GroupCommit;
  #inTransaction = false;
  #isCommitting = false;
  #state: State = "open";
  #rollbackCount = 0;
  /** Where the undo log ended when a flush was last asked for. */
  #asked = 0;
  /** Why a transaction was rolled back of which no caller has learnt yet (invariant 2). */
  #untold: LatticeError | undefined;

  constructor(options: TransactorOptions<T, V>) {
    this.#options = options;
    this.#commits = new GroupCommit({ commit: () => this.#commit(), schedule: options.schedule });
  }

  /** Throws also while a storage closes. */
  assertOpen(): void {
    if (this.#state !== "open") throw closedError();
  }

  assertReadable(): void {
    if (this.#state === "closed") throw closedError();
  }

  assertWritable(): void {
    assert(this.#inTransaction, "a table is written to in a transaction only");
  }

  record(target: T, key: string, before: V | undefined): void {
    this.#undo.record(target, key, before);
  }

  transaction<R>(body: () => R): R {
    this.assertOpen();
    assert(!this.#inTransaction, "there is no transaction in a transaction");
    const start = this.#undo.end;
    this.#inTransaction = true;
    try {
      const result = body();
      refusePromise(result);
      return result;
    } catch (error) {
      this.#undo.rollBack(start);
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /** For an implementation that can go back to its durable state by itself. */
  forgetChanges(): void {
    this.#undo.forget();
  }

  flush(): Promise<void> {
    if (this.#state !== "open") return Promise.reject(closedError());
    return this.#flush();
  }

  /** Takes no more transactions; reads go on until `release`. */
  async close(): Promise<void> {
    this.#state = "closing";
    await (this.#options.keepsRefused ? this.#commits.idle() : this.#flush());
  }

  /** From here on everything is refused, and a flush that is under way does not succeed. */
  release(): void {
    this.#state = "closed";
  }

  /** Goes back to the last durable state; whoever asks for it knows what was lost. */
  rollback(): void {
    this.assertOpen();
    assert(!this.#isCommitting, "what is being made durable is not rolled back");
    this.#rollBackAll();
  }

  get rollbackCount(): number {
    return this.#rollbackCount;
  }

  /** All that are not durable, oldest first. */
  changes(): readonly Change<T, V>[] {
    return this.#undo.changes();
  }

  /** Where the undo log begins and ends: what is not durable lies between. */
  get durablePosition(): number {
    return this.#undo.start;
  }

  get position(): number {
    return this.#undo.end;
  }

  /** Goes back to the last durable state, or to a later position between two transactions, and ends, as a crash would. */
  crash(position?: number): void {
    if (position !== undefined) this.#undo.forget(position);
    this.#rollBackAll();
    this.release();
  }

  #rollBackAll(): void {
    assert(!this.#inTransaction, "a transaction is not interrupted");
    this.#undo.rollBack();
    this.#rollbackCount += 1;
    this.#asked = this.#undo.end;
  }

  #flush(): Promise<void> {
    this.#asked = this.#undo.end;
    return this.#commits.request();
  }

  async #commit(): Promise<void> {
    if (this.#state === "closed") throw closedError();
    const asked = this.#asked;
    const sealed = this.#undo.end;
    this.#isCommitting = true;
    try {
      if (this.#untold) throw this.#untold;
      await this.#options.makeDurable(this.#undo.changes());
    } catch (error) {
      throw this.#failed(LatticeError.from(error), asked);
    } finally {
      this.#isCommitting = false;
    }
    if (this.hasEnded) throw closedError();
    this.#undo.forget(sealed);
  }

  #failed(error: LatticeError, asked: number): LatticeError {
    if (this.hasEnded) return closedError();
    if (this.#options.keepsRefused) return error;
    this.#untold = this.#undo.end > asked ? error : undefined;
    this.#rollBackAll();
    return error;
  }

  get hasEnded(): boolean {
    return this.#state === "closed";
  }
}

function closedError(): LatticeError {
  return new LatticeError("closed", "the storage is closed");
}

function refusePromise(result: unknown): void {
  if (!(result instanceof Promise)) return;
  // Whatever it still does is refused; that must not end the process as well.
  result.catch(() => undefined);
  assert(false, "the body of a transaction does not return a promise");
}
