/**
 * Whether what nobody had the right to write is anywhere where it counts. Looks at the rows of honest nodes' states and at
 * what came into their logs since it looked last; who has the right is worked out naively from the logs alone.
 *
 * Invariants
 *  1. No intention in an honest log has an author who may not write, or was made by a liar so that it can never be accepted.
 *     Whose admission was lost everywhere since may have written under it.
 *  2. What an unauthorised author marked is in no row of the state but those that keep what counts for nothing.
 *  3. What is marked as poison is in no such row, whoever wrote it.
 *  4. The members and their roles are those that somebody who may admit has admitted.
 */
import { bytesKey, compareBytes, toHex, type Intention } from "@lattice/model";
import { decodeOps, type Store } from "@lattice/kernel";
import { Role } from "@lattice/systemstore";
import type { weaver } from "@lattice/proto";
import { isForbidden } from "../byzantine/forbidden.ts";
import { POISON, UNAUTHORISED } from "../byzantine/marks.ts";
import type { Machine } from "../machine.ts";
import { EPOCH_MS } from "../sim-clock.ts";
import { Violation } from "../violation.ts";
import type { World } from "../world.ts";

/** Keeps what came, without effect. */
const KEEPS_VOID: ReadonlySet<string> = new Set(["poison", "system-ops"]);
const ROWS_MAX = 1 << 20;
/** Of a clock that is wrong, what it accepts is its own. */
const CLOCK_ERROR_MS = 20 * 60_000;

interface SystemOpOf {
  readonly intention: Intention;
  readonly op: weaver.SystemOp["op"];
}

interface Seen {
  /** Up to here the log was looked at. */
  wseq: number;
  readonly systemOps: SystemOpOf[];
  /** Authors of ops that carry the mark of the unauthorised, some of whom were let in later: of the store's type, and others. */
  readonly markers: Set<string>;
  readonly systemMarkers: Set<string>;
}

const seenByStore = new WeakMap<Store, Seen>();

export function checkUnauthorised(world: World): void {
  if (world.plan.liarCount === 0) return;
  for (const machine of world.honest) {
    for (const known of world.stores.values()) {
      const store = machine.storeOf(known.genesisHash);
      const root = machine.storeOf(rootHash(world, known.genesisHash));
      if (store === undefined || root === undefined) continue;
      const check = (intention: Intention) => checkForbidden(world, machine, intention);
      const rootSeen = lookAt(root, check);
      const seen = lookAt(store, check);
      const roles = naiveRoles(root, rootSeen.systemOps);
      if (root === store) checkMembers(machine, store, roles);
      const rolesEver = naiveRolesEver(world, root);
      checkAuthors(machine, store, rolesEver);
      checkState(machine, store, { seen, roles, rolesEver });
    }
  }
}

function rootHash(world: World, genesisHash: Uint8Array): Uint8Array {
  const known = [...world.stores.values()].find(
    (each) => bytesKey(each.genesisHash) === bytesKey(genesisHash),
  );
  return known?.parent === undefined
    ? genesisHash
    : rootHash(world, world.stores.get(known.parent)!.genesisHash);
}

function lookAt(store: Store, check: (intention: Intention) => void): Seen {
  const { log } = store;
  let seen = seenByStore.get(store);
  // A log that was taken back is looked at from its start.
  if (seen === undefined || seen.wseq > log.head.wseq)
    seen = { wseq: 0, systemOps: [], markers: new Set(), systemMarkers: new Set() };
  seenByStore.set(store, seen);
  for (const { intention, wseq } of log.records({ from: seen.wseq + 1 })) {
    seen.wseq = wseq;
    check(intention);
    const op = systemOpOf(intention);
    if (op !== undefined) seen.systemOps.push({ intention, op });
    const markers = op === undefined ? seen.markers : seen.systemMarkers;
    if (holds(intention.ops, UNAUTHORISED)) markers.add(bytesKey(intention.author));
  }
  return seen;
}

