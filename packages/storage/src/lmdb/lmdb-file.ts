/**
 * One LMDB file: the tables, and beside them what this package has to know of the file.
 *
 *   @storage    format, generation (of the last journal whose rows are all here), long/‹table› (see
 *               `LmdbTable.longCount`): numbers in decimal;  salt: random bytes, made with the file
 *   @continued  the rest of keys too long for LMDB, see `LmdbTable`
 *
 * Written in `transactionSync` only: the asynchronous writes of LMDB's binding corrupt the heap when the
 * disk is full, and a transaction whose body returns a promise blocks the process for good.
 *
 * Invariant: nothing is written with what LMDB remembered when a write failed. A commit that breaks off leaves it with lists of
 * free pages that do not fit the file: the next ones end the process, or write over pages that are in use. What is in
 * the file is right, so that opening it anew is enough.
 */
import { renameSync, rmSync, statfsSync, statSync, truncateSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { assert, LatticeError, utf8 } from "@lattice/model";
import { open, type RootDatabase, type Transaction } from "lmdb";
import { copyRows } from "./copy-rows.ts";
import { extendFile } from "./extend-file.ts";
import { toLatticeError } from "./fault.ts";
import { MAP_BYTES } from "../limits.ts";
import { LmdbTable, type Rows } from "./lmdb-table.ts";
import { prepareFile } from "./prepare-file.ts";
import { syncDirectory, syncFile } from "./sync-file.ts";

const FORMAT = 1;
const SALT_BYTES = 8;
/** With that much more room than a write takes, nobody fills the disk before it is done. */
const PLENTY_BYTES = 1 << 30;
/** What a copy takes beyond its rows while it is made: its pages are written in many transactions. */
const COPY_SLACK_BYTES = 1 << 20;
const META_PAGES = 2;
/** With less room than this, a write that failed for no clear reason is taken to have found none. */
const NEARLY_FULL_BYTES = 16 << 20;

export interface LmdbFileOptions {
  readonly path: string;
  readonly tables: readonly string[];
  /** Whether a write is on disk when it returns. */
  readonly sync: boolean;
  /** It is open in another thread of this process, which has looked at it. */
  readonly isShared?: boolean;
}

type Root = RootDatabase<Uint8Array, Uint8Array>;

interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}

/** What the binding's types leave out. */
interface LmdbStats extends TreeStats {
  readonly pageSize: number;
  readonly lastPageNumber: number;
  /** The list of pages that are free. */
  readonly free: TreeStats;
}

export class LmdbFile {
  readonly path: string;
  /** Tells the journal of this file from that of another. */
  readonly salt: Uint8Array;
  readonly #options: LmdbFileOptions;
  #root: Root;
  #meta: Rows;
  #continued: Rows;
  readonly #tables = new Map<string, LmdbTable>();
  /** Of the last write, where it failed and the file was not opened anew since. */
  #fault: LatticeError | undefined;

  private constructor(options: LmdbFileOptions, root: Root) {
    this.path = options.path;
    this.#options = options;
    this.#root = root;
    this.#meta = openRows(root, "@storage");
    this.salt = this.#claim();
    this.#continued = openRows(root, "@continued");
    const continued = this.#continued;
    for (const name of options.tables) {
      const readLongCount = (): number => this.#readNumber(`long/${name}`);
      this.#tables.set(name, new LmdbTable({ name, rows: openRows(root, name), continued, readLongCount }));
    }
  }

  static open(options: LmdbFileOptions): LmdbFile {
    const { path, isShared = false } = options;
    try {
      const isNew = !isShared && prepareFile(path);
      const root = openRoot(options);
      const file = openOrClose(root, () => new LmdbFile(options, root));
      if (isNew && options.sync) syncDirectory(dirname(path));
      return file;
    } catch (error) {
      throw toLatticeError(error, { file: path });
    }
  }

