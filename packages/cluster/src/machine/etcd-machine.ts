/**
 * The state that a cluster replicates: keys and leases, users and roles, sessions, members and alarms, in one storage. All of it is
 * changed by requests of the log, in one transaction for all that are applied together, with how far that is.
 *
 * What was applied lies in memory until a checkpoint writes it down; a crash takes the state back to the last one, and the log brings
 * it forward again. Nothing in here knows the time or who leads.
 */
import type { etcdserverpb } from "@lattice/etcd-proto";
import { KeySpace, MVCC_TABLES, type KeyEvent, type KeySpaceWriter } from "@lattice/mvcc";
import { NO_MEMBERS, type EntryId, type Membership } from "@lattice/raft";
import type { Committed, StateMachine, StateView } from "@lattice/raft-node";
import type { CheckpointedStorage, Table } from "@lattice/storage";
import { AUTH_TABLES } from "../auth/auth-rows.ts";
import { AuthState } from "../auth/auth-state.ts";
import { Sessions, SESSION_TABLES } from "../sessions/sessions.ts";
import type { StoreTypes } from "../store/apply-store-request.ts";
import { STORE_TABLES } from "../store/store-rows.ts";
import { ALARMS_TABLE, readAlarms } from "./alarm-rows.ts";
import { Batch, BatchChanges } from "./batch.ts";
import { MEMBERS_TABLE, readMembers, type MemberRow } from "./member-rows.ts";
import { META_TABLE, readApplied, readMembership, writeApplied } from "./meta-rows.ts";
import type { Outcome } from "./outcome.ts";
import { StateDirectory } from "./state-directory.ts";
import { encodeState } from "./state-stream.ts";

/** What a storage that holds the state is to be opened with. */
export const STATE_TABLES: readonly string[] = [
  ...MVCC_TABLES,
  ...AUTH_TABLES,
  ...SESSION_TABLES,
  ...STORE_TABLES,
  META_TABLE,
  MEMBERS_TABLE,
  ALARMS_TABLE,
];

export interface MachineListener {
  readonly applied: (changes: BatchChanges) => void;
  /** The state is another one. */
  readonly replaced: () => void;
}

export interface EtcdMachineOptions {
  readonly directory: string;
  /** Opens a storage with `STATE_TABLES` at a path; made where it is not there. */
  readonly openStorage: (path: string) => CheckpointedStorage;
  /** A clock that never goes back, in milliseconds: for how long tokens of users hold. Nothing of the state depends on it. */
  readonly nowMs: () => number;
  /** Of stores, that this member knows; none unless this says otherwise. */
  readonly storeTypes?: StoreTypes | undefined;
}

type WriteTable = (name: string) => Table;

const NO_LISTENER: MachineListener = { applied: () => {}, replaced: () => {} };

export class EtcdMachine implements StateMachine<Outcome> {
  readonly auth: AuthState;
  readonly sessions: Sessions;
  readonly storeTypes: StoreTypes;
  readonly #directory: StateDirectory;
  #storage: CheckpointedStorage;
  #keys: KeySpace;
  #applied: EntryId;
  #revision = 0;
  #membership: Membership = NO_MEMBERS;
  #members: readonly MemberRow[] = [];
  #alarms: readonly etcdserverpb.AlarmMember[] = [];
  readonly #writes = new Set<Promise<void>>();
  #adopting: Promise<void> = Promise.resolve();
  listener: MachineListener = NO_LISTENER;

