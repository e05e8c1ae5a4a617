/**
 * The intentions of one transaction of the projection: each is folded into the system's tables or the store type's, or
 * poisoned. See `Projection` for the invariants.
 */
import {
  compareBytes,
  isGenesis,
  LatticeError,
  toHex,
  utf8,
  type Intention,
  type IntentionId,
} from "@lattice/model";
import type { weaver } from "@lattice/proto";
import type { Table } from "@lattice/storage";
import { Refusal, type Op, type StateTx, type StoreType } from "@lattice/store";
import {
  foldGenesis,
  foldLateSystemOps,
  foldSystemOp,
  isLateSystemOp,
  schemaAt,
  SystemState,
  type RoleSource,
  type SystemOpAt,
} from "@lattice/systemstore";
import { AppTx } from "./app-tx.ts";
import type { Cursor } from "./cursor.ts";
import { decodeOps, decodePayload } from "./decode-ops.ts";
import { DigestTable } from "./digest-table.ts";
import type { WitnessLog, Witnessed } from "./log.ts";
import type { PendingSums } from "./pending-sums.ts";
import { systemTx } from "./system-tx.ts";
import { POISON_TABLE } from "./tables.ts";

export class ProjectionStep {
  readonly #table: (name: string) => Table;
  readonly #sums: PendingSums;
  readonly #type: StoreType;
  readonly #roles: RoleSource | undefined;
  readonly #system: StateTx;
  readonly #state: SystemState;
  readonly #log: WitnessLog;
  /** Up to here system ops are folded, at the least. */
  systemWseq: number;
  /** Up to here the step may go. */
  until = 0;
  #raises: readonly weaver.SchemaRaise[] | undefined;
  #writes: AppTx | undefined;
  readonly events: unknown[] = [];
  latestOp: IntentionId;
  systemChanged = false;
  restart = false;
  paused = "";

  constructor(options: {
    table: (name: string) => Table;
    sums: PendingSums;
    type: StoreType;
    log: WitnessLog;
    roles: RoleSource | undefined;
    cursor: Cursor;
  }) {
    this.#log = options.log;
    this.systemWseq = options.cursor.systemWseq;
    this.latestOp = options.cursor.latestOp;
    this.#table = options.table;
    this.#sums = options.sums;
    this.#type = options.type;
    this.#roles = options.roles;
    this.#system = systemTx(options.table, options.sums);
    this.#state = new SystemState(this.#system);
  }

  get goesOn(): boolean {
    return !this.restart && this.paused === "";
  }

  /** False where the projection must stop in front of this intention. */
  project({ intention, wseq }: Witnessed): boolean {
    if (intention.ops.length === 0) return true;
    const ops = decodeOps(intention);
    const isFolded = wseq <= this.systemWseq;
    switch (ops?.op.oneofKind) {
      case "genesis":
        if (!isGenesis(intention)) return this.#poison(intention, "a second genesis");
        return isFolded || this.#genesis(intention, ops.op.genesis);
      case "system":
        return isFolded || this.#systemOp(intention, { op: ops.op.system, wseq });
      case "app":
        return this.#appOp(intention, ops.op.app);
      default:
        return this.#poison(intention, "undecodable");
    }
  }

  /** What of an intention counts although the store's own part waits. */
  projectSystem({ intention, wseq }: Witnessed): void {
    this.systemWseq = wseq;
    const ops = decodeOps(intention);
    if (ops?.op.oneofKind === "system") this.#systemOp(intention, { op: ops.op.system, wseq });
  }

  #genesis({ id, author }: Intention, genesis: weaver.Genesis): boolean {
    foldGenesis(this.#system, { id, author, schema: genesis.schema, root: genesis.parent.length === 0 });
    this.systemChanged = true;
    return true;
  }

  #systemOp({ id, author }: Intention, { op, wseq }: { op: weaver.SystemOp; wseq: number }): boolean {
    this.systemChanged = true;
    if (isLateSystemOp(this.#system, id)) return this.#foldAhead(wseq);
    const before = this.#state.schemaTimeline();
    foldSystemOp(this.#system, { id, author, op }, this.#roles);
    this.#raises = undefined;
    // Only what comes behind it in the order of ids can count by another schema now.
    const isLate = compareBytes(id, this.latestOp) < 0;
    this.restart ||= isLate && before !== this.#state.schemaTimeline();
    return true;
  }

  /**
   * What comes late makes all be folded anew. So all that this step is to fold is folded at once: whoever sends many that
   * are late has them folded anew once for each step, and not once for each. That they are folded before their turn
   * changes nothing, since what counts is their place in the order of ids.
   */
  #foldAhead(wseq: number): boolean {
    const before = this.#raisesUpToLatest();
    const late: SystemOpAt[] = [];
    for (let at = wseq; at <= this.until; at++) {
      const { intention } = this.#log.at(at);
      const op = decodeOps(intention)?.op;
      if (op?.oneofKind === "system")
        late.push({ id: intention.id, author: intention.author, op: op.system });
    }
    foldLateSystemOps(this.#system, late, this.#roles);
    this.systemWseq = this.until;
    this.#raises = undefined;
    this.restart ||= before !== this.#raisesUpToLatest();
    return true;
  }

  /** By which schemas the ops that were projected count. */
  #raisesUpToLatest(): string {
    const raises = this.#state.raises().filter(({ id }) => compareBytes(id, this.latestOp) < 0);
    return raises.map(({ id, schema }) => `${toHex(id)}=${schema}`).join(" ");
  }

  #appOp(intention: Intention, { schema, payload }: weaver.AppOp): boolean {
    const isAgreed = schema <= this.#schemaAt(intention.id);
    if (isAgreed && schema > this.#type.schema) {
      this.paused = `an op has schema ${schema} of ${this.#type.type}, this node knows ${this.#type.schema}: update it to go on`;
      return false;
    }
    if (compareBytes(intention.id, this.latestOp) > 0) this.latestOp = intention.id;
    if (!isAgreed) return this.#poison(intention, "schema above the agreed one");
    const op = decodePayload(this.#type, intention, payload);
    return op === undefined ? this.#poison(intention, "undecodable") : this.#apply(intention, op);
  }

  /** As `SystemState.schemaAt`; read once, and again after each system op. */
  #schemaAt(id: IntentionId): number {
    this.#raises ??= this.#state.raises();
    return schemaAt(this.#raises, id);
  }

  #apply(intention: Intention, op: Op<unknown>): boolean {
    this.#writes ??= new AppTx(this.#table, this.#sums, this.#type);
    this.#writes.begin();
    try {
      // One by one: how many arguments a call can have differs from machine to machine.
      for (const event of this.#type.apply(this.#writes, op)) this.events.push(event);
      return true;
    } catch (error) {
      this.#writes.undo();
      if (isDamage(error)) throw error;
      return this.#poison(intention, error instanceof Refusal ? `refused: ${error.message}` : "refused");
    }
  }

  #poison({ id }: Intention, reason: string): boolean {
    new DigestTable(this.#table(POISON_TABLE), this.#sums.of(POISON_TABLE)).put(id, utf8(reason));
    return true;
  }
}

/** A fault of the disk, which must not be taken for a fault of the op; such as a row out of bounds. */
function isDamage(error: unknown): boolean {
  return error instanceof LatticeError && error.code !== "invalid-argument" && error.code !== "too-large";
}
