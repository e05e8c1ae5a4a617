import { weaver } from "@lattice/proto";
import type { IntentionId, PubKey } from "@lattice/model";

export const Role = weaver.Role;
export type Role = weaver.Role;

/** Who may do what in a store. A child store is given its root's. */
export interface RoleSource {
  /** The role that counts now: whether the intentions of `author` are witnessed at all. */
  roleNow(author: PubKey): Role;
  /**
   * The role at one point of the order of ids: what decides whether a system op counts. The same on every node
   * that holds the same set.
   */
  roleAt(author: PubKey, at: IntentionId): Role;
}

const ROLE_NAMES = ["", "reader", "writer", "admin", "owner"] as const;

export function roleName(role: Role): string {
  return ROLE_NAMES[role] ?? "";
}

/** undefined for a word that names no role. */
export function roleFromName(name: string): Role | undefined {
  const role = ROLE_NAMES.indexOf(name as (typeof ROLE_NAMES)[number]);
  return role > 0 ? role : undefined;
}

export function mayWrite(role: Role): boolean {
  return role >= Role.WRITER;
}

export function mayAdminister(role: Role): boolean {
  return role >= Role.ADMIN;
}
