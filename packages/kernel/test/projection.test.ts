import { compareBytes, HybridClock, LatticeError, toHex, utf8 } from "@lattice/model";
import { kvstore } from "@lattice/kvstore";
import { MemoryStorage } from "@lattice/storage";
import { Refusal, type Op, type StateTx, type StoreType } from "@lattice/store";
import { Role, type RoleSource } from "@lattice/systemstore";
import { describe, expect, it } from "vitest";
import { createGenesis, LOG_TABLES, Replica, stateTables } from "../src/index.ts";
import { begin } from "../src/open-store.ts";
import { Projection } from "../src/projection.ts";
import { kvstore3 } from "./oracle.ts";
import {
  admitOps,
  app,
  FakeClock,
  kvPayload,
  memoryLog,
  memoryState,
  noRandom,
  openReplica,
  opsOf,
  picture,
  put,
  setSchemaOps,
  signerNamed,
  system,
  World,
  type Forged,
} from "./world.ts";

const world = new World();
const { owner, first } = world;
const alice = signerNamed("alice");
const admitAlice = world.admit(alice);

function ingested(items: readonly Forged[], type: StoreType = world.type): Replica {
  const made = openReplica({ world, type });
  made.ingest([admitAlice]);
  for (const item of items) made.ingest([item]);
  expect(made.floating.count).toBe(0);
  return made;
}

function bothOrders(items: readonly Forged[], type: StoreType = world.type): Replica {
  const [one, two] = [items, items.toReversed()].map((order) => ingested(order, type));
  expect(picture(two!)).toEqual(picture(one!));
  return one!;
}

describe("poison changes nothing but the record of it", () => {
  const secondGenesis = opsOf({
    oneofKind: "genesis",
    genesis: { storeType: "core:kvstore", schema: 9, nonce: new Uint8Array(16), parent: new Uint8Array(0) },
  });
  it.each([
    ["undecodable", Uint8Array.of(0xff)],
    ["undecodable", Uint8Array.of(0x7a, 0)],
    ["undecodable", app(Uint8Array.of(0x0a, 0xff))],
    ["refused: it writes nothing", app(kvPayload([]))],
    ["schema above the agreed one", put("k", "v", 2)],
    ["a second genesis", secondGenesis],
  ])("%s", (reason, ops) => {
    const before = ingested([]);
    const poison = world.forge(alice, first, { ops });
    const after = ingested([poison]);
    expect(after.projection.poisonReason(poison.intention.id)).toBe(reason);
    expect(after.projection.poisonCount()).toBe(1);
    expect(sumsBut(after, "poison")).toEqual(sumsBut(before, "poison"));
    expect(after.projection.paused).toBe("");
  });

  it("is recorded again when the state is projected anew for a late schema", () => {
    const poison = world.forge(alice, first, { ops: secondGenesis });
    const raise = world.forge(owner, admitAlice.intention, { ops: setSchemaOps(2) });
    const newer = world.forge(alice, poison.intention, { ops: put("k", "v", 2) });
    const late = ingested([poison, newer, raise], kvstore3);
    expect(picture(late)).toEqual(picture(ingested([raise, poison, newer], kvstore3)));
  });
});

function sumsBut(replica: Replica, table: string): string[] {
  return replica.projection
    .tableSums()
    .filter((each) => each.table !== table)
    .map((each) => `${each.table} ${toHex(each.sum.encode())}`);
}

describe("the agreed schema", () => {
  it("counts from its place in the order of ids, however late it comes", () => {
    const below = world.forge(alice, first, { ops: put("below", "v", 2) });
    const raise = world.forge(owner, admitAlice.intention, { ops: setSchemaOps(2) });
    const above = world.forge(alice, below.intention, { ops: put("above", "v", 2) });
    const raiseOn = world.forge(owner, raise.intention, { ops: setSchemaOps(3) });
    const orders = [
      [below, raise, above, raiseOn],
      [below, above, raise, raiseOn],
      [raise, raiseOn, below, above],
    ];
    const [one, ...others] = orders.map((order) => picture(ingested(order, kvstore3)));
    for (const other of others) expect(other).toEqual(one);
    expect(one!.poison).toEqual(
      [below, raise, above, raiseOn, { intention: first }, admitAlice]
        .sort((a, b) => compareBytes(a.intention.id, b.intention.id))
        .map(({ intention }) => (intention === below.intention ? "schema above the agreed one" : undefined)),
    );
  });

  it("that comes in its place does not project anything again", () => {
    const items = [
      world.forge(alice, first),
      world.forge(owner, admitAlice.intention, { ops: setSchemaOps(2) }),
    ];
    const made = openReplica({ world, type: kvstore3 });
    made.ingest([admitAlice, items[0]!]);
    expect(made.ingest([items[1]!]).projected.some(({ restarted }) => restarted)).toBe(false);
  });

  it("that becomes valid by a late admission is not missed", () => {
    const admit = world.forge(owner, admitAlice.intention, { ops: admitOps(alice, Role.ADMIN) });
    const raise = world.forge(alice, first, { ops: setSchemaOps(2) });
    const newer = world.forge(alice, raise.intention, { ops: put("k", "v", 2) });
    const made = bothOrders([admit, raise, newer], kvstore3);
    expect(made.projection.poisonCount()).toBe(0);
    expect(made.system.schemaNow()).toBe(2);
  });
});

