/** Histories for the tests: intentions with made-up ids, as a log would have them. */
import fc from "fast-check";
import { daemon } from "@lattice/proto";

export interface Step {
  /** Number of the author. */
  readonly author: number;
  /** Which earlier intentions it cites beside its author's own last one, by their place in the log. */
  readonly cites: readonly number[];
}

export function idOf(place: number): Uint8Array {
  const id = new Uint8Array(40).fill(1);
  new DataView(id.buffer).setUint32(36, place + 1);
  return id;
}

export function authorOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number + 1);
}

export function logOf(steps: readonly Step[]): daemon.IntentionInfo[] {
  const last = new Map<number, { place: number; seq: bigint }>();
  return steps.map(({ author, cites }, place) => {
    const before = last.get(author);
    const seq = (before?.seq ?? 0n) + 1n;
    last.set(author, { place, seq });
    return daemon.IntentionInfo.create({
      id: idOf(place),
      author: authorOf(author),
      seq,
      timestamp: BigInt(1000 + place) << 16n,
      storePrev: before === undefined ? new Uint8Array(40) : idOf(before.place),
      condition: cites.map(idOf),
      kind: "app",
      witnessSeq: BigInt(place + 1),
    });
  });
}

/** Any history of a few authors. */
export const anySteps: fc.Arbitrary<Step[]> = fc
  .array(fc.record({ author: fc.nat(4), cites: fc.array(fc.nat(1000), { maxLength: 3 }) }), { maxLength: 60 })
  .map((steps) =>
    steps.map(({ author, cites }, place) => ({
      author,
      cites: place === 0 ? [] : [...new Set(cites.map((cite) => cite % place))],
    })),
  );
