/**
 * Runs the commands of one store at the member that leads: read, check and submit in one step, and the op in its place in the log.
 *
 * A command reads what the ops on their way will have made of the store, and its own op stands behind them. So many can be on
 * their way at once. If one of them finds another in its place, as when a leader before has proposed something, none behind it is
 * applied either, and their commands are run anew, on what there is then.
 *
 * Rules
 *  1. An op is applied only in the place that it was made for (`StoreOp.seq`): what a command has read is then what it was.
 *  2. What a command answers, or refuses, that has submitted nothing holds: all ops that it has seen are applied, and a read
 *     barrier that began later has passed without any other.
 *  3. A command whose op was applied is not run anew.
 */
import {
  equalBytes,
  LatticeError,
  type HybridClock,
  type Hlc,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import type { CommandContext, StoreMethod, Submitted } from "@lattice/store";
import { applyOp } from "./apply-op.ts";
import type { StoreChange } from "./apply-store-request.ts";
import { placeOp } from "./compose-op.ts";
import { PAYLOAD_BYTES_MAX, PENDING_OPS_MAX, RUNS_MAX } from "./limits.ts";
import { Overlay } from "./overlay.ts";
import type { StoreOp, StoreOutcome } from "./store-request.ts";
import type { StoreState } from "./store-state.ts";

export interface CommanderOptions {
  readonly state: StoreState;
  /** Under which ops stand. */
  readonly author: PubKey;
  readonly clock: HybridClock;
  /** Resolves once it is applied here. Rejects where it is not known whether it ever is. */
  readonly propose: (op: StoreOp) => Promise<StoreOutcome>;
  readonly readBarrier: () => Promise<void>;
}

interface Place {
  readonly seq: number;
  readonly timestamp: Hlc;
}

interface Pending extends Place {
  readonly id: IntentionId;
}

/** Another op has the place: for the commander alone. */
class Overtaken extends Error {
  override readonly name = "Overtaken";
}

type Command = StoreMethod & { readonly kind: "command" };

export class Commander {
  readonly #options: CommanderOptions;
  #overlay: Overlay;
  /** Ops on their way, oldest first. */
  #pending: Pending[] = [];
  /** Goes up where the store is not what commands here have made of it. */
  #generation = 0;
  /** For what is pending. */
  readonly #waiting: (() => void)[] = [];

  constructor(options: CommanderOptions) {
    this.#options = options;
    this.#overlay = new Overlay(options.state.read);
  }

  /** `request` and the reply are the method's own messages, the reply perhaps a part of one. */
  async run(method: Command, request: object): Promise<object> {
    for (let runs = 1; ; runs++) {
      const run = new CommandRun();
      try {
        const answer = await answerOf(() => method.run(this.#contextOf(run), request));
        if (run.submitted === 0 && !(await this.#holds(run))) throw new Overtaken();
        return answer();
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error;
        if (run.applied > 0 || runs === RUNS_MAX) throw tooManyOthers();
      }
    }
  }

  /** This member has applied an op of the store. */
  applied({ seq, id }: Pick<StoreChange, "seq" | "id">): void {
    const [first] = this.#pending;
    if (first?.seq !== seq || !equalBytes(first.id, id)) return this.reset();
    this.#pending.shift();
    this.#overlay.settle(seq);
    this.#wake();
  }

  /** What is on its way may come to nothing. */
  reset(): void {
    this.#generation += 1;
    this.#wake();
    if (this.#pending.length === 0) return;
    this.#pending = [];
    this.#overlay = new Overlay(this.#options.state.read);
  }

  #contextOf(run: CommandRun): CommandContext<unknown> {
    const { state, author } = this.#options;
    run.begin(this.#generation, this.#place().seq);
    return {
      read: { table: (name) => this.#overlay.table(name) },
      op: (id) => state.op(id),
      author,
      submit: (payload) => this.#submit(run, payload as object),
    };
  }

  /** Of the last op, on its way or applied. */
  #place(): Place {
    const last = this.#pending.at(-1);
    if (last !== undefined) return last;
    const { seq, timestamp } = this.#options.state.row;
    return { seq, timestamp };
  }

  async #submit(run: CommandRun, payload: object): Promise<Submitted> {
    const op = this.#compose(payload);
    run.submitted += 1;
    const generation = this.#generation;
    const placed = placeOp(this.#options.state.row.id, op);
    this.#pending.push({ seq: op.seq, timestamp: op.timestamp, id: placed.id });
    const { tx, takeBack } = this.#overlay.write(op.seq);
    applyOp({ type: this.#options.state.type, op: placed, tx, takeBack });
    let outcome: StoreOutcome;
    try {
      outcome = await this.#options.propose(op);
    } catch (error) {
      if (generation === this.#generation) this.reset();
      throw error;
    }
    if (outcome.kind !== "applied") {
      if (generation === this.#generation) this.reset();
      throw new Overtaken();
    }
    run.applied += 1;
    return { id: placed.id, hash: placed.hash };
  }

  #compose(payload: object): StoreOp {
    const { state, author, clock } = this.#options;
    const { type, name } = state;
    const bytes = type.payload.toBinary(type.payload.create(payload));
    if (bytes.length > PAYLOAD_BYTES_MAX) {
      throw new LatticeError(
        "too-large",
        `a write of ${bytes.length} bytes is over the limit of ${PAYLOAD_BYTES_MAX}`,
      );
    }
    if (this.#pending.length >= PENDING_OPS_MAX) {
      throw new LatticeError(
        "resource-exhausted",
        `${PENDING_OPS_MAX} writes of this store are on their way; try again`,
      );
    }
    const { seq, timestamp: last } = this.#place();
    clock.witness(last);
    const schema = Math.min(type.schema, state.row.schema);
    return { kind: "op", store: name, seq: seq + 1, author, timestamp: clock.tick(), schema, payload: bytes };
  }

  /** Rule 2. */
  async #holds(run: CommandRun): Promise<boolean> {
    await this.#options.readBarrier();
    while (run.generation === this.#generation && (this.#pending[0]?.seq ?? Infinity) <= run.seenSeq) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return run.generation === this.#generation;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

class CommandRun {
  generation = 0;
  /** The last op that it could see. */
  seenSeq = 0;
  submitted = 0;
  applied = 0;

  begin(generation: number, seenSeq: number): void {
    this.generation = generation;
    this.seenSeq = seenSeq;
  }
}

/** An answer or a refusal, told once it is known to hold; that another has the place is no answer. */
async function answerOf(run: () => object | Promise<object>): Promise<() => object> {
  try {
    const reply = await run();
    return () => reply;
  } catch (error) {
    if (error instanceof Overtaken) throw error;
    return () => {
      throw error;
    };
  }
}

function tooManyOthers(): LatticeError {
  return new LatticeError(
    "conflict",
    "others have written to the store at the same time, again and again; try again",
  );
}