function systemOpOf(intention: Intention): weaver.SystemOp["op"] | undefined {
  const op = decodeOps(intention)?.op;
  return op?.oneofKind === "system" ? op.system.op : undefined;
}

function checkForbidden(world: World, machine: Machine, { id }: Intention): void {
  const nowMs = EPOCH_MS + world.nowMs + CLOCK_ERROR_MS;
  if (!isForbidden(world, id, nowMs)) return;
  throw new Violation(
    "forbidden",
    `${machine.name} has accepted ${toHex(id).slice(16, 24)}, which nobody may`,
  );
}

/** The greatest role of each key, by nothing but admissions in the order of their ids. */
function naiveRoles(root: Store, systemOps: readonly SystemOpOf[]): Map<string, Role> {
  const roles = new Map([[bytesKey(root.log.at(1).intention.author), Role.OWNER]]);
  const ordered = systemOps.toSorted((a, b) => compareBytes(a.intention.id, b.intention.id));
  for (const { intention, op } of ordered) {
    if (op.oneofKind !== "admit") continue;
    const { member, role } = op.admit;
    const own = roles.get(bytesKey(intention.author)) ?? Role.UNSPECIFIED;
    const before = roles.get(bytesKey(member)) ?? Role.UNSPECIFIED;
    if (own >= Role.ADMIN && role <= own && role > before) roles.set(bytesKey(member), role);
  }
  return roles;
}

/** As far as anybody knew them, before some admission was lost everywhere. */
export function naiveRolesEver(world: World, root: Store): Map<string, Role> {
  const { systemOps } = lookAt(root, () => undefined);
  const lost = world.authors.forgottenAdmissions(bytesKey(root.genesisHash));
  return naiveRoles(root, [
    ...systemOps,
    ...lost.map((intention) => ({ intention, op: systemOpOf(intention)! })),
  ]);
}

function checkMembers(machine: Machine, store: Store, roles: ReadonlyMap<string, Role>): void {
  for (const { key, role } of store.system.members()) {
    const granted = roles.get(bytesKey(key)) ?? Role.UNSPECIFIED;
    if (role <= granted) continue;
    throw new Violation("membership", `${machine.name} takes ${toHex(key).slice(0, 8)} for a ${Role[role]}`);
  }
}

function checkAuthors(machine: Machine, store: Store, roles: ReadonlyMap<string, Role>): void {
  for (const { author } of store.log.tips()) {
    // The creator of a child is in its genesis, whatever it may do today.
    if ((roles.get(bytesKey(author)) ?? 0) >= Role.WRITER || isCreator(store, author)) continue;
    throw new Violation(
      "authority",
      `${machine.name} has accepted what ${toHex(author).slice(0, 8)} may not write`,
    );
  }
}

function isCreator({ log }: Store, author: Uint8Array): boolean {
  return compareBytes(log.at(1).intention.author, author) === 0;
}

function checkState(
  machine: Machine,
  store: Store,
  { seen, roles, rolesEver }: { seen: Seen; roles: ReadonlyMap<string, Role>; rolesEver: typeof roles },
): void {
  const mayShow = seen.markers.values().some((author) => (rolesEver.get(author) ?? 0) >= Role.WRITER);
  const mayRule = seen.systemMarkers.values().some((author) => (roles.get(author) ?? 0) >= Role.ADMIN);
  const { projection } = store.replica;
  for (const { table } of projection.tableSums()) {
    if (KEEPS_VOID.has(table)) continue;
    const marks = (table === "system" ? mayRule : mayShow) ? [POISON] : [POISON, UNAUTHORISED];
    for (const [, value] of projection.rows(table, undefined, ROWS_MAX)) {
      const mark = marks.find((each) => holds(value, each));
      if (mark === undefined) continue;
      throw new Violation("authority", `${machine.name} shows ${mark} in ${table}`);
    }
  }
}

function holds(bytes: Uint8Array, mark: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(mark);
}
