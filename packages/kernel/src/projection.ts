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
  equalBytes,
  isGenesis,
  LatticeError,
  SET_SUM_BYTES,
  SetSum,
  sha256Parts,
  readSeqBe,
  u64be,
  utf8,
  type Hash,
  type Intention,
  type IntentionId,
} from "@lattice/model";
import { weaver } from "@lattice/proto";
import type { Storage, Table } from "@lattice/storage";
import { Refusal, type Op, type StateReader, type StateTx, type StoreType } from "@lattice/store";
import { foldGenesis, foldSystemOp, refold, schemaAt, SYSTEM_TABLES, SystemState, type RoleSource } from "@lattice/systemstore";
import { DigestTable } from "./digest-table.ts";
import { PROJECT_COUNT_MAX } from "./limits.ts";
import type { WitnessLog, Witnessed } from "./log.ts";
import { appTable, digestedTables, META_TABLE, POISON_TABLE } from "./tables.ts";

const CURSOR_KEY = utf8("cursor");
const SUM_PREFIX = utf8("sum/");

export interface Cursor {
  readonly wseq: number;
  readonly chainHash: Hash;
  /** Up to here system ops are folded; beyond `wseq` only while the app's part is projected anew. */
  readonly systemWseq: number;
}

/** What the projection of some intentions brought about. */
export interface Projected {
  /** By the store's own type. */
  readonly events: readonly unknown[];
  readonly wseq: number;
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

