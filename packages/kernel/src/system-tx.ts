import { assert } from "@lattice/model";
import type { Table } from "@lattice/storage";
import type { StateTx } from "@lattice/store";
import { SYSTEM_TABLES } from "@lattice/systemstore";
import { DigestTable } from "./digest-table.ts";
import type { PendingSums } from "./pending-sums.ts";

const NAMES: readonly string[] = SYSTEM_TABLES;

/** The tables of the system layer in one transaction, with their digests. */
export function systemTx(table: (name: string) => Table, sums: PendingSums): StateTx {
  return {
    table(name) {
      assert(NAMES.includes(name), `table ${name} belongs to the system layer`);
      return new DigestTable(table(name), sums.of(name));
    },
  };
}
