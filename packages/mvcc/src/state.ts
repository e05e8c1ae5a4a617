/** What is to be known of a key space as a whole; all of it is read when it is opened. */
import { readSeqBe, writeU64be } from "@lattice/model";
import type { Table, TableReader } from "@lattice/storage";

export interface State {
  /** Of the last request that changed something. A key space begins at 1, as in etcd. */
  readonly revision: number;
  /** What was superseded up to it is forgotten; -1 before the first time. */
  readonly compactRevision: number;
  /** What is forgotten is removed bit by bit: the revision from which on there may be something. */
  readonly sweepMain: number;
  readonly sweepSub: number;
  readonly isSweeping: boolean;
  /** The block that the next change belongs to, if there is room; both 0 where there is none. */
  readonly tailMain: number;
  readonly tailSub: number;
}

const FIRST: State = {
  revision: 1,
  compactRevision: -1,
  sweepMain: 0,
  sweepSub: 0,
  isSweeping: false,
  tailMain: 0,
  tailSub: 0,
};

const KEY = Uint8Array.of(0);
const FIELD_BYTES = 8;

export function readState(table: TableReader): State {
  const bytes = table.get(KEY);
  if (bytes === undefined) return FIRST;
  const field = (index: number): number => readSeqBe(bytes, index * FIELD_BYTES);
  return {
    revision: field(0),
    compactRevision: field(1) - 1,
    sweepMain: field(2),
    sweepSub: field(3),
    isSweeping: field(4) === 1,
    tailMain: field(5),
    tailSub: field(6),
  };
}

export function writeState(table: Table, state: State): void {
  const fields = [
    state.revision,
    state.compactRevision + 1,
    state.sweepMain,
    state.sweepSub,
    Number(state.isSweeping),
    state.tailMain,
    state.tailSub,
  ];
  const bytes = new Uint8Array(fields.length * FIELD_BYTES);
  fields.forEach((field, index) => writeU64be(bytes, field, index * FIELD_BYTES));
  table.put(KEY, bytes);
}
