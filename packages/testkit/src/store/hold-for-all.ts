/** Tries a property on random cases, and says in words where it does not hold. */
import type { StoreType } from "@lattice/store";
import fc from "fast-check";
import { RUNS_DEFAULT } from "../limits.ts";
import { inWords } from "../message/in-words.ts";
import { ContractViolation, errorInWords } from "./contract-violation.ts";
import type { MemoryOp } from "./memory-op.ts";
import { writeOps, type OpNode } from "./op-dag.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

/** Throws a `ContractViolation` with the least case that fast-check finds, and the seed that repeats it. */
export async function holdForAll<Client, Case extends { readonly nodes: readonly OpNode<Client>[] }>(
  under: StoreUnderTest<Client>,
  cases: fc.Arbitrary<Case>,
  property: (found: Case) => void | Promise<void>,
): Promise<void> {
  const { type, runs = RUNS_DEFAULT, seed } = under;
  const details = await fc.check(
    fc.asyncProperty(cases, async (found) => await property(found)),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
  if (!details.failed) return;
  const { nodes } = details.counterexample![0];
  const error = details.errorInstance;
  const reason = error instanceof ContractViolation ? error.message : `it threw ${errorInWords(error)}`;
  throw new ContractViolation(
    [
      `${type.type} breaks the contract of store types: ${reason}`,
      ...(nodes.length === 0
        ? ["It does so on a store without any op."]
        : [`The smallest case found, of ${nodes.length} ops:`, ...nodesInWords(type, nodes)]),
      `To try the same cases again, give describeStore the option seed: ${details.seed}`,
    ].join("\n"),
    { cause: error },
  );
}

function nodesInWords<Client>(type: StoreType<Client>, nodes: readonly OpNode<Client>[]): readonly string[] {
  let ops: readonly MemoryOp[];
  try {
    ops = writeOps(type, nodes);
  } catch {
    return ["  (it fails while the ops are written)"];
  }
  return nodes.map(({ index, author, timeMs, parents }) => {
    const { payload } = ops[index]!.op;
    const knows = parents.length === 0 ? "nothing" : parents.map((parent) => `#${parent}`).join(" and ");
    const what = payload === undefined ? `no payload: ${inWords(ops[index]!.bytes)}` : inWords(payload);
    return `  #${index} by ${author} at ${timeMs} ms, who knows ${knows}: ${what}`;
  });
}

/** Such as `#0 #2 #1`. */
export function orderInWords(order: readonly { readonly index: number }[]): string {
  return order.map(({ index }) => `#${index}`).join(" ");
}
