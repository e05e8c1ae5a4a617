/**
 * The system table of a store: members, invites, children, name and schema (weaver.md §7). Core; no I/O.
 *
 * Invariants
 *  1. The table is a fold over all system ops of the store in the order of their ids. Ids sort by time and time
 *     rises along every edge, so this order extends the causal one; and it is the same on every node that holds the
 *     same set, in whichever order the ops arrived.
 *  2. An op whose author has no right to it at its place in that order changes nothing and is kept with the reason.
 *  3. An op that arrives behind its place makes the fold start over. System ops are few, and they come late only
 *     from nodes that wrote at the same time.
 */
import {
  compareBytes,
  concatBytes,
  decodeIntention,
  equalBytes,
  isGenesis,
  isIdentityKey,
  toHex,
  utf8,
  verifyIntention,
  type Hash,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import { weaver } from "@lattice/proto";
import { damagedState, type StateReader, type StateTx } from "@lattice/store";
import { NAME_BYTES_MAX } from "./limits.ts";
import { mayAdminister, Role, type RoleSource } from "./roles.ts";

/** Tables that the system layer needs in every store's state. */
export const SYSTEM_TABLES = ["system", "system-ops"] as const;

const NAME_KEY = utf8("name");
const SCHEMA_KEY = utf8("schema");
const MEMBER = utf8("member/");
const INVITE = utf8("invite/");
const CHILD = utf8("child/");

export interface SystemOpAt {
  readonly id: IntentionId;
  readonly author: PubKey;
  readonly op: weaver.SystemOp;
}

export interface GenesisAt {
  readonly id: IntentionId;
  readonly author: PubKey;
  readonly schema: number;
  /** Whether the store has members of its own, or asks its root. */
  readonly root: boolean;
}

export interface Folded {
  /** Why the op counts for nothing; empty where it counts. */
  readonly void: string;
  /** Whether who may write, or since when which schema counts, may have changed for what came before. */
  readonly refolded: boolean;
}

/** The genesis makes its author the owner. Called once, first. */
export function foldGenesis(tx: StateTx, genesis: GenesisAt): void {
  const table = tx.table("system");
  const raises = [{ id: genesis.id, schema: genesis.schema }];
  table.put(SCHEMA_KEY, weaver.SchemaRow.toBinary({ raises }));
  if (!genesis.root) return;
  const grants = [{ id: genesis.id, role: Role.OWNER, by: genesis.author }];
  table.put(concatBytes(MEMBER, genesis.author), weaver.MemberRow.toBinary({ grants, name: "" }));
}

/** `roles` undefined: the store's own members decide (a root store). */
export function foldSystemOp(tx: StateTx, op: SystemOpAt, roles?: RoleSource): Folded {
  const ops = tx.table("system-ops");
  const isLate = isLateSystemOp(tx, op.id);
  const reason = isLate ? "" : applyOp(tx, op, roles ?? new SystemState(tx));
  ops.put(op.id, weaver.OpRow.toBinary({ author: op.author, op: op.op, void: reason }));
  if (!isLate) return { void: reason, refolded: false };
  refold(tx, roles);
  return { void: readOp(tx, op.id)?.void ?? "", refolded: true };
}

/** Whether an op would come behind its place in the order of ids, so that everything has to be folded anew. */
export function isLateSystemOp(read: StateReader, id: IntentionId): boolean {
  return !isEmpty(read.table("system-ops").range({ gt: id, limit: 1 }));
}

/** The same as one after the other, and folds anew once for all of them. */
export function foldLateSystemOps(tx: StateTx, late: readonly SystemOpAt[], roles?: RoleSource): void {
  const ops = tx.table("system-ops");
  for (const { id, author, op } of late) ops.put(id, weaver.OpRow.toBinary({ author, op, void: "" }));
  refold(tx, roles);
}

/** Folds everything anew: for an op that came late, or because the root's members changed. */
export function refold(tx: StateTx, roles?: RoleSource): void {
  const table = tx.table("system");
  const ops = tx.table("system-ops");
  const genesis = [...table.range()].flatMap(([key, value]) => genesisRow(key, value));
  for (const [key] of [...table.range()]) table.delete(key);
  for (const [key, value] of genesis) table.put(key, value);
  const state = new SystemState(tx);
  // One at a time: what counts for nothing is kept as well, and any writer can make it large.
  const changed: (readonly [key: Uint8Array, reason: string])[] = [];
  for (const [key, value] of ops.range()) {
    const row = parse(weaver.OpRow, value);
    if (row.op === undefined) throw damagedState("an op of the system is missing");
    const at = { id: key as IntentionId, author: row.author as PubKey, op: row.op };
    const reason = applyOp(tx, at, roles ?? state);
    if (reason !== row.void) changed.push([key, reason]);
  }
  for (const [key, reason] of changed) {
    const row = parse(weaver.OpRow, ops.get(key)!);
    ops.put(key, weaver.OpRow.toBinary({ ...row, void: reason }));
  }
}

/** What of a row the genesis alone had put there. */
function genesisRow(key: Uint8Array, value: Uint8Array): [Uint8Array, Uint8Array][] {
  if (equalBytes(key, SCHEMA_KEY)) {
    const { raises } = parse(weaver.SchemaRow, value);
    return [[key, weaver.SchemaRow.toBinary({ raises: raises.slice(0, 1) })]];
  }
  if (!startsWith(key, MEMBER)) return [];
  const first = parse(weaver.MemberRow, value).grants[0];
  if (first === undefined) throw damagedState("a member has no role");
  const isCreator = first.role === Role.OWNER && equalBytes(first.by, key.subarray(MEMBER.length));
  return isCreator ? [[key, weaver.MemberRow.toBinary({ grants: [first], name: "" })]] : [];
}

/** Changes the rows, or says why the op counts for nothing. */
function applyOp(tx: StateTx, at: SystemOpAt, roles: RoleSource): string {
  const { op } = at.op;
  const role = roles.roleAt(at.author, at.id);
  switch (op.oneofKind) {
    case "invite":
      return applyInvite(tx, at, op.invite, role);
    case "uninvite":
      return applyUninvite(tx, at, op.uninvite, role);
    case "admit":
      return applyAdmit(tx, at, op.admit, role);
    case "childAdd":
      return applyChildAdd(tx, at, op.childAdd, role);
    case "setName":
      return applySetName(tx, op.setName, role);
    case "setMemberName":
      return applySetMemberName(tx, at, op.setMemberName);
    case "setSchema":
      return applySetSchema(tx, at, op.setSchema, role);
    case undefined:
      return "unknown system op";
  }
}

function applyInvite(tx: StateTx, at: SystemOpAt, invite: weaver.Invite, role: Role): string {
  if (!mayAdminister(role)) return "only an admin may invite";
  if (invite.role > role || invite.role < Role.READER) return "nobody may invite above their own role";
  if (invite.secretHash.length !== 32) return "malformed invite";
  const key = concatBytes(INVITE, invite.secretHash);
  if (tx.table("system").has(key)) return "the invite exists";
  const row = {
    role: invite.role,
    expiresMs: invite.expiresMs,
    inviter: at.author,
    usedBy: new Uint8Array(),
    revoked: false,
  };
  tx.table("system").put(key, weaver.InviteRow.toBinary(row));
  return "";
}

function applyUninvite(tx: StateTx, at: SystemOpAt, uninvite: weaver.Uninvite, role: Role): string {
  const key = concatBytes(INVITE, uninvite.secretHash);
  const stored = tx.table("system").get(key);
  if (stored === undefined) return "there is no such invite";
  const row = parse(weaver.InviteRow, stored);
  if (!mayAdminister(role) && !equalBytes(row.inviter, at.author))
    return "only an admin may take back an invite";
  if (row.usedBy.length > 0) return "the invite is used";
  tx.table("system").put(key, weaver.InviteRow.toBinary({ ...row, revoked: true }));
  return "";
}

function applyAdmit(tx: StateTx, at: SystemOpAt, admit: weaver.Admit, role: Role): string {
  if (!mayAdminister(role)) return "only an admin may admit";
  if (admit.role > role || admit.role < Role.READER) return "nobody may admit above their own role";
  if (!isIdentityKey(admit.member)) return "the member's key is no identity";
  if (tooLong(admit.name)) return "the name is too long";
  const table = tx.table("system");
  const key = concatBytes(MEMBER, admit.member);
  const stored = table.get(key);
  const row = stored === undefined ? { grants: [], name: admit.name } : parse(weaver.MemberRow, stored);
  markUsed(tx, admit);
  const before = row.grants.at(-1)?.role ?? 0;
  if (before >= admit.role) return "already a member";
  row.grants.push({ id: at.id, role: admit.role, by: at.author });
  table.put(key, weaver.MemberRow.toBinary(row));
  return "";
}

function markUsed(tx: StateTx, admit: weaver.Admit): void {
  if (admit.secretHash.length === 0) return;
  const key = concatBytes(INVITE, admit.secretHash);
  const stored = tx.table("system").get(key);
  if (stored === undefined) return;
  const row = parse(weaver.InviteRow, stored);
  if (row.usedBy.length > 0) return;
  tx.table("system").put(key, weaver.InviteRow.toBinary({ ...row, usedBy: admit.member }));
}

function applyChildAdd(tx: StateTx, at: SystemOpAt, child: weaver.ChildAdd, role: Role): string {
  if (!mayAdminister(role)) return "only an admin may add a child store";
  if (tooLong(child.alias)) return "the name is too long";
  const genesis = decodeIntention(child.genesisBody);
  if (typeof genesis === "string" || !isGenesis(genesis) || !isIdentityKey(genesis.author))
    return "malformed child";
  if (!verifyIntention(genesis.author, genesis.hash, child.genesisSignature)) return "malformed child";
  const key = concatBytes(CHILD, genesis.hash);
  if (tx.table("system").has(key)) return "the child exists";
  const { alias, genesisBody, genesisSignature } = child;
  const row = { alias, genesisBody, genesisSignature, addedBy: at.author };
  tx.table("system").put(key, weaver.ChildRow.toBinary(row));
  return "";
}

function applySetName(tx: StateTx, { name }: weaver.SetName, role: Role): string {
  if (!mayAdminister(role)) return "only an admin may name the store";
  if (tooLong(name)) return "the name is too long";
  tx.table("system").put(NAME_KEY, utf8(name));
  return "";
}

function applySetMemberName(tx: StateTx, at: SystemOpAt, { name }: weaver.SetMemberName): string {
  const key = concatBytes(MEMBER, at.author);
  const stored = tx.table("system").get(key);
  if (stored === undefined) return "not a member";
  if (tooLong(name)) return "the name is too long";
  tx.table("system").put(key, weaver.MemberRow.toBinary({ ...parse(weaver.MemberRow, stored), name }));
  return "";
}

function applySetSchema(tx: StateTx, at: SystemOpAt, { schema }: weaver.SetSchema, role: Role): string {
  if (!mayAdminister(role)) return "only an admin may raise the schema";
  const stored = tx.table("system").get(SCHEMA_KEY);
  if (stored === undefined) throw damagedState("the schema is missing");
  const row = parse(weaver.SchemaRow, stored);
  if (schema <= (row.raises.at(-1)?.schema ?? 0)) return "the schema is not higher";
  row.raises.push({ id: at.id, schema });
  tx.table("system").put(SCHEMA_KEY, weaver.SchemaRow.toBinary(row));
  return "";
}

export interface Member {
  readonly key: PubKey;
  readonly role: Role;
  readonly name: string;
}

export interface InviteState extends weaver.InviteRow {
  readonly secretHash: Hash;
}

export interface Child extends weaver.ChildRow {
  readonly genesisHash: Hash;
}

/** Reads the system table. A root store's is its own source of roles. */
export class SystemState implements RoleSource {
  readonly #read: StateReader;

  constructor(read: StateReader) {
    this.#read = read;
  }

  roleNow(author: PubKey): Role {
    return this.#member(author)?.grants.at(-1)?.role ?? Role.UNSPECIFIED;
  }

  roleAt(author: PubKey, at: IntentionId): Role {
    const grants = this.#member(author)?.grants ?? [];
    const grant = grants.findLast((candidate) => compareBytes(candidate.id, at) < 0);
    return grant?.role ?? Role.UNSPECIFIED;
  }

  members(): Member[] {
    return this.#rows(MEMBER, weaver.MemberRow).map(({ suffix, row }) => ({
      key: suffix as PubKey,
      role: row.grants.at(-1)?.role ?? Role.UNSPECIFIED,
      name: row.name,
    }));
  }

  memberName(key: PubKey): string {
    return this.#member(key)?.name ?? "";
  }

  invites(): InviteState[] {
    return this.#rows(INVITE, weaver.InviteRow).map(({ suffix, row }) => ({
      ...row,
      secretHash: suffix as Hash,
    }));
  }

  invite(secretHash: Hash): weaver.InviteRow | undefined {
    const stored = this.#table.get(concatBytes(INVITE, secretHash));
    return stored === undefined ? undefined : parse(weaver.InviteRow, stored);
  }

  children(): Child[] {
    return this.#rows(CHILD, weaver.ChildRow).map(({ suffix, row }) => ({
      ...row,
      genesisHash: suffix as Hash,
    }));
  }

  name(): string {
    const stored = this.#table.get(NAME_KEY);
    return stored === undefined ? "" : new TextDecoder().decode(stored);
  }

  /** The highest schema whose ops count at one point of the order of ids. */
  schemaAt(at: IntentionId): number {
    return schemaAt(this.raises(), at);
  }

  /** Which schema counts from where on, as one comparable text. */
  schemaTimeline(): string {
    return this.raises()
      .map(({ id, schema }) => `${toHex(id)}=${schema}`)
      .join(" ");
  }

  schemaNow(): number {
    return this.raises().at(-1)?.schema ?? 0;
  }

  /** Why a system op counts for nothing; empty where it counts, undefined where there is no such op. */
  voidReason(id: IntentionId): string | undefined {
    return readOp(this.#read, id)?.void;
  }

  get #table() {
    return this.#read.table("system");
  }

  #member(key: PubKey): weaver.MemberRow | undefined {
    const stored = this.#table.get(concatBytes(MEMBER, key));
    return stored === undefined ? undefined : parse(weaver.MemberRow, stored);
  }

  /** From where on which schema counts, the earliest first. */
  raises(): weaver.SchemaRaise[] {
    const stored = this.#table.get(SCHEMA_KEY);
    return stored === undefined ? [] : parse(weaver.SchemaRow, stored).raises;
  }

  #rows<Row extends object>(prefix: Uint8Array, type: RowType<Row>) {
    const rows: { suffix: Uint8Array; row: Row }[] = [];
    for (const [key, value] of this.#table.range({ gte: prefix })) {
      if (!startsWith(key, prefix)) break;
      rows.push({ suffix: key.subarray(prefix.length), row: parse(type, value) });
    }
    return rows;
  }
}

export function schemaAt(raises: readonly weaver.SchemaRaise[], at: IntentionId): number {
  return raises.findLast(({ id }) => compareBytes(id, at) < 0)?.schema ?? 0;
}

function readOp(read: StateReader, id: IntentionId): weaver.OpRow | undefined {
  const stored = read.table("system-ops").get(id);
  return stored === undefined ? undefined : parse(weaver.OpRow, stored);
}

interface RowType<Row> {
  readonly typeName: string;
  fromBinary(bytes: Uint8Array): Row;
}

/** What `type` wrote before. Throws `corrupt` for anything else. */
function parse<Row>(type: RowType<Row>, stored: Uint8Array): Row {
  try {
    return type.fromBinary(stored);
  } catch (cause) {
    throw damagedState(`a row is no ${type.typeName}`, cause);
  }
}

function tooLong(name: string): boolean {
  return utf8(name).length > NAME_BYTES_MAX;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, prefix.length), prefix);
}

function isEmpty(rows: Iterable<unknown>): boolean {
  for (const _ of rows) return false;
  return true;
}
