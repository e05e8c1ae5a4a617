import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HybridClock, LatticeError, systemRandom, toHex, u64be, utf8 } from "@lattice/model";
import { kvstore, type KvStoreClient } from "@lattice/kvstore";
import { openLmdbStorage, type Table } from "@lattice/storage";
import { seededRandom } from "@lattice/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  loadIdentity,
  LOG_TABLES,
  openStore,
  rebuildStore,
  stateTables,
  toBatches,
  verifyStore,
  type Offered,
  type Store,
} from "../src/index.ts";
import { directoryPlace, storePaths } from "../src/directory-place.ts";
import {
  FakeClock,
  noRandom,
  picture,
  put,
  signerNamed,
  START_MS,
  unsigned,
  World,
  type Forged,
} from "./world.ts";

const world = new World();
const { owner, first } = world;
const alice = signerNamed("alice");
const floating = world.forge(alice, world.forge(alice, first).intention);

/** Long enough that its middle is not looked at when it is opened; with a fork, a tip-signed chain and something that floats. */
const history: Forged[] = (() => {
  const all = [world.admit(alice)];
  for (let n = 0; n < 30; n++) {
    const prev = all.findLast(
      ({ intention }) => intention.author === (n % 3 === 0 ? owner : alice).publicKey,
    )?.intention;
    all.push(world.forge(n % 3 === 0 ? owner : alice, prev ?? first, { ops: put(`k${n % 7}`, `${n}`) }));
  }
  all.push(world.forge(alice, all[9]!.intention, { ops: put("fork", "f") }));
  return all;
})();

const parts = () => {
  const clock = new FakeClock(START_MS + 1000);
  return {
    type: kvstore,
    signer: owner,
    clock,
    hlc: new HybridClock(clock),
    random: noRandom,
    genesis: world.genesis,
  };
};

const open = (directory: string) => openStore<KvStoreClient>({ directory, ...parts() });

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "lattice-damage-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A closed store with all of the history. */
async function written(): Promise<{ directory: string; want: Record<string, unknown> }> {
  const directory = temporary();
  const store = await open(directory);
  await store.ingest([...history.slice(0, 20), floating]);
  // Two chains, each proved by its tip.
  const rest = history.slice(20);
  const tips = new Set(rest.map(({ intention }) => toHex(intention.storePrev)));
  await store.ingest(rest.map((item) => (tips.has(toHex(item.intention.id)) ? unsigned(item) : item)));
  const want = picture(store.replica);
  await store.close();
  return { directory, want };
}

type Edit = (table: (name: string) => Table) => void;

async function edit(path: string, tables: readonly string[], change: Edit): Promise<void> {
  const storage = openLmdbStorage({ path, tables: [...tables], durability: "journal" });
  storage.transaction(change);
  await storage.close();
}

const editLog = (directory: string, change: Edit) => edit(storePaths(directory).log, LOG_TABLES, change);

function flip(table: Table, key: Uint8Array, at: number): void {
  const row = new Uint8Array(table.get(key)!);
  row[at < 0 ? row.length + at : at]! ^= 1;
  table.put(key, row);
}

/** What opening, reading all and verifying say; empty where nothing is found. */
async function findings(directory: string): Promise<string[]> {
  let store: Store<KvStoreClient> | undefined;
  try {
    store = await open(directory);
    const found: string[] = [];
    for (const item of history) {
      try {
        store.log.get(item.intention.id);
      } catch (error) {
        found.push(told(error));
      }
    }
    return [...found, ...(await verifyStore(store)).problems];
  } catch (error) {
    return [told(error)];
  } finally {
    await store?.close().catch(() => undefined);
  }
}

function told(error: unknown): string {
  expect(error).toBeInstanceOf(LatticeError);
  const { code, message, details } = error as LatticeError;
  expect(code, message).toBe("corrupt");
  expect(message).toContain(details["key"]);
  return `${details["table"]} ${details["key"]}: ${message}`;
}

/** Rebuilds, opens, lets a peer send all of it, and compares. */
async function expectRebuilt(directory: string, want: Record<string, unknown>): Promise<readonly string[]> {
  const { lost } = await rebuildStore(directoryPlace(directory), systemRandom);
  const store = await open(directory);
  try {
    if (lost.length === 0) expect({ ...picture(store.replica), floating: want["floating"] }).toEqual(want);
    for (const { items } of batchesOfHistory()) await store.ingest(items);
    expect(picture(store.replica)).toEqual(want);
    expect((await verifyStore(store)).problems).toEqual([]);
    await store.methods.put({ key: utf8("works"), value: utf8("again") });
    const left = readdirSync(join(directory, "intentions"));
    expect(left.some((name) => name.includes("damaged"))).toBe(lost.length > 0);
    expect(left.some((name) => name.includes("new"))).toBe(false);
  } finally {
    await store.close();
  }
  return lost;
}

