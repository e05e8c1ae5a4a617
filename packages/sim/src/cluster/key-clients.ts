/**
 * Clients of a simulated cluster: they read and write a few keys at any server, and what they are told is kept as a history for the
 * checker. Every write has a value of its own.
 */
import type { EtcdEntry, EtcdOp, EtcdResult, Operation } from "@lattice/check";
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import { reasonOf, type Reason } from "@lattice/raft-node";
import type { Prng } from "../prng.ts";
import { Violation } from "../violation.ts";
import type { KeyAnswer } from "./key-machine.ts";
import type { Life } from "./server.ts";

const KEYS = ["a", "b", "c", "d", "e"];
/** After these a request has not happened and never will. */
const CERTAIN: ReadonlySet<Reason | undefined> = new Set(["no-leader", "too-many-requests", "no-space"]);

const text = new TextDecoder();

export class KeyClients {
  readonly #random: Prng;
  readonly #history: Operation<EtcdOp, EtcdResult>[] = [];
  #clock = 0;
  #value = 0;
  #openCount = 0;
  answeredCount = 0;
  unknownCount = 0;
  refusedCount = 0;

  constructor(random: Prng) {
    this.#random = random;
  }

  get history(): readonly Operation<EtcdOp, EtcdResult>[] {
    return this.#history;
  }

  /** Requests that wait for a server that is still there. */
  get openCount(): number {
    return this.#openCount;
  }

  write(life: Life): void {
    void this.#ask(life, this.#anyWrite(life));
  }

  read(life: Life): void {
    void this.#ask(life, { type: "get", key: this.#random.pick(KEYS) });
  }

  /** Reads everything. Resolves with how many reads were answered. */
  async readAll(life: Life): Promise<number> {
    const before = this.answeredCount;
    await Promise.all(KEYS.map((key) => this.#ask(life, { type: "get", key })));
    return this.answeredCount - before;
  }

  static get keyCount(): number {
    return KEYS.length;
  }

  #anyWrite(life: Life): EtcdOp {
    const random = this.#random;
    const key = random.pick(KEYS);
    const value = `v${++this.#value}`;
    const put = { type: "put", key, value } as const;
    if (random.chance(0.6)) return put;
    if (random.chance(0.3)) return { type: "delete", key };
    const to = entryOf(life.machine.keys.range(rangeOf(key)))?.modRevision ?? 0;
    const other = random.pick(KEYS.filter((each) => each !== key));
    const get = { type: "get", key: other } as const;
    const compares = [{ key, target: "modRevision", relation: "=", to }] as const;
    return { type: "txn", compares, success: [put, get], failure: [get] };
  }

  async #ask(life: Life, op: EtcdOp): Promise<void> {
    const calledAt = ++this.#clock;
    const client = calledAt;
    this.#openCount += 1;
    const end = life.process.whenEnded(() => {
      this.#openCount -= 1;
      this.#giveUp(op, calledAt);
    });
    try {
      const result = op.type === "get" ? await read(life, op.key) : await propose(life, op);
      if (!end()) return;
      this.answeredCount += 1;
      this.#history.push({ client, op, result, calledAt, returnedAt: ++this.#clock });
    } catch (error) {
      if (!end()) return;
      if (reasonOf(error) === undefined) throw new Violation("errors", `a client was told: ${String(error)}`);
      if (op.type === "get" || CERTAIN.has(reasonOf(error))) this.refusedCount += 1;
      else this.#giveUp(op, calledAt);
    }
    this.#openCount -= 1;
  }

  #giveUp(op: EtcdOp, calledAt: number): void {
    this.unknownCount += 1;
    if (op.type === "get") return;
    this.#history.push({ client: calledAt, op, result: undefined, calledAt, returnedAt: undefined });
  }
}

async function read({ node, machine }: Life, key: string): Promise<EtcdResult> {
  await node.readBarrier();
  const { keys } = machine;
  return { type: "get", revision: keys.revision, entry: entryOf(keys.range(rangeOf(key))) };
}

async function propose({ node }: Life, op: Exclude<EtcdOp, { type: "get" }>): Promise<EtcdResult> {
  const answer = await node.propose(etcdserverpb.TxnRequest.toBinary(requestOf(op)));
  return resultOf(op, answer);
}

function requestOf(op: EtcdOp): etcdserverpb.TxnRequest {
  if (op.type !== "txn") return etcdserverpb.TxnRequest.create({ success: [operationOf(op)] });
  const { EQUAL } = etcdserverpb.Compare_CompareResult;
  const { MOD } = etcdserverpb.Compare_CompareTarget;
  return etcdserverpb.TxnRequest.create({
    compare: op.compares.map(({ key, to }) => ({
      result: EQUAL,
      target: MOD,
      key: Buffer.from(key),
      targetUnion: { oneofKind: "modRevision", modRevision: BigInt(to) },
    })),
    success: op.success.map(operationOf),
    failure: op.failure.map(operationOf),
  });
}

function operationOf(op: Exclude<EtcdOp, { type: "txn" }>): etcdserverpb.RequestOp {
  const key = Buffer.from(op.key);
  switch (op.type) {
    case "get":
      return { request: { oneofKind: "requestRange", requestRange: rangeOf(op.key) } };
    case "put": {
      const requestPut = etcdserverpb.PutRequest.create({ key, value: Buffer.from(op.value) });
      return { request: { oneofKind: "requestPut", requestPut } };
    }
    case "delete": {
      const requestDeleteRange = etcdserverpb.DeleteRangeRequest.create({ key });
      return { request: { oneofKind: "requestDeleteRange", requestDeleteRange } };
    }
  }
}

function rangeOf(key: string): etcdserverpb.RangeRequest {
  return etcdserverpb.RangeRequest.create({ key: Buffer.from(key) });
}

function resultOf(op: EtcdOp, { revision, response }: KeyAnswer): EtcdResult {
  if (response instanceof EtcdError)
    throw new Violation("errors", `a good request was refused: ${response.message}`);
  const answers = response.responses.map(({ response: each }) => answerOf(each));
  if (op.type === "txn") return { type: "txn", revision, succeeded: response.succeeded, answers };
  return { ...answers[0]!, revision };
}

type Answer = Extract<EtcdResult, { type: "txn" }>["answers"][number];

function answerOf(response: etcdserverpb.ResponseOp["response"]): Answer {
  switch (response.oneofKind) {
    case "responseRange":
      return { type: "get", entry: entryOf(response.responseRange) };
    case "responseDeleteRange":
      return { type: "delete", deletedCount: Number(response.responseDeleteRange.deleted) };
    default:
      return { type: "put" };
  }
}

function entryOf(response: etcdserverpb.RangeResponse | EtcdError): EtcdEntry | null {
  if (response instanceof EtcdError) throw new Violation("errors", `a read was refused: ${response.message}`);
  const [kv] = response.kvs;
  if (kv === undefined) return null;
  return {
    value: text.decode(kv.value),
    createRevision: Number(kv.createRevision),
    modRevision: Number(kv.modRevision),
    version: Number(kv.version),
  };
}
