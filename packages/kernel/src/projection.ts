/**
 * The projection: from the witness log to the state (weaver.md §3 "Poison", §4, §9). Core.
 *
 * Invariants
 *  1. State = fold of the log up to the cursor. The cursor carries the chain hash at its place, so a state that does not
 *     belong to this log is recognised and rebuilt.
 *  2. One transaction takes an intention's effects and the cursor.
 *  3. An op that cannot be decoded, or is refused, changes nothing but the poison table, the same on every node.
 *  4. Whether an op's schema counts is decided at its place in the order of ids, never by what happens to have
 *     arrived; where that changes for what was projected before, everything is projected anew.
 */
import {
  assert,
  concatBytes,
  compareBytes,
  equalBytes,
  ID_BYTES,
  isGenesis,
  LatticeError,
  SetSum,
  sha256Parts,
  readSeqBe,
  toHex,
  u64be,
  utf8,
  ZERO_ID,
  type Hash,
  type Intention,
  type IntentionId,
} from "@lattice/model";
import { weaver } from "@lattice/proto";
import type { Row, Storage, Table } from "@lattice/storage";
import { Refusal, type Op, type StateReader, type StateTx, type StoreType } from "@lattice/store";
import {
  foldGenesis,
  foldLateSystemOps,
  foldSystemOp,
  isLateSystemOp,
  refold,
  schemaAt,
  SYSTEM_TABLES,
  SystemState,
  type RoleSource,
  type SystemOpAt,
} from "@lattice/systemstore";
import { DigestTable } from "./digest-table.ts";
import { PROJECT_COUNT_MAX } from "./limits.ts";
import type { WitnessLog, Witnessed } from "./log.ts";
import { appTable, digestedTables, META_TABLE, POISON_TABLE } from "./tables.ts";

const CURSOR_KEY = utf8("cursor");
const SUM_PREFIX = utf8("sum/");

/** In `meta`: wseq u64 ‖ systemWseq u64 ‖ chain hash [32] ‖ latest op [40] ‖ schema u64. */
export interface Cursor {
  readonly wseq: number;
  /** Up to here system ops are folded; beyond `wseq` while the app's part waits for an update or is projected anew. */
  readonly systemWseq: number;
  /** Of the log at `systemWseq`. */
  readonly chainHash: Hash;
  /** The greatest id of all ops of the store's type that were projected. */
  readonly latestOp: IntentionId;
  /** Of the type by whose code it was projected: other code may give another state. */
  readonly schema: number;
}

const CURSOR_BYTES = 8 + 8 + 32 + ID_BYTES + 8;

/** What the projection of some intentions brought about. */
export interface Projected {
  /** By the store's own type. */
  readonly events: readonly unknown[];
  readonly wseq: number;
  /** Of the log at `wseq`. */
  readonly chainHash: Hash;
  /** Whether members, names, children or the like may be others now. */
  readonly systemChanged: boolean;
  /** Whether the app's state was emptied and is projected anew from the start. */
  readonly restarted: boolean;
}

export interface TableSum {
  readonly table: string;
  readonly sum: SetSum;
}

export interface ProjectionOptions {
  readonly storage: Storage;
  readonly log: WitnessLog;
  readonly type: StoreType;
  /** Of the root, for a child store; a root store decides by its own members. */
  readonly roles?: RoleSource | undefined;
}

export class Projection {
  readonly #storage: Storage;
  readonly #log: WitnessLog;
  readonly #type: StoreType;
  readonly #roles: RoleSource | undefined;
  readonly system: SystemState;
  #sums: Map<string, SetSum>;
  #cursor: Cursor;
  #paused = "";

