/** Of a store type: `apply` follows from the state and the op, and from nothing else. */
import { isDeepStrictEqual } from "node:util";
import { toHex } from "@lattice/model";
import { Refusal, type Op, type StateTable, type StateTx, type StoreType } from "@lattice/store";
import { inWords } from "../message/in-words.ts";
import { ambientUseIn } from "./ambient.ts";
import { ContractViolation, errorInWords } from "./contract-violation.ts";
import { holdForAll } from "./hold-for-all.ts";
import type { MemoryOp } from "./memory-op.ts";
import { MemoryReplica } from "./memory-replica.ts";
import { opDag, writeOps } from "./op-dag.ts";
import { assertSamePicture, pictureOf } from "./picture.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** The same ops in the same order give the same rows, refusals and events, in whatever arrays bytes come. */
export async function checkDeterminism(under: StoreUnderTest): Promise<void> {
  const { type } = under;
  await holdForAll(under, opCases(under), ({ nodes }) => {
    const ops = writeOps(type, nodes);
    const asBuffers = ops.map((entry) => ({ ...entry, bytes: Buffer.from(entry.bytes) }));
    const first = told(type, ops);
    for (const [again, how] of [
      [told(type, ops), "a second time"],
      [told(type, asBuffers), "with payloads in Buffers"],
      [told(copying(type), ops), "where the state gives copies"],
    ] as const) {
      assertSamePicture(pictureOf(first.replica, "a first time"), pictureOf(again.replica, how));
      if (!isDeepStrictEqual(inWords(again.events), inWords(first.events))) {
        throw new ContractViolation(
          `apply told other events ${how}: ${inWords(first.events)}, then ${inWords(again.events)}`,
        );
      }
    }
  });
}

/** No time, randomness, language or event loop of the machine. */
export async function checkAmbientUse(under: StoreUnderTest): Promise<void> {
  await holdForAll(under, opCases(under), ({ nodes }) => {
    const ops = writeOps(under.type, nodes);
    const used = ambientUseIn(() => readAll(under.type, ops));
    if (used.length > 0) throw new ContractViolation(`apply used ${used.join(", ")}`);
  });
}

/** Events at once, as an array; what comes later could not be part of the transaction. */
export async function checkSynchrony(under: StoreUnderTest): Promise<void> {
  const type = withApply(under.type, (tx, op) => {
    const events: unknown = under.type.apply(tx, op);
    if (!Array.isArray(events)) {
      const what = events instanceof Promise ? "a promise" : inWords(events);
      if (events instanceof Promise) events.catch(() => undefined);
      throw new ContractViolation(`apply gave ${what} instead of an array of events`);
    }
    return events as unknown[];
  });
  await holdForAll(under, opCases(under), ({ nodes }) => void readAll(type, writeOps(type, nodes)));
}

/** Tables by their declared names only. */
export async function checkTables(under: StoreUnderTest): Promise<void> {
  const asked = new Set<string>();
  const type = withApply(under.type, (tx, op) => {
    const noting: StateTx = {
      table(name) {
        asked.add(name);
        return tx.table(name);
      },
    };
    return under.type.apply(noting, op);
  });
  await holdForAll(under, opCases(under), ({ nodes }) => {
    asked.clear();
    const ops = writeOps(type, nodes);
    try {
      readAll(type, ops);
    } finally {
      assertDeclared(under.type, asked);
    }
  });
}

const HOSTILE_OF_TEN = 7;

/** A payload that the type does not take makes a `Refusal` with a reason, and leaves the state as it was. */
export async function checkHostileOps(under: StoreUnderTest): Promise<void> {
  const cases = opDag(under, { hostileOfTen: HOSTILE_OF_TEN }).map((nodes) => ({ nodes }));
  const type = withApply(under.type, (tx, op) => {
    try {
      return under.type.apply(tx, op);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new ContractViolation(
        `apply threw ${errorInWords(error)}; only a Refusal says that an op counts for nothing. The payload: ${inWords(op.payload)}`,
        { cause: error },
      );
    }
  });
  await holdForAll(under, cases, ({ nodes }) => {
    const replica = new MemoryReplica(type, { author: "reader" });
    for (const entry of writeOps(type, nodes)) assertRefusalIsWhole(replica, entry);
  });
}

/** Of the ops of the suite some count: with none, no other check could fail. */
export async function checkOpsCount(under: StoreUnderTest): Promise<void> {
  let hasRows = false;
  const cases = opDag(under, { hostileOfTen: 0 }).map((nodes) => ({ nodes }));
  await holdForAll(under, cases, ({ nodes }) => {
    hasRows ||= readAll(under.type, writeOps(under.type, nodes)).state.dump() !== "";
  });
  if (!hasRows) {
    throw new ContractViolation(
      `none of the ops that the suite of ${under.type.type} was given writes a row`,
    );
  }
}

/** Goes before any error that came of it. */
function assertDeclared({ tables }: StoreType, asked: ReadonlySet<string>): void {
  const others = [...asked].filter((name) => !tables.includes(name));
  if (others.length === 0) return;
  throw new ContractViolation(
    `apply asked for the table ${others.join(", ")}; declared are ${tables.join(", ") || "none"}`,
  );
}

function opCases(under: StoreUnderTest) {
  return opDag(under).map((nodes) => ({ nodes }));
}

function readAll(type: StoreType, ops: readonly MemoryOp[]): MemoryReplica {
  const replica = new MemoryReplica(type, { author: "reader" });
  for (const entry of ops) replica.apply(entry);
  return replica;
}

function assertRefusalIsWhole(replica: MemoryReplica, entry: MemoryOp): void {
  const before = replica.state.dump();
  replica.apply(entry);
  const reason = replica.refused.get(toHex(entry.op.id));
  if (reason === undefined) return;
  const what = inWords(entry.op.payload ?? entry.bytes);
  if (reason === "") throw new ContractViolation(`apply refused without a reason: ${what}`);
  if (replica.state.dump() !== before) {
    throw new ContractViolation(
      `the state is another after a refused op: a row's bytes were changed where they lie. The payload: ${what}`,
    );
  }
}

function told(type: StoreType, ops: readonly MemoryOp[]): { replica: MemoryReplica; events: unknown[] } {
  const events: unknown[] = [];
  const noting = withApply(type, (tx, op) => {
    const some = type.apply(tx, op);
    events.push(...some);
    return some;
  });
  return { replica: readAll(noting, ops), events };
}

function withApply(type: StoreType, apply: (tx: StateTx, op: Op<any>) => readonly unknown[]): StoreType {
  return { ...type, apply };
}

/** The type on a storage that gives copies of its rows where another gives what it keeps. */
function copying(type: StoreType): StoreType {
  return withApply(type, (tx, op) => type.apply({ table: (name) => copyingTable(tx.table(name)) }, op));
}

function copyingTable(table: StateTable): StateTable {
  return {
    get: (key) => copyOf(table.get(key)),
    has: (key) => table.has(key),
    *range(range) {
      for (const [key, value] of table.range(range)) yield [key, new Uint8Array(value)];
    },
    count: () => table.count(),
    put: (key, value) => table.put(key, value),
    delete: (key) => table.delete(key),
  };
}

function copyOf(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes);
}
