/** All in which copies of a store must agree that hold the same ops, and in what two do not. */
import { toHex } from "@lattice/model";
import { bytesInWords, inWords } from "../message/in-words.ts";
import { ContractViolation } from "./contract-violation.ts";
import type { MemoryReplica } from "./memory-replica.ts";

/** Of one copy, and how it came to be. */
export interface Picture {
  readonly of: string;
  readonly digest: string;
  /** A line a row, and a line a refusal. */
  readonly lines: readonly string[];
}

export function pictureOf(replica: MemoryReplica, of: string): Picture {
  const rows = replica.state
    .rows()
    .map(([table, key, value]) => `row ${table} ${bytesInWords(key)} = ${bytesInWords(value)}`);
  const refusals = [...replica.log].flatMap(({ op, bytes }) => {
    const reason = replica.refused.get(toHex(op.id));
    return reason === undefined
      ? []
      : `refused ${toHex(op.hash).slice(0, 8)} ${inWords(op.payload ?? bytes)}: ${reason}`;
  });
  return { of, digest: toHex(replica.state.digest()), lines: [...rows, ...refusals.toSorted()] };
}

/** Throws where the two are not the same. */
export function assertSamePicture(a: Picture, b: Picture): void {
  const differ = a.digest !== b.digest || a.lines.join("\n") !== b.lines.join("\n");
  if (!differ) return;
  throw new ContractViolation(
    [
      "the same ops give two states",
      `  only ${a.of}:`,
      ...onlyIn(a, b),
      `  only ${b.of}:`,
      ...onlyIn(b, a),
    ].join("\n"),
  );
}

function onlyIn(a: Picture, b: Picture): readonly string[] {
  const lines = a.lines.filter((line) => !b.lines.includes(line)).map((line) => `    ${line}`);
  return lines.length === 0 ? ["    nothing"] : lines;
}
