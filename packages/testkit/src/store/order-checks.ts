/** Of a store type: one set of ops gives one state, whichever way it comes. */
import type { StoreType } from "@lattice/store";
import fc from "fast-check";
import { AUTHORS, withoutAuthor } from "../dag/causal-dag.ts";
import { causalOrder, deliveryOrders } from "../dag/causal-order.ts";
import { seededRandom } from "../fakes/seeded-random.ts";
import { holdForAll, orderInWords } from "./hold-for-all.ts";
import type { MemoryOp } from "./memory-op.ts";
import { MemoryReplica } from "./memory-replica.ts";
import { opDag, writeOps, type OpNode } from "./op-dag.ts";
import { assertSamePicture, pictureOf } from "./picture.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Equal rows, digest and refusals for every causal order, with ops that come twice. */
export async function checkConvergence(under: StoreUnderTest): Promise<void> {
  const cases = opDag(under).map((nodes) => ({ nodes }));
  await holdForAll(under, cases, ({ nodes }) => {
    assertConverges(under.type, nodes, writeOps(under.type, nodes));
  });
}

/** The log replayed from nothing, with the process ending at every place of it. */
export async function checkRebuild(under: StoreUnderTest): Promise<void> {
  const cases = opDag(under).map((nodes) => ({ nodes }));
  await holdForAll(under, cases, ({ nodes }) => {
    const ops = writeOps(under.type, nodes);
    const log = deliver(under.type, ops);
    const expected = pictureOf(log, "when read in one go");
    const reader = new MemoryReplica(under.type, { author: "reader" });
    for (const [index, entry] of ops.entries()) {
      reader.apply(entry);
      const rest = reader.reopen();
      for (const later of ops.slice(index + 1)) rest.apply(later);
      assertSamePicture(expected, pictureOf(rest, `when opened again behind #${index}`));
    }
  });
}

/** The rows of one copy, taken over by another, which goes on in an order of its own. */
export async function checkSnapshot(under: StoreUnderTest): Promise<void> {
  const cases = fc.record({ nodes: opDag(under), cut: fc.nat(), seed: fc.nat(20) });
  await holdForAll(under, cases, ({ nodes, cut, seed }) => {
    const ops = writeOps(under.type, nodes);
    const order = causalOrder(nodes, seededRandom(seed));
    const early = order.slice(0, cut % (order.length + 1));
    const late = nodes.filter((node) => !early.includes(node));
    const source = deliver(under.type, opsOf(early, ops));
    const restored = source.reopen();
    for (const node of causalOrder(late, seededRandom(seed + 1))) restored.apply(ops[node.index]!);
    for (const node of late) source.apply(ops[node.index]!);
    const from = orderInWords(early) || "nothing";
    assertSamePicture(
      pictureOf(source, `where the snapshot of ${from} was taken`),
      pictureOf(restored, "where it was restored"),
    );
  });
}

/** Without what one author wrote beyond some place, and all that depends on it: again one state for every order. */
export async function checkRevocation(under: StoreUnderTest): Promise<void> {
  const cases = fc.record({
    nodes: opDag(under),
    author: fc.constantFrom(...AUTHORS),
    seq: fc.nat(3),
  });
  await holdForAll(under, cases, ({ nodes, author, seq }) => {
    assertConverges(under.type, withoutAuthor(nodes, { author, seq }), writeOps(under.type, nodes));
  });
}

function assertConverges(type: StoreType, nodes: readonly OpNode<any>[], ops: readonly MemoryOp[]): void {
  const [first, ...others] = deliveryOrders(nodes).map((order) => {
    const replica = new MemoryReplica(type, { author: "reader" });
    for (const { index } of order) for (const _ of ["first", "again"]) replica.apply(ops[index]!);
    return pictureOf(replica, `in the order ${orderInWords(order)}`);
  });
  for (const other of others) assertSamePicture(first!, other);
}

function deliver(type: StoreType, ops: readonly MemoryOp[]): MemoryReplica {
  const replica = new MemoryReplica(type, { author: "reader" });
  for (const entry of ops) replica.apply(entry);
  return replica;
}

function opsOf(nodes: readonly OpNode<any>[], ops: readonly MemoryOp[]): readonly MemoryOp[] {
  return nodes.map(({ index }) => ops[index]!);
}
