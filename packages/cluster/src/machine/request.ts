/**
 * What is proposed to the cluster: a message of etcd's as it came, with what has to be known of who sent it.
 *
 *   byte    kind (`RequestKind`)
 *   byte    what follows: 1 a user, 2 a session
 *   user    its name, and the revision of the users and roles at which it was let in
 *   session its id and the number of the request in it
 *   rest    the message
 *
 * Numbers and names are MessagePack (`PackWriter`). The message is the end of the bytes, so nothing of it is copied when it is read.
 */
import { LatticeError } from "@lattice/model";
import { PackReader, PackWriter } from "@lattice/raft";

/** The numbers are those of the log: never given another meaning. */
export const RequestKind = {
  PUT: 1,
  DELETE_RANGE: 2,
  TXN: 3,
  COMPACT: 4,
  LEASE_GRANT: 5,
  LEASE_REVOKE: 6,
  /** What is left of leases, so that a new leader does not begin them anew. */
  LEASE_CHECKPOINT: 7,
  ALARM: 8,
  /** Names and addresses of members. */
  MEMBER: 9,
  /** Removes some of what compactions have made superfluous. */
  SWEEP: 10,
  /** What the leader has decided, in its term; as a revocation, but nobody is asked whether he may. */
  LEASE_EXPIRE: 11,

  AUTH_ENABLE: 32,
  AUTH_DISABLE: 33,
  /** Begins to count a token; only so that users and roles have one order everywhere. */
  AUTHENTICATE: 34,
  USER_ADD: 35,
  USER_DELETE: 36,
  USER_CHANGE_PASSWORD: 37,
  USER_GRANT_ROLE: 38,
  USER_REVOKE_ROLE: 39,
  ROLE_ADD: 40,
  ROLE_DELETE: 41,
  ROLE_GRANT_PERMISSION: 42,
  ROLE_REVOKE_PERMISSION: 43,

  /** For a store of a type of its own. */
  STORE: 96,
} as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

/** Who asks, where users are told apart; and when that was found out, as later changes may have taken it away. */
export interface RequestUser {
  readonly name: string;
  readonly authRevision: number;
}

/** A request that may come twice and is to be done once: see `../sessions/sessions.ts`. */
export interface RequestSession {
  /** 16 bytes that the client drew. */
  readonly id: Uint8Array;
  /** From 1 on; one after the other. */
  readonly seq: number;
}

export interface ClusterRequest {
  readonly kind: RequestKind;
  readonly user: RequestUser | undefined;
  readonly session: RequestSession | undefined;
  /** The message's bytes: a view. */
  readonly body: Uint8Array;
}

const HAS_USER = 1;
const HAS_SESSION = 2;

const writer = new PackWriter();

export function encodeRequest({ kind, user, session, body }: ClusterRequest): Uint8Array {
  if (user === undefined && session === undefined) return encodePlain(kind, body);
  writer.clear();
  if (user !== undefined) {
    writer.bin(Buffer.from(user.name, "utf8"));
    writer.uint(user.authRevision);
  }
  if (session !== undefined) {
    writer.bin(session.id);
    writer.uint(session.seq);
  }
  const head = writer.written;
  const bytes = Buffer.allocUnsafeSlow(2 + head.length + body.length);
  bytes[0] = kind;
  bytes[1] = (user === undefined ? 0 : HAS_USER) | (session === undefined ? 0 : HAS_SESSION);
  bytes.set(head, 2);
  bytes.set(body, 2 + head.length);
  return bytes;
}

function encodePlain(kind: RequestKind, body: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(2 + body.length);
  bytes[0] = kind;
  bytes[1] = 0;
  bytes.set(body, 2);
  return bytes;
}

/** Throws `corrupt`: it comes from the log, where only whole ones are. A kind that is not known is the reader's to refuse. */
export function decodeRequest(bytes: Uint8Array): ClusterRequest {
  if (bytes.length < 2) throw new LatticeError("corrupt", "a request of less than two bytes");
  const kind = bytes[0] as RequestKind;
  const flags = bytes[1]!;
  if (flags === 0) return { kind, user: undefined, session: undefined, body: bytes.subarray(2) };
  const reader = new PackReader(bytes, 2);
  const user = (flags & HAS_USER) === 0 ? undefined : readUser(reader);
  const session = (flags & HAS_SESSION) === 0 ? undefined : readSession(reader);
  return { kind, user, session, body: bytes.subarray(reader.position) };
}

function readUser(reader: PackReader): RequestUser {
  return { name: Buffer.from(reader.bin()).toString("utf8"), authRevision: reader.uint() };
}

function readSession(reader: PackReader): RequestSession {
  return { id: reader.bin(), seq: reader.uint() };
}
