/** The tables of a store on disk (weaver.md §4). */
import { SYSTEM_TABLES } from "@lattice/systemstore";
import type { StoreType } from "@lattice/store";

export const LOG_TABLES = [
  "witness",
  "index",
  "chain",
  "tips",
  "heads",
  "floating",
  "waiting",
  "forks",
  "meta",
] as const;

/** Of the state: what the digest ranges over. `meta` holds the cursor and the digests themselves. */
export const META_TABLE = "meta";
export const POISON_TABLE = "poison";

/** A type's own tables are kept apart from the kernel's by this. */
export function appTable(name: string): string {
  return `app/${name}`;
}

export function digestedTables(type: StoreType): string[] {
  return [POISON_TABLE, ...SYSTEM_TABLES, ...type.tables.map(appTable)];
}

export function stateTables(type: StoreType): string[] {
  return [META_TABLE, ...digestedTables(type)];
}
