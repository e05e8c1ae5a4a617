/** Whole stores in memory that a test can look into, damage, and open again. */
import { logstore } from "../../packages/logstore/src/index.ts";
import { LOG_TABLES, stateTables, Store, type Offered } from "../../packages/kernel/src/index.ts";
import { begin } from "../../packages/kernel/src/open-store.ts";
import {
  kvPayload,
  noRandom,
  setSchemaOps,
  signerNamed,
  system,
  unsigned,
  World,
  app,
} from "../../packages/kernel/test/world.ts";
import { kvstore } from "../../packages/kvstore/src/index.ts";
import {
  concatBytes,
  HybridClock,
  sha256,
  utf8,
  type Clock,
  type IntentionId,
} from "../../packages/model/src/index.ts";
import { MemoryStorage } from "../../packages/storage/src/index.ts";
import type { StoreType } from "../../packages/store/src/index.ts";
import { Role } from "../../packages/systemstore/src/index.ts";

const NONE = new Uint8Array(0);

export const clock: Clock = {
  now: () => Date.UTC(2026, 0, 2),
  after(_ms, callback) {
    const turn = setImmediate(callback);
    return () => clearImmediate(turn);
  },
};

/** A row of one of a store's two files. */
export interface StoredRow {
  readonly file: "log" | "state";
  readonly table: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface Sample {
  readonly type: StoreType;
  readonly world: World;
  readonly rows: readonly StoredRow[];
  /** Everything that the store was given, in order; the genesis first. */
  readonly offered: readonly Offered[];
}

/** The owner's own store, with members, an invite, a child, conflicts, a fork, a merge, poison, and something that floats. */
export async function sampleOf(type: StoreType): Promise<Sample> {
  const world = new World(type);
  const { owner, first } = world;
  const alice = signerNamed("alice");
  const write = (text: string, supersedes: readonly IntentionId[] = []) =>
    type === logstore
      ? app(logstore.payload.toBinary({ content: utf8(text) }))
      : app(
          kvPayload([
            { key: utf8("k"), value: utf8(text), supersedes },
            { key: utf8(text), supersedes: [] },
          ]),
        );
  const secretHash = sha256(utf8("secret"));
  const invite = world.forge(owner, first, {
    ops: system({ oneofKind: "invite", invite: { secretHash, role: Role.WRITER, expiresMs: 5n } }),
  });
  const admit = world.admit(alice, Role.ADMIN, invite.intention);
  const other = new World(logstore).genesis;
  const childAdd = { genesisBody: other.body, genesisSignature: other.signature ?? NONE, alias: "log" };
  const child = world.forge(owner, admit.intention, { ops: system({ oneofKind: "childAdd", childAdd }) });
  const named = world.forge(owner, child.intention, {
    ops: system({ oneofKind: "setName", setName: { name: "notes" } }),
  });
  const raised = world.forge(owner, named.intention, { ops: setSchemaOps(2) });
  const one = world.forge(owner, raised.intention, { ops: write("one") });
  const two = world.forge(alice, first, { ops: write("two"), condition: [admit.intention.id] });
  const three = world.forge(alice, two.intention, {
    ops: write("three", [one.intention.id, two.intention.id]),
  });
  const forked = world.forge(alice, two.intention, { ops: write("forked") });
  const next = world.forge(owner, one.intention, { ops: write("next") });
  const merge = world.forge(owner, next.intention, { ops: NONE, condition: [three.intention.id] });
  const poison = world.forge(owner, merge.intention, { ops: utf8("poison") });
  const missing = world.forge(alice, forked.intention, { ops: write("missing") });
  const floats = world.forge(alice, missing.intention, { ops: write("floats") });
  const offered = [
    world.genesis,
    ...[invite, admit, child, named, raised, unsigned(one), next, two, three, forked, merge, poison, floats],
  ];
  const store = beginAt(type, world);
  await store.opened.ingest(offered.slice(1));
  return { type, world, rows: store.rows(), offered };
}

function beginAt(type: StoreType, world: World) {
  const log = new MemoryStorage({ tables: LOG_TABLES });
  const state = new MemoryStorage({ tables: stateTables(type) });
  begin(log, world.genesis, noRandom);
  const opened = storeOn(type, { log, state });
  const rowsOf = (file: "log" | "state", storage: MemoryStorage, tables: readonly string[]) =>
    tables.flatMap((table) =>
      [...storage.table(table).range()].map(([key, value]) => ({ file, table, key, value })),
    );
  return {
    opened,
    rows: () => [...rowsOf("log", log, LOG_TABLES), ...rowsOf("state", state, stateTables(type))],
  };
}

/** Opens a store on rows, as they may be after damage. Throws what opening throws. */
export function openOn(type: StoreType, rows: readonly StoredRow[]): Store {
  const log = new MemoryStorage({ tables: LOG_TABLES });
  const state = new MemoryStorage({ tables: stateTables(type) });
  for (const [file, storage] of [
    ["log", log],
    ["state", state],
  ] as const) {
    storage.transaction((table) => {
      for (const row of rows) if (row.file === file) table(row.table).put(row.key, row.value);
    });
  }
  return storeOn(type, { log, state });
}

function storeOn(type: StoreType, storages: { log: MemoryStorage; state: MemoryStorage }): Store {
  return new Store({
    ...storages,
    type,
    signer: signerNamed("owner"),
    clock,
    hlc: new HybridClock(clock),
    instance: new Uint8Array(8),
  });
}

/** Distinct requests of each method of the type: what a caller sends, where nothing of it is wrong. */
export function requestsOf(type: StoreType): readonly (readonly [method: string, request: object])[] {
  const position = concatBytes(new Uint8Array(8), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 3));
  return type === logstore
    ? [
        ["append", { content: utf8("new") }],
        ["read", { limit: 3 }],
        ["read", { reverse: true, tail: 2 }],
        ["count", {}],
        ["follow", { tail: 3 }],
        ["follow", { resume: position }],
      ]
    : [
        ["get", { key: utf8("k") }],
        ["list", { limit: 2 }],
        ["count", {}],
        ["count", { prefix: utf8("t") }],
        ["inspect", { key: utf8("k") }],
        ["history", { key: utf8("k") }],
        ["put", { key: utf8("k"), value: utf8("new") }],
        ["delete", { key: utf8("one") }],
        ["resolve", { key: utf8("k"), value: utf8("settled") }],
        ["watch", { prefix: utf8("t") }],
        ["watch", { resume: position }],
      ];
}

export const types: readonly StoreType[] = [kvstore, logstore];
