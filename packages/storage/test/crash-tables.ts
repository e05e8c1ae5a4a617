/** What the program that is killed and the test that kills it both know. */
import { readSeqBe, utf8 } from "@lattice/model";
import type { TableReader } from "../src/index.ts";

export const CRASH_TABLES = ["one", "two", "three"];
/** Rows of so many transactions are kept. */
export const KEPT = 20;
/** Sorts after every number. */
export const LAST = utf8("~last");

export function numberAt(table: TableReader): number {
  const last = table.get(LAST);
  return last ? readSeqBe(last) : 0;
}

/** What a transaction writes under its number. */
export function bytesOf(number: number): Uint8Array {
  return new Uint8Array(number % 17 === 0 ? 4_000 : 40).fill(number);
}