  /**
   * Lets go of the memory that the pages take that were looked at: they count as this process's as long as
   * the file is mapped. Not while something is being read or views are open; says whether it was done.
   */
  renewMap(): boolean {
    return this.#reopen(() => {});
  }

  /**
   * A copy without the pages that are not in use, on disk when this returns. Row by row: LMDB's own copy without such pages
   * ends the process at some later write. Throws `disk-full`.
   */
  copyTo(path: string): void {
    try {
      prepareFile(path);
      const root = openRoot({ ...this.#options, path, sync: false });
      try {
        if (!this.#hasPlenty(this.bytesUsed)) extendFile(path, this.bytesUsed + COPY_SLACK_BYTES);
        for (const [name, rows] of this.#databases()) copyRows(rows, { root, rows: openRows(root, name) });
        truncateSync(path, endOf(root));
      } finally {
        void root.close();
        rmSync(`${path}-lock`, { force: true });
      }
      syncFile(path);
    } catch (error) {
      throw this.#writeFault(error);
    }
  }

  /**
   * Puts a copy, which has all that this file has, in its place. Not while something is being read or views are open; says
   * whether it was done.
   */
  replaceBy(copy: string): boolean {
    const { size } = statSync(copy);
    return this.#reopen(
      () => {
        renameSync(copy, this.path);
        syncDirectory(dirname(this.path));
      },
      () => assert(endOf(this.#root) === size, "a file that was replaced is read anew"),
    );
  }

  /** What of the file holds rows, and what LMDB needs for that. */
  get bytesUsed(): number {
    const root = statsOf(this.#root);
    let pages = META_PAGES + pagesOf(root) + pagesOf(root.free);
    for (const [, rows] of this.#databases()) pages += pagesOf(statsOf(rows));
    return pages * root.pageSize;
  }

  #reopen(between: () => void, after: () => void = () => {}): boolean {
    if ([...this.#tables.values()].some((table) => table.isBeingRead)) return false;
    // Nothing is written but in one go, so it is closed when this returns.
    void this.#root.close();
    between();
    this.#root = openRoot(this.#options);
    this.#meta = openRows(this.#root, "@storage");
    this.#continued = openRows(this.#root, "@continued");
    const continued = this.#continued;
    for (const [name, table] of this.#tables) table.reopened({ rows: openRows(this.#root, name), continued });
    after();
    return true;
  }

  get tables(): ReadonlyMap<string, LmdbTable> {
    return this.#tables;
  }

  /** Of the last journal whose rows are all in this file; 0 before there was one. */
  get generation(): number {
    return this.#readNumber("generation");
  }

  /**
   * Where the disk is nearly full, takes room for a write of so many bytes: a transaction that finds none breaks the heap of
   * the process now and then. Throws `disk-full`.
   */
  reserve(bytes: number): void {
    if (this.#hasPlenty(bytes)) return;
    try {
      extendFile(this.path, endOf(this.#root) + bytes);
    } catch (error) {
      throw toLatticeError(error, { file: this.path });
    }
  }

  /** Before anything is written, here or by another thread. Throws the last write's fault where the file cannot be opened anew yet. */
  recover({ hasViews }: { hasViews: boolean }): void {
    if (this.#fault !== undefined && (hasViews || !this.renewMap())) throw this.#fault;
    this.#fault = undefined;
  }

  /** Another thread could not write to the file. */
  noteFault(fault: LatticeError): void {
    this.#fault = fault;
  }

  /** Runs `body`, which writes to tables, and keeps all of it or nothing. */
  write(generation: number, body: () => void): void {
    if (this.#fault !== undefined) throw this.#fault;
    try {
      this.#root.transactionSync(() => {
        for (const [name, table] of this.#tables) table.longCount = this.#readNumber(`long/${name}`);
        body();
        this.#writeNumber("generation", generation);
        for (const [name, table] of this.#tables) this.#writeNumber(`long/${name}`, table.longCount);
      });
    } catch (error) {
      this.#fault = this.#writeFault(error);
      throw this.#fault;
    }
  }

  /** What was written without `sync` is on disk when this returns. */
  sync(): void {
    syncFile(this.path);
  }

  /** Another thread has written to the file: what is read from here on is what it has now. */
  refresh(): void {
    this.#root.resetReadTxn();
  }

  /** What is in the file now, as long as it is not `done`. */
  read(): Transaction {
    // Not what was begun earlier in this turn of the event loop.
    this.refresh();
    return this.#root.useReadTransaction();
  }

  get bytes(): number {
    return statSync(this.path).size;
  }

  /** Of the disk that the file is on. */
  get bytesFree(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  async close(): Promise<void> {
    for (const table of this.#tables.values()) table.endRanges();
    await this.#root.close();
  }

  #databases(): [name: string, rows: Rows][] {
    const tables = [...this.#tables].map(([name, { rows }]): [string, Rows] => [name, rows]);
    return [["@storage", this.#meta], ["@continued", this.#continued], ...tables];
  }

  #hasPlenty(bytes: number): boolean {
    return this.bytesFree > bytes + PLENTY_BYTES;
  }

  /** Makes a new file ours, or checks that it is. */
  #claim(): Uint8Array {
    const salt = this.#meta.get(utf8("salt"));
    if (salt === undefined) return this.#claimNew();
    const format = this.#readNumber("format");
    if (format !== FORMAT) {
      throw new LatticeError(
        "failed-precondition",
        `${this.path} has format ${format}, this program reads ${FORMAT}`,
      );
    }
    return salt;
  }

  #claimNew(): Uint8Array {
    const salt = new Uint8Array(randomBytes(SALT_BYTES));
    this.#root.transactionSync(() => {
      this.#meta.putSync(utf8("salt"), salt);
      this.#writeNumber("format", FORMAT);
    });
    return salt;
  }

  /** LMDB takes a write that was cut short for an input or output error; a disk that is full cuts it short. */
  #writeFault(error: unknown): LatticeError {
    const fault = toLatticeError(error, { file: this.path });
    if (fault.code !== "internal" || this.bytesFree > NEARLY_FULL_BYTES) return fault;
    return new LatticeError("disk-full", `no room to write ${this.path}`, {
      cause: error,
      details: fault.details,
    });
  }

  #readNumber(name: string): number {
    const text = this.#meta.get(utf8(name));
    return text === undefined ? 0 : Number(new TextDecoder().decode(text));
  }

  #writeNumber(name: string, value: number): void {
    this.#meta.putSync(utf8(name), utf8(String(value)));
  }
}

function openRoot({ path, tables, sync }: LmdbFileOptions): Root {
  return open<Uint8Array, Uint8Array>({
    path,
    noSubdir: true,
    encoding: "binary",
    keyEncoding: "binary",
    overlappingSync: false,
    noSync: !sync,
    maxDbs: tables.length + 2,
    // When a file outgrows its map, the binding makes another and keeps the old one.
    mapSize: MAP_BYTES,
  });
}

function statsOf(database: { getStats(): object }): LmdbStats {
  return database.getStats() as LmdbStats;
}

/** Of the pages that were ever in use, in bytes. */
function endOf(root: Root): number {
  const { lastPageNumber, pageSize } = statsOf(root);
  return (lastPageNumber + 1) * pageSize;
}

function pagesOf({ treeBranchPageCount, treeLeafPageCount, overflowPages }: TreeStats): number {
  return treeBranchPageCount + treeLeafPageCount + overflowPages;
}

function openRows(root: Root, name: string): Rows {
  return root.openDB<Uint8Array, Uint8Array>({ name, encoding: "binary", keyEncoding: "binary" });
}

function openOrClose<T>(root: Root, body: () => T): T {
  try {
    return body();
  } catch (error) {
    void root.close();
    throw error;
  }
}