  constructor(options: ProjectionOptions) {
    this.#storage = options.storage;
    this.#log = options.log;
    this.#type = options.type;
    this.#roles = options.roles;
    this.system = new SystemState({ table: (name) => this.#storage.table(name) });
    this.#cursor = this.#readCursor();
    this.#sums = this.#readSums();
  }

  get cursor(): Cursor {
    return this.#cursor;
  }

  /** Why the projection waits, in one line; empty while it does not. */
  get paused(): string {
    return this.#paused;
  }

  /** The store type's own tables. */
  readonly app: StateReader = {
    table: (name) => {
      assert(this.#type.tables.includes(name), `store type ${this.#type.type} declares table ${name}`);
      return this.#storage.table(appTable(name));
    },
  };

  /** Whether the log has something that can be projected now. */
  get isBehind(): boolean {
    return (this.#paused === "" ? this.#cursor.wseq : this.#cursor.systemWseq) < this.#log.head.wseq;
  }

  /** Whether the state is a state of this log by this type, and so can be carried on. */
  belongsToLog(): boolean {
    const { wseq, systemWseq, chainHash, schema } = this.#cursor;
    if (systemWseq === 0) return this.#sums.values().every((sum) => sum.count === 0);
    if (wseq > systemWseq || systemWseq > this.#log.head.wseq || schema !== this.#type.schema) return false;
    return equalBytes(this.#log.chainHashAt(systemWseq), chainHash);
  }

  /**
   * Projects what the log has beyond the cursor, at most `limit` intentions. While it is paused, only system ops: who may
   * write must not depend on the version of this program.
   */
  advance(limit = PROJECT_COUNT_MAX): Projected {
    if (!this.isBehind) return this.#outcome({ events: [], systemChanged: false, restarted: false });
    const head = this.#log.head.wseq;
    const sums = new PendingSums(this.#sums);
    const done = this.#storage.transaction((table) => {
      const step = new ProjectionStep({
        table,
        sums,
        log: this.#log,
        type: this.#type,
        roles: this.#roles,
        cursor: this.#cursor,
      });
      step.paused = this.#paused;
      let { wseq } = this.#cursor;
      step.until = Math.min(head, wseq + limit);
      while (wseq < step.until && step.goesOn && step.project(this.#log.at(wseq + 1))) wseq += 1;
      step.systemWseq = Math.max(wseq, step.systemWseq);
      step.until = step.paused === "" ? step.systemWseq : Math.min(head, step.systemWseq + limit);
      while (step.systemWseq < step.until && !step.restart)
        step.projectSystem(this.#log.at(step.systemWseq + 1));
      if (step.restart) clearApp(table, sums, this.#type);
      const cursor = this.#cursorAt(step.restart ? 0 : wseq, step.systemWseq, step.latestOp);
      writeCursor(table(META_TABLE), cursor, sums);
      return { step, cursor };
    });
    this.#cursor = done.cursor;
    sums.keep();
    const { events, systemChanged, restart, paused } = done.step;
    this.#paused = restart ? "" : paused;
    return this.#outcome({ events, systemChanged, restarted: restart });
  }

  /** Starts from nothing; `advance` then projects the whole log. */
  clear(): void {
    this.#storage.transaction((table) => {
      for (const name of [META_TABLE, ...digestedTables(this.#type)]) clearTable(table(name));
    });
    this.reload();
  }

  /** After the storage changed under it. */
  reload(): void {
    this.#cursor = this.#readCursor();
    this.#sums = this.#readSums();
    this.#paused = "";
  }

  /** For a child store, whose root's members have changed. */
  refoldSystem(): Projected {
    const { wseq, systemWseq, latestOp } = this.#cursor;
    if (systemWseq === 0) return this.#outcome({ events: [], systemChanged: false, restarted: false });
    const sums = new PendingSums(this.#sums);
    const done = this.#storage.transaction((table) => {
      const tx = stateTx(table, sums, SYSTEM_TABLES, (name) => name);
      const before = new SystemState(tx).schemaTimeline();
      refold(tx, this.#roles);
      const restarted = before !== new SystemState(tx).schemaTimeline();
      if (restarted) clearApp(table, sums, this.#type);
      const cursor = this.#cursorAt(restarted ? 0 : wseq, systemWseq, latestOp);
      writeCursor(table(META_TABLE), cursor, sums);
      return { cursor, restarted };
    });
    this.#cursor = done.cursor;
    sums.keep();
    if (done.restarted) this.#paused = "";
    return this.#outcome({ events: [], systemChanged: true, restarted: done.restarted });
  }

  tableSums(): TableSum[] {
    return [...this.#sums]
      .map(([table, sum]) => ({ table, sum }))
      .toSorted((a, b) => (a.table < b.table ? -1 : 1));
  }

  /** One hash over the digests of all tables (weaver.md §9). */
  digest(): Hash {
    return sha256Parts(...this.tableSums().flatMap(({ table, sum }) => [utf8(`${table}\0`), sum.encode()]));
  }

  /** Rows of a table of the digest behind a key, at most `limit`; as they are stored. */
  rows(table: string, after: Uint8Array | undefined, limit: number): Iterable<Row> {
    return this.#storage.table(table).range({ ...(after && { gt: after }), limit });
  }

  poisonReason(id: IntentionId): string | undefined {
    const row = this.#storage.table(POISON_TABLE).get(id);
    return row === undefined ? undefined : new TextDecoder().decode(row);
  }

  poisonCount(): number {
    return this.#sums.get(POISON_TABLE)?.count ?? 0;
  }

  #outcome(what: Pick<Projected, "events" | "systemChanged" | "restarted">): Projected {
    const { wseq } = this.#cursor;
    return { ...what, wseq, chainHash: this.#log.chainHashAt(wseq) };
  }

  #cursorAt(wseq: number, systemWseq: number, latestOp: IntentionId): Cursor {
    const chainHash = this.#log.chainHashAt(systemWseq);
    return {
      wseq,
      systemWseq,
      chainHash,
      latestOp: wseq === 0 ? ZERO_ID : latestOp,
      schema: this.#type.schema,
    };
  }

  #readCursor(): Cursor {
    const row = this.#storage.table(META_TABLE).get(CURSOR_KEY);
    if (row === undefined) return this.#cursorAt(0, 0, ZERO_ID);
    // Garbage belongs to no log.
    if (row.length !== CURSOR_BYTES)
      return { ...this.#cursorAt(0, 0, ZERO_ID), systemWseq: Number.MAX_SAFE_INTEGER };
    return {
      wseq: readSeqBe(row),
      systemWseq: readSeqBe(row, 8),
      chainHash: row.slice(16, 48) as Hash,
      latestOp: row.slice(48, 48 + ID_BYTES) as IntentionId,
      schema: readSeqBe(row, 48 + ID_BYTES),
    };
  }

  #readSums(): Map<string, SetSum> {
    const meta = this.#storage.table(META_TABLE);
    const sums = new Map<string, SetSum>();
    for (const name of digestedTables(this.#type)) {
      const row = meta.get(concatBytes(SUM_PREFIX, utf8(name)));
      sums.set(name, (row && SetSum.decode(row)) ?? new SetSum());
    }
    return sums;
  }
}

/** The digests of tables as they will be when the transaction is through. */
class PendingSums {
  readonly #kept: Map<string, SetSum>;
  readonly #pending = new Map<string, SetSum>();

  constructor(kept: Map<string, SetSum>) {
    this.#kept = kept;
  }

  of(name: string): SetSum {
    let sum = this.#pending.get(name);
    if (sum === undefined) {
      sum = this.#kept.get(name)!.clone();
      this.#pending.set(name, sum);
    }
    return sum;
  }

  reset(name: string): void {
    this.#pending.set(name, new SetSum());
  }

  touched(): Iterable<[string, SetSum]> {
    return this.#pending;
  }

  /** After the transaction. */
  keep(): void {
    for (const [name, sum] of this.#pending) this.#kept.set(name, sum);
  }
}

/** The intentions of one transaction. */
class ProjectionStep {
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
    this.#system = stateTx(options.table, options.sums, SYSTEM_TABLES, (name) => name);
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

/** The tables of a store type, in one `apply` after the other; the last one can be taken back. */
class AppTx implements StateTx {
  readonly #table: (name: string) => Table;
  readonly #sums: PendingSums;
  readonly #type: StoreType;
  readonly #undo: (() => void)[] = [];
  readonly #open = new Map<string, UndoTable>();

  constructor(table: (name: string) => Table, sums: PendingSums, type: StoreType) {
    this.#table = table;
    this.#sums = sums;
    this.#type = type;
  }

  table(name: string): UndoTable {
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    assert(this.#type.tables.includes(name), `store type ${this.#type.type} declares table ${name}`);
    const full = appTable(name);
    const opened = new UndoTable(this.#table(full), this.#sums.of(full), this.#undo);
    this.#open.set(name, opened);
    return opened;
  }

  begin(): void {
    this.#undo.length = 0;
  }

  undo(): void {
    for (const step of this.#undo.splice(0).toReversed()) step();
  }
}

class UndoTable extends DigestTable {
  readonly #undo: (() => void)[];

  constructor(table: Table, sum: SetSum, undo: (() => void)[]) {
    super(table, sum);
    this.#undo = undo;
  }

  protected override onChange(key: Uint8Array, before: Uint8Array | undefined): void {
    this.#undo.push(() => (before === undefined ? this.delete(key) : this.put(key, before)));
  }
}

export function decodeOps(intention: Intention): weaver.Ops | undefined {
  try {
    return weaver.Ops.fromBinary(intention.ops);
  } catch {
    return undefined;
  }
}

export function decodePayload(
  type: StoreType,
  intention: Intention,
  payload: Uint8Array,
): Op<any> | undefined {
  const { id, hash, author, seq, timestamp } = intention;
  try {
    return { id, hash, author, seq, timestamp, payload: type.payload.fromBinary(payload) };
  } catch {
    return undefined;
  }
}

/** A fault of the disk, which must not be taken for a fault of the op; such as a row out of bounds. */
function isDamage(error: unknown): boolean {
  return error instanceof LatticeError && error.code !== "invalid-argument" && error.code !== "too-large";
}

function stateTx(
  table: (name: string) => Table,
  sums: PendingSums,
  names: readonly string[],
  fullName: (name: string) => string,
): StateTx {
  return {
    table(name) {
      assert(names.includes(name), `table ${name} belongs to the system layer`);
      return new DigestTable(table(fullName(name)), sums.of(fullName(name)));
    },
  };
}

function writeCursor(meta: Table, cursor: Cursor, sums: PendingSums): void {
  const { wseq, systemWseq, chainHash, latestOp, schema } = cursor;
  meta.put(CURSOR_KEY, concatBytes(u64be(wseq), u64be(systemWseq), chainHash, latestOp, u64be(schema)));
  for (const [name, sum] of sums.touched()) meta.put(concatBytes(SUM_PREFIX, utf8(name)), sum.encode());
}

/** Empties what the store type has written, and the record of its poison; the system tables stay. */
function clearApp(table: (name: string) => Table, sums: PendingSums, type: StoreType): void {
  for (const name of [POISON_TABLE, ...type.tables.map(appTable)]) {
    clearTable(table(name));
    sums.reset(name);
  }
}

function clearTable(table: Table): void {
  const keys = [...table.range()].map(([key]) => key);
  for (const key of keys) table.delete(key);
}