  /** Whether the state is a state of this log, and so can be carried on. */
  belongsToLog(): boolean {
    const { wseq, chainHash } = this.#cursor;
    if (wseq === 0) return this.#sums.values().every((sum) => sum.count === 0);
    if (wseq > this.#log.head.wseq || this.#cursor.systemWseq > this.#log.head.wseq) return false;
    return equalBytes(this.#log.chainHashAt(wseq), chainHash);
  }

  /** Projects what the log has beyond the cursor, at most `limit` intentions. */
  advance(limit = PROJECT_COUNT_MAX): Projected {
    const before = this.#cursor.wseq;
    if (before >= this.#log.head.wseq || this.#paused !== "") return this.#nothing();
    const sums = new PendingSums(this.#sums);
    const until = Math.min(this.#log.head.wseq, before + limit);
    const done = this.#storage.transaction((table) => {
      const step = new ProjectionStep({ table, sums, type: this.#type, roles: this.#roles, cursor: this.#cursor });
      let wseq = before;
      while (wseq < until && !step.restart && step.project(this.#log.at(wseq + 1))) wseq += 1;
      const systemWseq = Math.max(wseq, this.#cursor.systemWseq);
      if (step.restart) {
        clearApp(table, sums, this.#type);
        wseq = 0;
      }
      const cursor = { wseq, chainHash: this.#log.chainHashAt(wseq), systemWseq };
      writeCursor(table(META_TABLE), cursor, sums);
      return { step, cursor };
    });
    this.#cursor = done.cursor;
    sums.keep();
    this.#paused = done.step.paused;
    const { events, systemChanged, restart } = done.step;
    return { events, wseq: this.#cursor.wseq, systemChanged, restarted: restart };
  }

  /** Starts from nothing; `advance` then projects the whole log. */
  clear(): void {
    this.#storage.transaction((table) => {
      for (const name of [META_TABLE, ...digestedTables(this.#type)]) clearTable(table(name));
    });
    this.reload();
    this.#paused = "";
  }

  /** After the storage changed under it. */
  reload(): void {
    this.#cursor = this.#readCursor();
    this.#sums = this.#readSums();
  }

  /** For a child store, whose root's members have changed. */
  refoldSystem(): void {
    if (this.#cursor.wseq === 0) return;
    const sums = new PendingSums(this.#sums);
    this.#storage.transaction((table) => {
      refold(stateTx(table, sums, SYSTEM_TABLES, (name) => name), this.#roles);
      writeCursor(table(META_TABLE), this.#cursor, sums);
    });
    sums.keep();
  }

  tableSums(): TableSum[] {
    return [...this.#sums].map(([table, sum]) => ({ table, sum })).toSorted((a, b) => (a.table < b.table ? -1 : 1));
  }

  /** One hash over the digests of all tables (weaver.md §9). */
  digest(): Hash {
    return sha256Parts(...this.tableSums().flatMap(({ table, sum }) => [utf8(`${table}\0`), sum.encode()]));
  }

  poisonReason(id: IntentionId): string | undefined {
    const row = this.#storage.table(POISON_TABLE).get(id);
    return row === undefined ? undefined : new TextDecoder().decode(row);
  }

  poisonCount(): number {
    return this.#sums.get(POISON_TABLE)?.count ?? 0;
  }

  #nothing(): Projected {
    return { events: [], wseq: this.#cursor.wseq, systemChanged: false, restarted: false };
  }

  #readCursor(): Cursor {
    const row = this.#storage.table(META_TABLE).get(CURSOR_KEY);
    if (row === undefined) return { wseq: 0, chainHash: new Uint8Array(32) as Hash, systemWseq: 0 };
    return { wseq: readSeqBe(row), chainHash: row.slice(8, 40) as Hash, systemWseq: readSeqBe(row, 40) };
  }

  #readSums(): Map<string, SetSum> {
    const meta = this.#storage.table(META_TABLE);
    const sums = new Map<string, SetSum>();
    for (const name of digestedTables(this.#type)) {
      const row = meta.get(concatBytes(SUM_PREFIX, utf8(name)));
      sums.set(name, row?.length === SET_SUM_BYTES ? SetSum.decode(row)! : new SetSum());
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
  readonly #systemWseq: number;
  #raises: readonly weaver.SchemaRaise[] | undefined;
  readonly events: unknown[] = [];
  systemChanged = false;
  restart = false;
  paused = "";

  constructor(options: {
    table: (name: string) => Table;
    sums: PendingSums;
    type: StoreType;
    roles: RoleSource | undefined;
    cursor: Cursor;
  }) {
    this.#systemWseq = options.cursor.systemWseq;
    this.#table = options.table;
    this.#sums = options.sums;
    this.#type = options.type;
    this.#roles = options.roles;
    this.#system = stateTx(options.table, options.sums, SYSTEM_TABLES, (name) => name);
    this.#state = new SystemState(this.#system);
  }

  /** False where the projection must stop in front of this intention. */
  project({ intention, wseq }: Witnessed): boolean {
    if (intention.ops.length === 0) return true;
    const ops = decodeOps(intention);
    const isFolded = wseq <= this.#systemWseq;
    switch (ops?.op.oneofKind) {
      case "genesis":
        return isFolded || this.#genesis(intention, ops.op.genesis);
      case "system":
        return isFolded || this.#systemOp(intention, ops.op.system);
      case "app":
        return this.#appOp(intention, ops.op.app);
      default:
        return this.#poison(intention, "undecodable");
    }
  }

  #genesis(intention: Intention, genesis: weaver.Genesis): boolean {
    if (!isGenesis(intention)) return this.#poison(intention, "a second genesis");
    const { id, author } = intention;
    foldGenesis(this.#system, { id, author, schema: genesis.schema, root: genesis.parent.length === 0 });
    this.systemChanged = true;
    return true;
  }

  #systemOp(intention: Intention, op: weaver.SystemOp): boolean {
    const before = this.#state.schemaTimeline();
    const { id, author } = intention;
    const folded = foldSystemOp(this.#system, { id, author, op }, this.#roles);
    this.#raises = undefined;
    this.systemChanged = true;
    this.restart ||= folded.refolded && before !== this.#state.schemaTimeline();
    return true;
  }

  #appOp(intention: Intention, { schema, payload }: weaver.AppOp): boolean {
    if (schema > this.#schemaAt(intention.id)) return this.#poison(intention, "schema above the agreed one");
    if (schema > this.#type.schema) {
      this.paused = `an op has schema ${schema} of ${this.#type.type}, this node knows ${this.#type.schema}: update it to go on`;
      return false;
    }
    const op = decodePayload(this.#type, intention, payload);
    return op === undefined ? this.#poison(intention, "undecodable") : this.#apply(intention, op);
  }

  /** As `SystemState.schemaAt`; read once, and again after each system op. */
  #schemaAt(id: IntentionId): number {
    this.#raises ??= this.#state.raises();
    return schemaAt(this.#raises, id);
  }

  #apply(intention: Intention, op: Op<unknown>): boolean {
    const writes = new AppTx(this.#table, this.#sums, this.#type);
    try {
      this.events.push(...this.#type.apply(writes, op));
      return true;
    } catch (error) {
      writes.undo();
      if (isDamage(error)) throw error;
      return this.#poison(intention, error instanceof Refusal ? `refused: ${error.message}` : "refused");
    }
  }

  #poison({ id }: Intention, reason: string): boolean {
    new DigestTable(this.#table(POISON_TABLE), this.#sums.of(POISON_TABLE)).put(id, utf8(reason));
    return true;
  }
}

/** The tables of a store type in one `apply`, which can be taken back. */
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

export function decodePayload(type: StoreType, intention: Intention, payload: Uint8Array): Op<any> | undefined {
  const { id, hash, author, seq, timestamp } = intention;
  try {
    return { id, hash, author, seq, timestamp, payload: type.payload.fromBinary(payload) };
  } catch {
    return undefined;
  }
}

/** A fault of the disk, which must not be taken for a fault of the op. */
function isDamage(error: unknown): boolean {
  return error instanceof LatticeError && (error.code === "corrupt" || error.code === "disk-full");
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
  meta.put(CURSOR_KEY, concatBytes(u64be(cursor.wseq), cursor.chainHash, u64be(cursor.systemWseq)));
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
