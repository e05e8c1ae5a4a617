/** `vectors/clocks.json` and `vectors/ids.json`: what a hybrid clock gives, and how ids are made and written. */
import {
  compareBytes,
  formatStoreId,
  HLC_MAX,
  HybridClock,
  idTimestamp,
  makeId,
  sha256,
  storeIdOf,
  toHex,
  utf8,
} from "../../packages/model/src/index.ts";

/** One step: a timestamp that is witnessed, or a tick at a wall time; `last` is what the clock says afterwards. */
export interface ClockStep {
  readonly witness?: string;
  readonly tickAtMs?: number;
  readonly last: string;
}

export interface ClockVector {
  readonly name: string;
  readonly start: string;
  readonly steps: readonly ClockStep[];
}

type Given = { readonly witness: bigint } | { readonly tickAtMs: number };

const START_MS = 1_767_225_600_000;
const start = BigInt(START_MS) << 16n;

export function clocks(): ClockVector[] {
  return [
    sequence("ticks in one millisecond count up", 0n, [
      { tickAtMs: START_MS },
      { tickAtMs: START_MS },
      { tickAtMs: START_MS },
    ]),
    sequence("a later millisecond starts the counter anew", start + 5n, [{ tickAtMs: START_MS + 1 }]),
    sequence("a wall clock that goes back is not followed", start + 5n, [
      { tickAtMs: START_MS - 1000 },
      { tickAtMs: START_MS },
    ]),
    sequence("what is witnessed lies behind the next tick", start, [
      { witness: ((BigInt(START_MS) + 60_000n) << 16n) | 3n },
      { tickAtMs: START_MS + 1 },
      { witness: start },
      { tickAtMs: START_MS + 2 },
    ]),
    sequence("the counter carries into the milliseconds", start | 0xffffn, [
      { tickAtMs: START_MS },
      { tickAtMs: START_MS + 1 },
      { tickAtMs: START_MS + 2 },
    ]),
    sequence("the last but one of all timestamps", 0n, [{ witness: HLC_MAX - 1n }, { tickAtMs: START_MS }]),
  ];
}

function sequence(name: string, from: bigint, given: readonly Given[]): ClockVector {
  let nowMs = 0;
  const clock = new HybridClock({ now: () => nowMs, after: () => () => {} }, from);
  const steps = given.map((step): ClockStep => {
    if ("witness" in step) {
      clock.witness(step.witness);
      return { witness: String(step.witness), last: String(clock.last) };
    }
    nowMs = step.tickAtMs;
    return { tickAtMs: step.tickAtMs, last: String(clock.tick()) };
  });
  return { name, start: String(from), steps };
}

export interface IdVectors {
  /** In the order of the ids' bytes. */
  readonly intentions: readonly { readonly timestamp: string; readonly hash: string; readonly id: string }[];
  readonly stores: readonly {
    readonly genesisHash: string;
    readonly storeId: string;
    readonly text: string;
  }[];
}

export function ids(): IdVectors {
  const timestamps = [0n, 1n, 0xffffn, 0x1_0000n, start, 1n << 63n, HLC_MAX];
  const made = timestamps.flatMap((timestamp) =>
    ["a", "b"].map((text) => makeId(timestamp, sha256(utf8(text)))),
  );
  const hashes = [sha256(utf8("genesis")), new Uint8Array(32).fill(0xff), new Uint8Array(32)];
  return {
    intentions: made.toSorted(compareBytes).map((id) => ({
      timestamp: String(idTimestamp(id)),
      hash: toHex(id.subarray(8)),
      id: toHex(id),
    })),
    stores: hashes.map((hash) => {
      const storeId = storeIdOf(hash as typeof hash & ReturnType<typeof sha256>);
      return { genesisHash: toHex(hash), storeId: toHex(storeId), text: formatStoreId(storeId) };
    }),
  };
}
