/** What is applied together, within one transaction: entry by entry, request by request. */
import { etcdserverpb, EtcdError } from "@lattice/etcd-proto";
import type { KeyEvent, KeySpaceWriter, LeaseRow } from "@lattice/mvcc";
import { isMember, memberId, type EntryId, type Membership } from "@lattice/raft";
import type { Committed } from "@lattice/raft-node";
import type { Table } from "@lattice/storage";
import type { AuthState } from "../auth/auth-state.ts";
import {
  refuseDeleteRange,
  refuseKnown,
  refuseLeaseRevoke,
  refusePut,
  refuseTxn,
  type KeyChecker,
} from "../auth/key-checks.ts";
import { SWEPT_CHANGES_MAX } from "../limits.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { applyStoreRequest, type StoreChange, type StoreTypes } from "../store/apply-store-request.ts";
import type { StoreRequest } from "../store/store-request.ts";
import { ALARMS_TABLE, applyAlarm, keepAlarms, readAlarms } from "./alarm-rows.ts";
import { commandOf, type Command } from "./command.ts";
import { keepMembers, MEMBERS_TABLE, mergeMember } from "./member-rows.ts";
import { META_TABLE, readMembership, writeMembership } from "./meta-rows.ts";
import type { Outcome } from "./outcome.ts";
import { decodeRequest, RequestKind, type ClusterRequest } from "./request.ts";

export interface BatchParts {
  readonly table: (name: string) => Table;
  readonly keys: KeySpaceWriter;
  readonly auth: AuthState;
  readonly sessions: Sessions;
  /** Those that are on. */
  readonly alarms: readonly etcdserverpb.AlarmMember[];
  /** Of stores, that this member knows. */
  readonly storeTypes: StoreTypes;
  /** Filled in by what is applied. */
  readonly changes: BatchChanges;
}

/** What happened, for whoever is to be told. */
export class BatchChanges {
  readonly events: KeyEvent[] = [];
  readonly grantedLeases: LeaseRow[] = [];
  readonly revokedLeases: bigint[] = [];
  readonly stores: StoreChange[] = [];
  /** That of the keys, after all of it. */
  revision = 0;
  areMembersNew = false;
  areAlarmsNew = false;
  hasCompacted = false;
}

const { NOSPACE, CORRUPT } = etcdserverpb.AlarmType;
const CHANGING_KEYS: ReadonlySet<Command["kind"]> = new Set([
  RequestKind.PUT,
  RequestKind.DELETE_RANGE,
  RequestKind.TXN,
  RequestKind.COMPACT,
  RequestKind.LEASE_GRANT,
  RequestKind.LEASE_REVOKE,
  RequestKind.LEASE_EXPIRE,
  RequestKind.STORE,
]);
const NO_RESULTS: readonly Outcome[] = [];
const NOTHING = {};

export class Batch {
  readonly #parts: BatchParts;
  readonly #checker: KeyChecker;
  #hasSpace = true;
  #isSound = true;

  constructor(parts: BatchParts) {
    this.#parts = parts;
    const { keys, auth, alarms } = parts;
    this.#checker = { auth, leaseKeys: (id) => keys.leaseKeys(id) };
    this.#heed(alarms);
  }

  apply(entry: Committed): readonly Outcome[] {
    switch (entry.kind) {
      case "requests":
        return entry.requests.map((bytes) => this.#applyRequest(decodeRequest(bytes), entry.id));
      case "membership":
        this.#applyMembership(entry.membership);
        return NO_RESULTS;
      case "nothing":
        return NO_RESULTS;
    }
  }

  #applyMembership(membership: Membership): void {
    const { table, changes } = this.#parts;
    const meta = table(META_TABLE);
    keepMembers(table(MEMBERS_TABLE), readMembership(meta), membership);
    writeMembership(meta, membership);
    keepAlarms(table(ALARMS_TABLE), (id) => isMember(membership, memberId(Number(id))));
    changes.areMembersNew = true;
    this.#alarmsChanged();
  }

