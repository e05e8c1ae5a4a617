/**
 * Clients of a simulated cluster: they read and write a few keys at any server, and what they are told is kept as a history for the
 * checker. Every write has a value of its own, and a number, by which it is known again when it is applied. What a client was not told
 * is put in after the end, when there is nobody left who could still do it: what would have been answered, or that nothing came of it.
 */
import type { EtcdEntry, EtcdOp, EtcdResult, Operation } from "@lattice/check";
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import { assert } from "@lattice/model";
import { reasonOf, type Reason } from "@lattice/raft-node";
import type { Prng } from "../prng.ts";
import { Violation } from "../violation.ts";
import type { KeyAnswer } from "./key-machine.ts";
import type { Life } from "./server.ts";

const KEYS = ["a", "b", "c", "d", "e"];
/** After these a request has not happened and never will. */
const CERTAIN: ReadonlySet<Reason | undefined> = new Set(["no-leader", "too-many-requests", "no-space"]);

const NUMBER = "#";
const text = new TextDecoder();

export class KeyClients {
  readonly #random: Prng;
  readonly #history: Operation<EtcdOp, EtcdResult>[] = [];
  readonly #untold: { readonly number: number; readonly op: EtcdOp; readonly calledAt: number }[] = [];
  /** By the number of the request. */
  readonly #applied = new Map<number, KeyAnswer>();
  #clock = 0;
  #value = 0;
  #openCount = 0;
  answeredCount = 0;
  unknownCount = 0;
  refusedCount = 0;

  constructor(random: Prng) {
    this.#random = random;
  }

  /** Once nothing is under way any more. */
  history(): readonly Operation<EtcdOp, EtcdResult>[] {
    const returnedAt = this.#clock + 1;
    const done = this.#untold.flatMap(({ number, op, calledAt }) => {
      const answer = this.#applied.get(number);
      if (answer === undefined) return [];
      return [{ client: calledAt, op, result: resultOf(op, answer), calledAt, returnedAt }];
    });
    return [...this.#history, ...done];
  }

  /** A request has come to its place in the log, with this answer. */
  applied(request: Uint8Array, answer: KeyAnswer): void {
    const number = numberOf(etcdserverpb.TxnRequest.fromBinary(request));
    if (this.#applied.has(number)) throw new Violation("once", `request ${number} was applied twice`);
    this.#applied.set(number, answer);
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
    const number = calledAt;
    const client = calledAt;
    this.#openCount += 1;
    const end = life.process.whenEnded(() => {
      this.#openCount -= 1;
      this.#giveUp(op, number);
    });
    try {
      const result = op.type === "get" ? await read(life, op.key) : await propose(life, op, number);
      if (!end()) return;
      this.answeredCount += 1;
      this.#history.push({ client, op, result, calledAt, returnedAt: ++this.#clock });
    } catch (error) {
      if (!end()) return;
      if (reasonOf(error) === undefined) throw new Violation("errors", `a client was told: ${String(error)}`);
      if (op.type === "get" || CERTAIN.has(reasonOf(error))) this.refusedCount += 1;
      else this.#giveUp(op, number);
    }
    this.#openCount -= 1;
  }

  #giveUp(op: EtcdOp, number: number): void {
    this.unknownCount += 1;
    if (op.type !== "get") this.#untold.push({ number, op, calledAt: number });
  }
}

async function read({ node, machine }: Life, key: string): Promise<EtcdResult> {
  await node.readBarrier();
  const { keys } = machine;
  return { type: "get", revision: keys.revision, entry: entryOf(keys.range(rangeOf(key))) };
}

type Write = Exclude<EtcdOp, { type: "get" }>;

async function propose({ node }: Life, op: Write, number: number): Promise<EtcdResult> {
  const request = requestOf(op);
  request.failure.push(operationOf({ type: "get", key: `${NUMBER}${number}` }));
  return resultOf(op, await node.propose(etcdserverpb.TxnRequest.toBinary(request)));
}

/** The last of what a request does where it fails; nobody has such a key. */
function numberOf({ failure }: etcdserverpb.TxnRequest): number {
  const last = failure.at(-1)!.request;
  assert(last.oneofKind === "requestRange", "every request has its number");
  return Number(text.decode(last.requestRange.key).slice(NUMBER.length));
}

function requestOf(op: Write): etcdserverpb.TxnRequest {
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
  const asked = op.type === "txn" ? (response.succeeded ? op.success : op.failure).length : 1;
  const answers = response.responses.slice(0, asked).map(({ response: each }) => answerOf(each));
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
