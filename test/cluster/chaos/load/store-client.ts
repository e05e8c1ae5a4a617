/** One client of the store, whose operations are recorded. It asks one member until that fails, then another. */
import type { EtcdEntry, EtcdOp, EtcdResult, EtcdTxn } from "../../../../packages/check/src/index.ts";
import { CallFailure, calls, EtcdClient } from "../../../../packages/testkit/src/clusters/index.ts";
import type { Outcome, RecordedHistory } from "../history.ts";
import { deleteAnswer, getAnswer, PADDING, putRequest, txnAnswer, txnRequest } from "./to-wire.ts";

export interface StoreClientOptions {
  readonly number: number;
  readonly history: RecordedHistory;
  /** Another member's address each time, as it comes. */
  readonly nextAddress: () => string;
  readonly deadlineMs: number;
  /** So many stand behind each value that is put by itself. */
  readonly paddingBytes?: number;
}

export class StoreClient implements Disposable {
  readonly #options: StoreClientOptions;
  readonly #padding: string;
  #client: EtcdClient;

  constructor(options: StoreClientOptions) {
    this.#options = options;
    this.#client = new EtcdClient(options.nextAddress());
    const { paddingBytes = 0 } = options;
    this.#padding = paddingBytes === 0 ? "" : PADDING.padEnd(paddingBytes, "p");
  }

  /** Undefined where there was no answer. */
  async get(key: string): Promise<EtcdEntry | null | undefined> {
    const outcome = await this.#perform({ type: "get", key });
    return outcome.type === "done" && outcome.result.type === "get" ? outcome.result.entry : undefined;
  }

  /** Whether it was acknowledged, as of the others below. */
  async put(key: string, value: string, lease = 0n): Promise<boolean> {
    return (await this.#perform({ type: "put", key, value }, lease)).type === "done";
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#perform({ type: "delete", key })).type === "done";
  }

  async txn(txn: Omit<EtcdTxn, "type">): Promise<boolean> {
    return (await this.#perform({ type: "txn", ...txn })).type === "done";
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #perform(op: EtcdOp, lease = 0n): Promise<Outcome> {
    const { number, history, nextAddress } = this.#options;
    return history.record(number, op, async (): Promise<Outcome> => {
      try {
        return { type: "done", result: await this.#ask(op, lease) };
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error;
        history.count(`${op.type === "get" ? "read" : "write"}: ${error.code} ${error.message}`);
        this.#client.close();
        this.#client = new EtcdClient(nextAddress());
        return { type: hasDoneNothing(error) ? "nothing" : "unknown" };
      }
    });
  }

  async #ask(op: EtcdOp, lease: bigint): Promise<EtcdResult> {
    const client = this.#client;
    const { deadlineMs } = this.#options;
    switch (op.type) {
      case "get": {
        const answer = await client.call(calls.range, { key: Buffer.from(op.key) }, { deadlineMs });
        return { revision: revisionOf(answer), ...getAnswer(answer) };
      }
      case "put": {
        const request = putRequest(op, { lease, padding: this.#padding });
        return { type: "put", revision: revisionOf(await client.call(calls.put, request, { deadlineMs })) };
      }
      case "delete": {
        const answer = await client.call(calls.deleteRange, { key: Buffer.from(op.key) }, { deadlineMs });
        return { revision: revisionOf(answer), ...deleteAnswer(answer) };
      }
      case "txn": {
        const answer = await client.call(calls.txn, txnRequest(op), { deadlineMs });
        const { succeeded, responses } = answer;
        return { type: "txn", revision: revisionOf(answer), succeeded, answers: responses.map(txnAnswer) };
      }
    }
  }
}

function revisionOf({ header }: { readonly header?: { readonly revision: bigint } | undefined }): number {
  return Number(header!.revision);
}

/** Of gRPC: what was wrong with the request, and what was refused for want of room. */
const REFUSALS: ReadonlySet<number> = new Set([3, 5, 8, 9, 11]);
const NO_LEADER = "etcdserver: no leader";

/** Of everything else nobody knows. */
function hasDoneNothing({ code, message, isSent }: CallFailure): boolean {
  return !isSent || REFUSALS.has(code) || message === NO_LEADER;
}