describe("a projection that needs a newer program", () => {
  const raise = world.forge(owner, admitAlice.intention, { ops: setSchemaOps(2) });
  const newer = world.forge(alice, first, { ops: put("new", "v", 2) });
  const after = world.forge(alice, newer.intention, { ops: put("old", "v", 1) });

  it("waits, says for what, and goes on with it", () => {
    const log = memoryLog(world);
    const state = memoryState(kvstore);
    const old = openReplica({ world, log, state });
    old.ingest([admitAlice, raise, newer, after]);
    expect(old.projection.paused).toContain("schema 2 of core:kvstore, this node knows 1");
    expect(old.log.head.wseq).toBe(5);
    expect(openReplica({ world, log, state }).projection.paused).toBe(old.projection.paused);
    const updated = openReplica({ world, log, state, type: kvstore3 });
    expect(updated.projection.paused).toBe("");
    expect(picture(updated)).toEqual(picture(ingested([raise, newer, after], kvstore3)));
  });

  it("lets replication go on, with members that are admitted meanwhile", () => {
    const bob = signerNamed("bob");
    const made = openReplica({ world });
    made.ingest([admitAlice, raise, newer]);
    const admitBob = world.admit(bob, Role.WRITER, raise.intention);
    const { report } = made.ingest([admitBob, world.forge(bob, first)]);
    expect(report.witnessed).toHaveLength(2);
    expect(made.projection.paused).not.toBe("");
    expect(made.system.roleNow(bob.publicKey)).toBe(Role.WRITER);
    const again = new Projection({ storage: memoryState(kvstore), log: made.log, type: kvstore });
    while (again.isBehind) again.advance(1);
    expect(again.digest()).toEqual(made.projection.digest());
  });

  it("is recognised when the log was cut behind what it waits for", () => {
    const log = memoryLog(world);
    const made = openReplica({ world, log });
    made.ingest([admitAlice, raise]);
    return log.flush().then(() => {
      made.ingest([newer]);
      expect(made.projection.paused).not.toBe("");
      log.rollback();
      made.reload();
      while (made.catchUp().more);
      expect(made.projection.paused).toBe("");
      made.ingest([world.forge(alice, first)]);
      expect(made.projection.cursor.wseq).toBe(4);
    });
  });
});

interface KvPayload {
  readonly writes: readonly { readonly value: Uint8Array }[];
}

/** A type whose ops are the bytes of a kv value; `apply` is the test's. */
function typeWith(apply: (tx: StateTx, op: Op<KvPayload>) => readonly unknown[]): StoreType {
  return { ...kvstore, tables: ["t"], apply };
}