function batchesOfHistory(): { items: readonly Offered[] }[] {
  const peer = world.replica();
  peer.ingest(history);
  return [...toBatches(peer.log, peer.log.records({ from: 2 })), { items: [floating] }];
}

const middle = u64be(5);
/** The tip of the first batch. */
const SIGNED = 21;
const idInMiddle = history[3]!.intention.id;

describe("damage in log.db is found, named, and repaired as far as it goes", () => {
  const cases: [what: string, named: string, Edit, loses: boolean][] = [
    [
      "the end of the log",
      `witness ${toHex(u64be(33))}`,
      (table) => flip(table("witness"), u64be(33), -1),
      true,
    ],
    [
      "the end's chain hash",
      `witness ${toHex(u64be(33))}`,
      (table) => flip(table("witness"), u64be(33), 12),
      false,
    ],
    ["the end itself", `witness ${toHex(u64be(32))}`, (table) => table("witness").delete(u64be(33)), true],
    ["a record's last byte", `witness ${toHex(middle)}`, (table) => flip(table("witness"), middle, -1), true],
    ["a record's flags", `witness ${toHex(middle)}`, (table) => flip(table("witness"), middle, 0), true],
    [
      "a record's wall time",
      "witness 5: the chain hash",
      (table) => flip(table("witness"), middle, 8),
      false,
    ],
    [
      "a record's chain hash",
      "witness 5: the chain hash",
      (table) => flip(table("witness"), middle, 20),
      false,
    ],
    [
      "a record's signature",
      `witness ${SIGNED}: the signature`,
      (table) => flip(table("witness"), u64be(SIGNED), 60),
      false,
    ],
    ["a record's body", `witness ${toHex(middle)}`, (table) => flip(table("witness"), middle, 150), true],
    [
      "a record cut short",
      `witness ${toHex(middle)}`,
      (table) => table("witness").put(middle, new Uint8Array(12)),
      true,
    ],
    ["a record that is gone", `witness ${toHex(middle)}`, (table) => table("witness").delete(middle), true],
    [
      "a place in the index",
      `index ${toHex(idInMiddle)}`,
      (table) => flip(table("index"), idInMiddle, 7),
      false,
    ],
    [
      "a place in the index cut short",
      `index ${toHex(idInMiddle)}`,
      (table) => table("index").put(idInMiddle, new Uint8Array(3)),
      false,
    ],
    ["a row of the index that is gone", "index: ", (table) => table("index").delete(idInMiddle), false],
    ["a row of the chain that is gone", "chain: ", deleteFirst("chain"), false],
    ["a tip", "tips: ", (table) => flip(table("tips"), owner.publicKey, 20), false],
    ["a tip cut short", "tips", (table) => table("tips").put(owner.publicKey, new Uint8Array(4)), false],
    ["a tip that is gone", "tips: ", (table) => table("tips").delete(alice.publicKey), false],
    ["a head that is gone", "heads: ", deleteFirst("heads"), false],
    ["a head too many", "heads: ", (table) => table("heads").put(idInMiddle, new Uint8Array(0)), false],
    ["a fork that is gone", "forks: ", deleteFirst("forks"), false],
    [
      "a floating intention",
      `floating ${toHex(floating.intention.id)}`,
      (table) => flip(table("floating"), floating.intention.id, -1),
      true,
    ],
    [
      "a floating row cut short",
      `floating ${toHex(floating.intention.id)}`,
      (table) => table("floating").put(floating.intention.id, new Uint8Array(8)),
      true,
    ],
    [
      "the name of the format",
      `meta ${toHex(utf8("format"))}`,
      (table) => table("meta").delete(utf8("format")),
      false,
    ],
    [
      "the name of the copy",
      `meta ${toHex(utf8("instance"))}`,
      (table) => table("meta").delete(utf8("instance")),
      false,
    ],
    ...[0, 20, 50, 79, 85, 90].map((at): [string, string, Edit, boolean] => [
      `byte ${at} of the head`,
      `meta ${toHex(utf8("head"))}`,
      (table) => flip(table("meta"), utf8("head"), at),
      false,
    ]),
  ];

  it.each(cases)("%s", async (_, named, change, loses) => {
    const { directory, want } = await written();
    await editLog(directory, change);
    const found = await findings(directory);
    expect(found.join("\n")).toContain(named);
    const lost = await expectRebuilt(directory, want);
    expect(lost.length > 0, lost.join("\n")).toBe(loses);
  });

  function deleteFirst(name: string): Edit {
    return (table) => {
      const [[key]] = [...table(name).range({ limit: 1 })] as [[Uint8Array, Uint8Array]];
      table(name).delete(key);
    };
  }

  it("whichever single bit of whichever row it is", async () => {
    const random = seededRandom(20260101);
    const { directory } = await written();
    for (let run = 0; run < 40; run++) {
      const name = ["witness", "index", "tips", "floating", "meta"][random(5)]!;
      let undo: Edit = () => {};
      await editLog(directory, (table) => {
        // Neither the name of the copy nor on which boot it was opened can be wrong.
        const isPlain = (key: Uint8Array) =>
          name !== "meta" || ["head", "format"].includes(new TextDecoder().decode(key));
        const rows = [...table(name).range()].filter(([key, row]) => row.length > 0 && isPlain(key));
        const [key, row] = rows[random(rows.length)]!;
        const changed = new Uint8Array(row);
        // Of something that floats it does not matter when it came.
        const from = name === "floating" ? 9 : 0;
        changed[from + random(row.length - from)]! ^= 1 << random(8);
        table(name).put(key, changed);
        undo = (again) => again(name).put(key, row);
      });
      const found = await findingsOrOther(directory);
      expect(found, `run ${run}, table ${name}`).not.toEqual([]);
      await editLog(directory, undo);
    }
    expect(await findings(directory)).toEqual([]);
  });

  /** A format that is a digit off is of another version, as far as anybody can tell. */
  async function findingsOrOther(directory: string): Promise<string[]> {
    try {
      return await findings(directory);
    } catch {
      return ["another format"];
    }
  }

  it("of the genesis cannot be repaired: it says so, and leaves all as it is", async () => {
    const { directory } = await written();
    await editLog(directory, (table) => flip(table("witness"), u64be(1), -1));
    expect((await findings(directory)).join()).not.toBe("");
    await expect(rebuildStore(directoryPlace(directory), systemRandom)).rejects.toMatchObject({
      code: "corrupt",
    });
    expect(directoryPlace(directory).exists()).toBe(true);
    await editLog(directory, (table) => flip(table("witness"), u64be(1), -1));
    expect(await findings(directory)).toEqual([]);
  });
});

