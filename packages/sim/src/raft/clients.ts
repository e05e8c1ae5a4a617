/**
 * What clients asked for and were told. Every write has a place in the one log, so whether answers are linearizable shows
 * in numbers: an operation that begins after another was answered has to show or take a later place.
 */
import { Violation } from "../violation.ts";

export interface ClientOp {
  readonly kind: "read" | "write";
  /** Of a write. */
  readonly value: number;
  /** The last place that anybody had been shown when it began. */
  readonly floor: number;
  readonly calledAt: number;
}

/** For a checker that knows nothing of places: a register, and whole numbers for times. */
export interface ToldOp {
  readonly kind: ClientOp["kind"];
  /** What was written, or read; undefined where a read was not answered. */
  readonly value: number | undefined;
  readonly calledAt: number;
  /** Undefined where nobody can say what came of it. */
  readonly returnedAt: number | undefined;
}

export class Clients {
  #shown = 0;
  #clock = 0;
  answeredCount = 0;
  refusedCount = 0;
  unknownCount = 0;
  /** Kept where somebody wants to look at it. */
  readonly told: ToldOp[] | undefined;

  constructor({ keepsHistory }: { keepsHistory: boolean }) {
    this.told = keepsHistory ? [] : undefined;
  }

  begin(kind: ClientOp["kind"], value = 0): ClientOp {
    return { kind, value, floor: this.#shown, calledAt: ++this.#clock };
  }

  /** A write took the place `index`; a read showed everything up to there, and `value`. */
  answer(op: ClientOp, index: number, value = op.value): void {
    const { kind, floor } = op;
    this.answeredCount += 1;
    this.told?.push({ kind, value, calledAt: op.calledAt, returnedAt: ++this.#clock });
    const isLate = kind === "write" ? index > floor : index >= floor;
    if (!isLate) {
      throw new Violation("linearizability", `a ${kind} at ${index} began when ${floor} had been shown`);
    }
    this.#shown = Math.max(this.#shown, index);
  }

  /** Nothing comes of it, for certain. */
  refuse(): void {
    this.refusedCount += 1;
  }

  /** Nobody can say what came of it. */
  giveUp({ kind, value, calledAt }: ClientOp): void {
    this.unknownCount += 1;
    if (kind === "write") this.told?.push({ kind, value, calledAt, returnedAt: undefined });
  }
}