describe("a store type", () => {
  const row = (op: Op<KvPayload>) => op.payload.writes[0]!.value;
  const items = [put("k", "a"), put("k", "b"), put("k", "c")].map((ops) =>
    world.forge(alice, first, { ops }),
  );

  it("that throws has its op recorded as refused, and nothing of it kept", () => {
    const type = typeWith((tx, op) => {
      tx.table("t").put(utf8("same"), row(op));
      tx.table("t").put(row(op), row(op));
      if (row(op)[0] !== 98) {
        tx.table("t").delete(utf8("same"));
        tx.table("t").delete(utf8("b"));
        if (row(op)[0] === 97) throw new Refusal("an a");
        throw new TypeError("a c");
      }
      return [];
    });
    const made = bothOrders(items, type);
    expect(items.map(({ intention }) => made.projection.poisonReason(intention.id))).toEqual([
      "refused: an a",
      undefined,
      "refused",
    ]);
    const rows = [...made.projection.app.table("t").range()].map(([key]) => new TextDecoder().decode(key));
    expect(rows).toEqual(["b", "same"]);
  });

  it("may use the same bytes for one row after the other, and in an op that is refused", () => {
    const type = typeWith((tx, op) => {
      const key = new Uint8Array(1);
      const value = new Uint8Array(1);
      for (let n = 0; n < 3; n++) {
        key[0] = n;
        const before = tx.table("t").get(key)?.[0] ?? 0;
        value[0] = before + n + 1;
        tx.table("t").put(key, value);
      }
      key[0] = 9;
      if (row(op)[0] === 98) throw new Refusal("a b");
      return [];
    });
    const made = ingested(items, type);
    const rows = [...made.projection.app.table("t").range()];
    expect(rows.map(([key, value]) => [key[0], value[0]])).toEqual([
      [0, 2],
      [1, 4],
      [2, 6],
    ]);
    expectSumsOfRows(made, type);
  });

  it("may tell of more events than a call has arguments", () => {
    const type = typeWith(() => Array.from({ length: 200_000 }, (_, n) => n));
    const made = openReplica({ world, type });
    made.ingest([admitAlice]);
    const { projected } = made.ingest([items[0]!]);
    expect(projected[0]!.events).toHaveLength(200_000);
    expect(made.projection.poisonCount()).toBe(0);
  });

  it.each(["corrupt", "disk-full", "internal"] as const)("is not blamed for a disk that says %s", (code) => {
    const type = typeWith(() => {
      throw new LatticeError(code, "the disk");
    });
    const made = openReplica({ world, type });
    made.ingest([admitAlice]);
    expect(() => made.ingest([items[0]!])).toThrow("the disk");
    expect(made.projection.poisonCount()).toBe(0);
  });

  it("that counts past what a row can hold is refused", () => {
    const type = typeWith((tx) => {
      tx.table("t").put(new Uint8Array(5000), new Uint8Array(1));
      return [];
    });
    expect(bothOrders(items, type).projection.poisonCount()).toBe(3);
  });

  it("that goes on behind a row that cannot be held has written nothing by it", () => {
    const type = typeWith((tx, op) => {
      const table = tx.table("t");
      const long = new Uint8Array(5000);
      expect(() => table.put(long, row(op))).toThrow("a key has 5000 bytes");
      expect([table.get(long), table.has(long)]).toEqual([undefined, false]);
      table.put(row(op), row(op));
      return [];
    });
    const made = bothOrders(items, type);
    expect(made.projection.poisonCount()).toBe(0);
    expectSumsOfRows(made, type);
  });
});

function expectSumsOfRows(made: Replica, type: StoreType): void {
  const stored = made.projection.tableSums().map(({ table, sum }) => `${table} ${toHex(sum.encode())}`);
  const again = new Projection({ storage: memoryState(type), log: made.log, type });
  while (again.isBehind) again.advance();
  expect(again.tableSums().map(({ table, sum }) => `${table} ${toHex(sum.encode())}`)).toEqual(stored);
}

describe("a state", () => {
  const items = [1, 2, 3, 4].map((n) => world.forge(alice, first, { ops: put("k", `${n}`) }));

  it("of another log is recognised and projected anew", () => {
    const state = memoryState(kvstore);
    const one = openReplica({ world, state });
    one.ingest([admitAlice, items[0]!, items[1]!]);
    const log = memoryLog(world);
    const other = openReplica({ world, log });
    other.ingest([admitAlice, items[2]!, items[3]!]);
    expect(picture(openReplica({ world, log, state }))).toEqual(picture(other));
  });

  it("that is ahead of its log is recognised", () => {
    const state = memoryState(kvstore);
    openReplica({ world, state }).ingest([admitAlice, ...items]);
    expect(picture(openReplica({ world, state }))).toEqual(picture(openReplica({ world })));
  });

  it("of which system ops are folded further than its log goes is recognised", () => {
    const raise = world.forge(owner, admitAlice.intention, { ops: setSchemaOps(2) });
    const newer = world.forge(alice, first, { ops: put("new", "v", 2) });
    const [nameA, nameB] = ["a", "b"].map((name) =>
      world.forge(owner, raise.intention, { ops: system({ oneofKind: "setName", setName: { name } }) }),
    );
    const state = memoryState(kvstore);
    const one = openReplica({ world, state });
    for (const item of [admitAlice, raise, newer, nameA!]) one.ingest([item]);
    const log = memoryLog(world);
    const two = openReplica({ world, log });
    for (const item of [admitAlice, raise, newer, nameB!]) two.ingest([item]);
    expect(picture(openReplica({ world, log, state }))).toEqual(picture(two));
  });

  it.each([0, 7, 47, 200])("with a cursor of %i bytes is projected anew", (length) => {
    const state = memoryState(kvstore);
    const log = memoryLog(world);
    const before = openReplica({ world, log, state });
    before.ingest([admitAlice, ...items]);
    const want = picture(before);
    state.transaction((table) => table("meta").put(utf8("cursor"), new Uint8Array(length).fill(1)));
    expect(picture(openReplica({ world, log, state }))).toEqual(want);
  });
});