describe("a rebuild", () => {
  it("of what is sound keeps all of it, and when it was witnessed", async () => {
    const { directory, want } = await written();
    const before = await wallTimes(directory);
    expect(await expectRebuilt(directory, want)).toEqual([]);
    expect((await wallTimes(directory)).slice(0, before.length)).toEqual(before);
  });

  async function wallTimes(directory: string): Promise<number[]> {
    const store = await open(directory);
    const times = [...store.log.records({ from: 1 })].map(({ wallMs }) => wallMs);
    await store.close();
    return times;
  }

  it("loses no more than what stands on what is lost", async () => {
    const { directory } = await written();
    const lostAt = [...history.keys()].filter((n) => history[n]!.intention.author === alice.publicKey)[8]!;
    const id = history[lostAt]!.intention.id;
    await editLog(directory, (table) => flip(table("witness"), table("index").get(id)!, -1));
    const { lost } = await rebuildStore(directoryPlace(directory), systemRandom);
    const store = await open(directory);
    const kept = history.filter(({ intention }) => store.log.has(intention.id));
    expect(kept.filter(({ intention }) => intention.author === owner.publicKey)).toHaveLength(11);
    expect(
      kept.filter(({ intention }) => intention.author === alice.publicKey).length,
    ).toBeGreaterThanOrEqual(8);
    expect(lost.join("\n")).toContain("wait for parents");
    await store.close();
  });

  it("that ended half way is begun anew by the next", async () => {
    const { directory, want } = await written();
    writeFileSync(`${storePaths(directory).log}.new.db`, "half a log");
    expect(await expectRebuilt(directory, want)).toEqual([]);
  });
});