  constructor({ directory, openStorage, nowMs, storeTypes = new Map() }: EtcdMachineOptions) {
    this.storeTypes = storeTypes;
    this.#directory = new StateDirectory({ directory, tables: STATE_TABLES, open: openStorage });
    this.#storage = this.#directory.openCurrent();
    this.#keys = this.#openKeys();
    this.auth = new AuthState({ storage: this.#storage, now: nowMs });
    this.sessions = new Sessions(this.#storage);
    this.#applied = readApplied(this.#storage.table(META_TABLE));
    this.#readRest();
  }

  get applied(): EntryId {
    return this.#applied;
  }

  get keys(): KeySpace {
    return this.#keys;
  }

  /** That of the keys. */
  get revision(): number {
    return this.#revision;
  }

  get storage(): CheckpointedStorage {
    return this.#storage;
  }

  /** As of the last entry that had one. */
  get membership(): Membership {
    return this.#membership;
  }

  /** Of members, and of those that are about to be. */
  get members(): readonly MemberRow[] {
    return this.#members;
  }

  get alarms(): readonly etcdserverpb.AlarmMember[] {
    return this.#alarms;
  }

  apply(committed: readonly Committed[]): readonly (readonly Outcome[])[] {
    const changes = new BatchChanges();
    const last = committed.at(-1)!.id;
    const results = this.#storage.transaction((table) => {
      writeApplied(table(META_TABLE), last);
      return this.#applyTo(table, committed, changes);
    });
    this.#applied = last;
    this.#revision = changes.revision;
    if (changes.areMembersNew || changes.areAlarmsNew) this.#readRest();
    this.listener.applied(changes);
    return results;
  }

  /** Also of whoever wants a view; the state is not exchanged meanwhile. */
  checkpoint(): Promise<EntryId> {
    return this.#write((storage) => storage.checkpoint());
  }

  /** A checkpoint, after which the state takes no more room than it needs. */
  async defragment(): Promise<void> {
    await this.#write((storage) => storage.defragment());
  }

  async #write(run: (storage: CheckpointedStorage) => Promise<void>): Promise<EntryId> {
    await this.#adopting;
    const applied = this.#applied;
    const done = run(this.#storage);
    this.#writes.add(done);
    try {
      await done;
    } finally {
      this.#writes.delete(done);
    }
    return applied;
  }

  view(): StateView {
    const view = this.#storage.view();
    const table = (name: string) => view.table(name);
    return {
      id: readApplied(table(META_TABLE)),
      async *pieces() {
        yield* encodeState(STATE_TABLES, table);
      },
      async [Symbol.asyncDispose]() {
        view.close();
      },
    };
  }

  stage(id: EntryId, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#directory.stage(id, pieces);
  }

  get stagedId(): EntryId | undefined {
    return this.#directory.stagedId;
  }

  async unstage(): Promise<void> {
    this.#directory.unstage();
  }

  adopt(): Promise<void> {
    this.#adopting = this.#adopt();
    return this.#adopting;
  }

  async #adopt(): Promise<void> {
    await Promise.allSettled(this.#writes);
    await this.#storage.close();
    this.#directory.adopt();
    this.#storage = this.#directory.openCurrent();
    this.#keys = this.#openKeys();
    this.#applied = readApplied(this.#storage.table(META_TABLE));
    this.auth.reload(this.#storage);
    this.sessions.reload(this.#storage);
    this.#readRest();
    this.listener.replaced();
  }

  close(): Promise<void> {
    return this.#storage.close();
  }

  #applyTo(
    table: WriteTable,
    committed: readonly Committed[],
    changes: BatchChanges,
  ): readonly (readonly Outcome[])[] {
    const onEvent = (event: KeyEvent): void => void changes.events.push(event);
    const apply = (keys: KeySpaceWriter) => {
      const { auth, sessions, alarms, storeTypes } = this;
      const batch = new Batch({ table, keys, auth, sessions, alarms, storeTypes, changes });
      const results = committed.map((entry) => batch.apply(entry));
      changes.revision = keys.revision;
      return results;
    };
    return this.#keys.write(table, apply, { onEvent });
  }

  #openKeys(): KeySpace {
    const storage = this.#storage;
    const keys = new KeySpace((name) => storage.table(name));
    this.#revision = keys.revision;
    return keys;
  }

  #readRest(): void {
    this.#membership = readMembership(this.#storage.table(META_TABLE));
    this.#members = readMembers(this.#storage.table(MEMBERS_TABLE));
    this.#alarms = readAlarms(this.#storage.table(ALARMS_TABLE));
  }
}
