/**
 * Users and roles as rows: one of each, under its name, in etcd's encoding; and beside them whether users are told apart at
 * all, and the revision, which counts changes from 1 on.
 */
import { readSeqBe, u64be, utf8 } from "@lattice/model";
import { authpb } from "@lattice/etcd-proto";
import type { Table, TableReader } from "@lattice/storage";

const SWITCH_TABLE = "auth";
const USER_TABLE = "auth-users";
const ROLE_TABLE = "auth-roles";

/** What a storage that holds users and roles is to be opened with. */
export const AUTH_TABLES: readonly string[] = [SWITCH_TABLE, USER_TABLE, ROLE_TABLE];

const ENABLED_KEY = utf8("enabled");
const REVISION_KEY = utf8("revision");
const FIRST_REVISION = 1;

export type ReadTable = (name: string) => TableReader;
export type WriteTable = (name: string) => Table;

export function readEnabled(table: ReadTable): boolean {
  return table(SWITCH_TABLE).has(ENABLED_KEY);
}

export function writeEnabled(table: WriteTable, isEnabled: boolean): void {
  if (isEnabled) table(SWITCH_TABLE).put(ENABLED_KEY, new Uint8Array(0));
  else table(SWITCH_TABLE).delete(ENABLED_KEY);
}

export function readRevision(table: ReadTable): number {
  const row = table(SWITCH_TABLE).get(REVISION_KEY);
  return row === undefined ? FIRST_REVISION : readSeqBe(row);
}

export function writeRevision(table: WriteTable, revision: number): void {
  table(SWITCH_TABLE).put(REVISION_KEY, u64be(revision));
}

export function readUser(table: ReadTable, name: string): authpb.User | undefined {
  const row = readRow(table(USER_TABLE), name);
  return row && authpb.User.fromBinary(row);
}

export function writeUser(table: WriteTable, name: string, row: Uint8Array): void {
  table(USER_TABLE).put(utf8(name), row);
}

export function deleteUser(table: WriteTable, name: string): void {
  table(USER_TABLE).delete(utf8(name));
}

/** In the order of their names' bytes, as are roles. */
export function listUsers(table: ReadTable): string[] {
  return listNames(table(USER_TABLE));
}

export function readRole(table: ReadTable, name: string): authpb.Role | undefined {
  const row = readRow(table(ROLE_TABLE), name);
  return row && authpb.Role.fromBinary(row);
}

export function writeRole(table: WriteTable, name: string, row: Uint8Array): void {
  table(ROLE_TABLE).put(utf8(name), row);
}

export function deleteRole(table: WriteTable, name: string): void {
  table(ROLE_TABLE).delete(utf8(name));
}

export function listRoles(table: ReadTable): string[] {
  return listNames(table(ROLE_TABLE));
}

/** Storage has no row without a key, and here is nobody without a name. */
function readRow(table: TableReader, name: string): Uint8Array | undefined {
  return name === "" ? undefined : table.get(utf8(name));
}

function listNames(table: TableReader): string[] {
  return Array.from(table.range(), ([key]) => Buffer.from(key).toString("utf8"));
}