describe("state.db", () => {
  it.each<[string, (path: string) => void]>([
    ["is gone", (path) => rmSync(path)],
    ["is empty", (path) => truncateSync(path, 0)],
    ["is cut short", (path) => truncateSync(path, statSync(path).size >> 1)],
    ["is cut within a page", (path) => truncateSync(path, 5000)],
    ["is text", (path) => writeFileSync(path, "this is no database\n".repeat(999))],
    ["is zeros", (path) => writeFileSync(path, new Uint8Array(65_536))],
    ["has a garbled head", (path) => writeFileSync(path, readFileSync(path).fill(0xa5, 0, 8192))],
  ])("that %s is projected again", async (_, spoil) => {
    const { directory, want } = await written();
    spoil(storePaths(directory).state);
    const store = await open(directory);
    expect(picture(store.replica)).toEqual(want);
    expect((await verifyStore(store)).problems).toEqual([]);
    await store.close();
  });

  const strange = utf8("strange");
  const editState = (directory: string, change: Edit) =>
    edit(storePaths(directory).state, stateTables(kvstore), change);

  it("is kept over an orderly stop, so a row that is damaged shows in a verification only", async () => {
    const { directory } = await written();
    await editState(directory, (table) => table("app/keys").put(strange, new Uint8Array(100)));
    const store = await open(directory);
    expect((await verifyStore(store)).problems.join()).toContain("state app/keys");
    await store.close();
    await rebuildStore(directoryPlace(directory), systemRandom);
    expect(await findings(directory)).toEqual([]);
  });

  it.each([
    ["is projected again after a crash of the machine", "another boot", false],
    [
      "is kept after a crash of the process",
      readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
      true,
    ],
  ])("%s", async (_, boot, isKept) => {
    const { directory, want } = await written();
    await editState(directory, (table) => table("poison").put(strange, strange));
    await editLog(directory, (table) => table("meta").put(utf8("opened-on-boot"), utf8(boot)));
    const store = await open(directory);
    expect(picture(store.replica)).toEqual(want);
    const rows = [...store.replica.projection.rows("poison", undefined, 10)];
    expect(rows.length > 0).toBe(isKept);
    await store.close();
  });

  it("of another log is projected again", async () => {
    const [one, two] = [await written(), temporary()];
    const other = await open(two);
    await other.ingest(history.slice(0, 10));
    await other.close();
    writeFileSync(storePaths(one.directory).state, readFileSync(storePaths(two).state));
    const store = await open(one.directory);
    expect(picture(store.replica)).toEqual(one.want);
    await store.close();
  });
});

describe("a directory", () => {
  it("of one type is not opened as another, and can be opened as its own then", async () => {
    const { directory, want } = await written();
    await expect(
      openStore({ directory, ...parts(), type: { ...kvstore, type: "core:other" } }),
    ).rejects.toMatchObject({ code: "failed-precondition" });
    const store = await open(directory);
    expect(picture(store.replica)).toEqual(want);
    await store.close();
  });

  it("is opened once at a time, and nothing of the first opening breaks by a second", async () => {
    const { directory } = await written();
    const store = await open(directory);
    await expect(open(directory)).rejects.toMatchObject({ code: "in-use" });
    await store.methods.put({ key: utf8("k"), value: utf8("v") });
    await store.close();
    await (await open(directory)).close();
  });

  it("begins with no other genesis than one that is signed", async () => {
    const genesis = { ...world.genesis, signature: new Uint8Array(64) };
    await expect(openStore({ directory: temporary(), ...parts(), genesis })).rejects.toMatchObject({
      code: "invite-invalid",
    });
    const notOne = world.admit(alice);
    await expect(openStore({ directory: temporary(), ...parts(), genesis: notOne })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });

  it("of a newer format asks for an update", async () => {
    const { directory } = await written();
    await editLog(directory, (table) => table("meta").put(utf8("format"), utf8("2")));
    await expect(open(directory)).rejects.toMatchObject({ code: "failed-precondition" });
  });
});

describe("an identity file", () => {
  it("is made once, for its owner alone, and read again", () => {
    const path = join(temporary(), "below", "identity.key");
    const made = loadIdentity(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(path).size).toBe(32);
    expect(loadIdentity(path).publicKey).toEqual(made.publicKey);
    expect(readdirSync(join(path, ".."))).toEqual(["identity.key"]);
  });

  it.each([0, 31, 33])("of %i bytes is refused, and not written over", (size) => {
    const path = join(temporary(), "identity.key");
    writeFileSync(path, new Uint8Array(size), { mode: 0o600 });
    expect(() => loadIdentity(path)).toThrow(/has \d+ bytes/);
    expect(existsSync(path) && statSync(path).size).toBe(size);
  });

  it.each([0o640, 0o604, 0o660])("that others can read is refused", (mode) => {
    const path = join(temporary(), "identity.key");
    loadIdentity(path);
    chmodSync(path, mode);
    expect(() => loadIdentity(path)).toThrow(/chmod 600/);
  });
});
