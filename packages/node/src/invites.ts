/** Making invites and redeeming them (weaver.md §7). */
import {
  equalBytes,
  LatticeError,
  sha256,
  type Clock,
  type Hash,
  type PubKey,
  type Random,
} from "@lattice/model";
import type { sync } from "@lattice/proto";
import type { Store } from "@lattice/kernel";
import type { JoinGrant } from "@lattice/sync";
import {
  encodeInviteToken,
  EXPIRES_MS_MAX,
  INVITE_DEFAULT_MS,
  mayAdminister,
  roleName,
  SECRET_BYTES,
  type InviteState,
  type Role,
} from "@lattice/systemstore";
import type { Door } from "./door.ts";
import { NODE_NAME_CHARS_MAX } from "./limits.ts";

export interface NewInvite {
  readonly role: Role;
  /** 0 for the default of seven days. */
  readonly expiresInMs: number;
}

export interface MadeInvite {
  readonly token: string;
  readonly secretHash: Hash;
  readonly expiresMs: number;
}

export async function createInvite(
  store: Store,
  invite: NewInvite,
  ports: { clock: Clock; random: Random; addresses: readonly string[] },
): Promise<MadeInvite> {
  assertMayInvite(store, invite.role);
  const expiresMs = ports.clock.now() + (invite.expiresInMs || INVITE_DEFAULT_MS);
  if (!Number.isSafeInteger(invite.expiresInMs) || invite.expiresInMs < 0 || expiresMs > EXPIRES_MS_MAX) {
    throw new LatticeError("invalid-argument", "an invite expires after a whole number of milliseconds");
  }
  const secret = ports.random.bytes(SECRET_BYTES);
  const secretHash = sha256(secret);
  const row = { secretHash, role: invite.role, expiresMs: BigInt(expiresMs) };
  await store.submitSystem({ oneofKind: "invite", invite: row });
  const token = encodeInviteToken({
    genesisHash: store.genesisHash,
    inviter: store.replica.self,
    addresses: ports.addresses,
    secret,
    role: invite.role,
    expiresMs,
  });
  return { token, secretHash, expiresMs };
}

function assertMayInvite(store: Store, role: Role): void {
  if (store.parent !== undefined) {
    throw new LatticeError(
      "failed-precondition",
      "a child store has the members of its root: invite to the root store",
    );
  }
  const own = store.system.roleNow(store.replica.self);
  if (!mayAdminister(own)) {
    throw new LatticeError(
      "permission-denied",
      `a ${roleName(own) || "stranger"} cannot invite: ask an admin or the owner`,
    );
  }
  if (roleName(role) === "")
    throw new LatticeError("invalid-argument", "an invite is for a reader, writer, admin or owner");
  if (role > own) throw new LatticeError("permission-denied", `${oneOf(own)} cannot invite ${oneOf(role)}`);
}

function oneOf(role: Role): string {
  const name = roleName(role);
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}

export type InviteCondition = "open" | "used" | "revoked" | "expired";

export function conditionOf(invite: InviteState, nowMs: number): InviteCondition {
  if (invite.usedBy.length > 0) return "used";
  if (invite.revoked) return "revoked";
  return Number(invite.expiresMs) <= nowMs ? "expired" : "open";
}

/** Lets a newcomer in who has the secret, or throws the reason that it is told. Asking twice gives the same answer. */
export async function grantJoin(
  store: Store | undefined,
  request: sync.JoinRequest,
  ports: { peer: PubKey; clock: Clock; door: Door; peers: () => sync.PeerAddresses[] },
): Promise<JoinGrant> {
  const { peer, clock, door } = ports;
  door.assertOpen(peer);
  const secretHash = sha256(request.secret);
  const invite = store?.system.invites().find((candidate) => equalBytes(candidate.secretHash, secretHash));
  if (store === undefined || invite === undefined || !equalBytes(invite.inviter, store.replica.self)) {
    door.noteWrong(peer);
    throw new LatticeError("invite-invalid", "the inviter does not know this invite: ask for a new one");
  }
  const condition = conditionOf(invite, clock.now());
  const isRetry = condition === "used" && equalBytes(invite.usedBy, peer);
  if (!isRetry) {
    assertOpen(condition);
    const name = request.nodeName.slice(0, NODE_NAME_CHARS_MAX);
    const admit = { member: peer, role: invite.role, secretHash, name };
    await store.submitSystem({ oneofKind: "admit", admit });
  }
  if (roleName(store.system.roleNow(peer)) === "") {
    throw new LatticeError(
      "permission-denied",
      "the inviter may not let anybody in any more: ask an admin for an invite",
    );
  }
  const { intention, signature } = store.log.at(1);
  return { genesis: { body: intention.body, signature }, peers: ports.peers() };
}

function assertOpen(condition: InviteCondition): void {
  if (condition === "used")
    throw new LatticeError("invite-used", "the invite was used by somebody else: ask for a new one");
  if (condition === "revoked")
    throw new LatticeError("invite-invalid", "the invite was taken back: ask for a new one");
  if (condition === "expired")
    throw new LatticeError("invite-expired", "the invite has expired: ask for a new one");
}