describe("a child store", () => {
  const parent = first.hash;

  /** Its roles are the test's. */
  function child(roles: RoleSource) {
    const genesis = createGenesis({
      type: kvstore3,
      signer: owner,
      hlc: new HybridClock(new FakeClock()),
      random: noRandom,
      parent,
    });
    const log = new MemoryStorage({ tables: LOG_TABLES });
    begin(log, genesis, noRandom);
    const clock = new FakeClock();
    const state = new MemoryStorage({ tables: stateTables(kvstore3) });
    const parts = { log, state, type: kvstore3, signer: owner, hlc: new HybridClock(clock), clock, roles };
    const replica = new Replica(parts);
    while (replica.catchUp().more);
    return replica;
  }

  it("counts anew what its root's members change, and says that its state did", () => {
    let isAdmin = false;
    const source: RoleSource = {
      roleNow: () => Role.WRITER,
      roleAt: () => (isAdmin ? Role.ADMIN : Role.WRITER),
    };
    const made = child(source);
    made.submit(
      {
        op: {
          oneofKind: "system",
          system: { schema: 1, op: { oneofKind: "setSchema", setSchema: { schema: 3 } } },
        },
      },
      { sign: true },
    );
    const second = made.submit(
      {
        op: {
          oneofKind: "system",
          system: { schema: 1, op: { oneofKind: "setName", setName: { name: "n" } } },
        },
      },
      { sign: true },
    );
    expect(made.system.voidReason(second.intention.id)).not.toBe("");
    const genesisSchema = made.system.schemaNow();
    const op = {
      oneofKind: "app",
      app: { schema: 3, payload: kvPayload([{ key: utf8("k"), value: utf8("v"), supersedes: [] }]) },
    } as const;
    // The genesis of kvstore3 agrees on 3 already; what is above is poison.
    const above = made.submit({ op: { ...op, app: { ...op.app, schema: 4 } } }, { sign: true });
    expect(made.projection.poisonReason(above.intention.id)).toBe("schema above the agreed one");
    isAdmin = true;
    const { projected } = made.rolesChanged();
    expect(projected[0]!.systemChanged).toBe(true);
    expect(made.system.voidReason(second.intention.id)).toBe("");
    expect(made.system.name()).toBe("n");
    expect(made.system.schemaNow()).toBe(genesisSchema);
  });

  it("projects its own part anew where another schema counts then", () => {
    let isAdmin = false;
    const made = child({ roleNow: () => Role.WRITER, roleAt: () => (isAdmin ? Role.ADMIN : Role.WRITER) });
    const raise = { oneofKind: "setSchema", setSchema: { schema: 4 } } as const;
    made.submit({ op: { oneofKind: "system", system: { schema: 1, op: raise } } }, { sign: true });
    const payload = kvPayload([{ key: utf8("k"), value: utf8("v"), supersedes: [] }]);
    const above = made.submit({ op: { oneofKind: "app", app: { schema: 4, payload } } }, { sign: true });
    expect(made.projection.poisonReason(above.intention.id)).toBe("schema above the agreed one");
    isAdmin = true;
    const { projected } = made.rolesChanged();
    expect(projected[0]!.restarted).toBe(true);
    expect(made.projection.paused).toContain("schema 4");
    expect(made.projection.poisonCount()).toBe(0);
  });
});

describe("members", () => {
  it("cannot be made by writers, nor above one's own role, and both say why", () => {
    const carol = signerNamed("carol");
    const byWriter = world.forge(alice, first, { ops: admitOps(carol) });
    const admin = world.admit(signerNamed("admin"), Role.ADMIN, admitAlice.intention);
    const above = world.forge(signerNamed("admin"), first, {
      ops: admitOps(carol, Role.OWNER),
      condition: [admin.intention.id],
    });
    const invite = { secretHash: new Uint8Array(32), role: Role.READER, expiresMs: 1n };
    const invited = world.forge(alice, byWriter.intention, { ops: system({ oneofKind: "invite", invite }) });
    const made = bothOrders([byWriter, admin, above, invited]);
    expect([byWriter, above, invited].map(({ intention }) => made.system.voidReason(intention.id))).toEqual([
      "only an admin may admit",
      "nobody may admit above their own role",
      "only an admin may invite",
    ]);
    expect(made.system.roleNow(carol.publicKey)).toBe(Role.UNSPECIFIED);
  });

  it("have the highest role that anybody gave them, whichever admission came first", () => {
    const carol = signerNamed("carol");
    const admin = world.admit(signerNamed("admin"), Role.ADMIN, admitAlice.intention);
    const low = world.forge(owner, admin.intention, { ops: admitOps(carol, Role.READER) });
    const high = world.forge(signerNamed("admin"), first, {
      ops: admitOps(carol, Role.ADMIN),
      condition: [admin.intention.id],
    });
    const made = bothOrders([admin, low, high]);
    expect(made.system.roleNow(carol.publicKey)).toBe(Role.ADMIN);
    expect(made.system.roleAt(carol.publicKey, high.intention.id)).toBe(Role.READER);
  });
});
