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
  SetSum,
  sha256Parts,
  utf8,
  ZERO_ID,
  type Hash,
  type IntentionId,
} from "@lattice/model";
import type { Row, Storage, Table } from "@lattice/storage";
import type { StateReader, StoreType } from "@lattice/store";
import { refold, SystemState, type RoleSource } from "@lattice/systemstore";
import { decodeCursor, encodeCursor, type Cursor } from "./cursor.ts";
import { PROJECT_COUNT_MAX } from "./limits.ts";
import type { WitnessLog } from "./log.ts";
import { PendingSums } from "./pending-sums.ts";
import { ProjectionStep } from "./projection-step.ts";
import { systemTx } from "./system-tx.ts";
import { appTable, digestedTables, META_TABLE, POISON_TABLE } from "./tables.ts";

const CURSOR_KEY = utf8("cursor");
const SUM_PREFIX = utf8("sum/");

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
      const tx = systemTx(table, sums);
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
    return decodeCursor(row) ?? { ...this.#cursorAt(0, 0, ZERO_ID), systemWseq: Number.MAX_SAFE_INTEGER };
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

function writeCursor(meta: Table, cursor: Cursor, sums: PendingSums): void {
  meta.put(CURSOR_KEY, encodeCursor(cursor));
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