  #applyRequest(request: ClusterRequest, id: EntryId): Outcome {
    const command = commandOf(request);
    // A later version's, or nobody's: no member may end by it.
    if (command === undefined) return EtcdError.of("notCapable");
    const refusal = this.#refuseByUser(command, request);
    if (refusal !== undefined) return refusal;
    const { sessions, table } = this.#parts;
    // Before alarms are looked at: what was done while there was room is answered when there is none.
    const before = sessions.lookup(request);
    if (before !== undefined) return before;
    const alarm = this.#refuseByAlarm(command);
    if (alarm !== undefined) return alarm;
    const outcome = this.#run(command, request, id);
    if (request.session === undefined) return outcome;
    sessions.record(table, request, outcome);
    return outcome;
  }

  #run(command: Command, request: ClusterRequest, id: EntryId): Outcome {
    const { keys } = this.#parts;
    const response = this.#perform(command, request, id);
    return response instanceof EtcdError ? response : { revision: keys.revision, response };
  }

  #perform(command: Command, request: ClusterRequest, { index, term }: EntryId): object | EtcdError {
    const { keys, table, auth } = this.#parts;
    switch (command.kind) {
      case RequestKind.PUT:
        return keys.put(command.message);
      case RequestKind.DELETE_RANGE:
        return keys.deleteRange(command.message);
      case RequestKind.TXN:
        return keys.txn(command.message);
      case RequestKind.COMPACT:
        this.#parts.changes.hasCompacted = true;
        return keys.compact(command.message);
      case RequestKind.SWEEP:
        keys.sweep(SWEPT_CHANGES_MAX);
        return NOTHING;
      case RequestKind.LEASE_GRANT:
        return this.#grantLease(command.message);
      case RequestKind.LEASE_REVOKE:
        return this.#revokeLease(command.message.id);
      case RequestKind.LEASE_EXPIRE:
        if (command.message.term !== term) return EtcdError.of("notLeader");
        return this.#revokeLease(command.message.id);
      case RequestKind.LEASE_CHECKPOINT:
        if (command.message.term !== term) return EtcdError.of("notLeader");
        keys.checkpointLeases(command.message.checkpoints);
        return NOTHING;
      case RequestKind.ALARM:
        return this.#turnAlarm(command.message);
      case RequestKind.MEMBER:
        mergeMember(table(MEMBERS_TABLE), command.message);
        this.#parts.changes.areMembersNew = true;
        return NOTHING;
      case RequestKind.STORE:
        return this.#changeStore(command.message);
      case "auth":
        return auth.apply(request, { table, index });
    }
  }

  #grantLease(request: etcdserverpb.LeaseGrantRequest): object | EtcdError {
    const { keys, changes } = this.#parts;
    const response = keys.grantLease(request);
    if (!(response instanceof EtcdError)) changes.grantedLeases.push(keys.lease(request.id)!);
    return response;
  }

  #revokeLease(id: bigint): object | EtcdError {
    const { keys, changes } = this.#parts;
    const response = keys.revokeLease({ id });
    if (!(response instanceof EtcdError)) changes.revokedLeases.push(id);
    return response;
  }

  #changeStore(request: StoreRequest): object {
    const { table, storeTypes: types, changes } = this.#parts;
    return applyStoreRequest({ table, types, changes: changes.stores }, request);
  }

  #turnAlarm(request: etcdserverpb.AlarmRequest): object {
    const alarms = applyAlarm(this.#parts.table(ALARMS_TABLE), request);
    this.#alarmsChanged();
    return { alarms };
  }

  #alarmsChanged(): void {
    this.#parts.changes.areAlarmsNew = true;
    this.#heed(readAlarms(this.#parts.table(ALARMS_TABLE)));
  }

  #heed(alarms: readonly etcdserverpb.AlarmMember[]): void {
    this.#hasSpace = alarms.every(({ alarm }) => alarm !== NOSPACE);
    this.#isSound = alarms.every(({ alarm }) => alarm !== CORRUPT);
  }

  /** Where there is no room nothing is added; where members differ nothing is changed until somebody has looked at it. */
  #refuseByAlarm({ kind, message }: Command): EtcdError | undefined {
    if (this.#hasSpace && this.#isSound) return undefined;
    if (!this.#isSound && CHANGING_KEYS.has(kind)) return EtcdError.of("corrupt");
    const isAdding =
      kind === RequestKind.PUT ||
      kind === RequestKind.LEASE_GRANT ||
      kind === RequestKind.STORE ||
      (kind === RequestKind.TXN && hasPut(message));
    return isAdding && !this.#hasSpace ? EtcdError.of("noSpace") : undefined;
  }

  #refuseByUser(command: Command, { user }: ClusterRequest): EtcdError | undefined {
    switch (command.kind) {
      case RequestKind.PUT:
        return refusePut(this.#checker, user, command.message);
      case RequestKind.DELETE_RANGE:
        return refuseDeleteRange(this.#checker, user, command.message);
      case RequestKind.TXN:
        return refuseTxn(this.#checker, user, command.message);
      case RequestKind.COMPACT:
      case RequestKind.LEASE_GRANT:
        return refuseKnown(this.#parts.auth, user);
      case RequestKind.LEASE_REVOKE:
        return refuseLeaseRevoke(this.#checker, user, command.message.id);
      default:
        return undefined;
    }
  }
}

function hasPut({ success, failure }: etcdserverpb.TxnRequest): boolean {
  return [...success, ...failure].some(
    ({ request }) =>
      request.oneofKind === "requestPut" ||
      (request.oneofKind === "requestTxn" && hasPut(request.requestTxn)),
  );
}
