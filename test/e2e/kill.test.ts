/**
 * Daemons that are killed (SIGKILL) in the middle of things. When is decided by a printed seed, and counted in what
 * happens (answers, changes of files), not in time. `SEED=n` repeats a run, as far as processes can be made to.
 */
import { mkdirSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  digestOf,
  expectVerified,
  KeyValues,
  newNode,
  printedSeed,
  seededNumbers,
  startNode,
  type NodeProcess,
} from "./daemon.ts";

const ROUNDS = 50;
const WRITERS = 16;

it("keeps every write that it acknowledged, killed fifty times while many are written", async () => {
  const below = seededNumbers(printedSeed());
  const node = await startNode();
  await node.answer("store", "create", "--root");
  const written = new Written();
  for (let round = 1; round <= ROUNDS; round++) {
    await using store = await KeyValues.connect(node);
    written.expectIn(await store.all(), round);
    // Now and then before the first answer, mostly among some dozens, sometimes after a merge of the journal.
    const acknowledgements = [below(3), below(60), below(60), below(300)][below(4)]!;
    await writeUntilKilled({ node, store, written, acknowledgements, below });
    await node.start();
  }
  await using store = await KeyValues.connect(node);
  written.expectIn(await store.all(), ROUNDS + 1);
  expect(written.count).toBeGreaterThan(ROUNDS * 10);
  await expectVerified(node);
  const digest = await digestOf(node);
  await node.answer("store", "rebuild");
  expect(await digestOf(node)).toBe(digest);
});

/** What was written, and of what it is known that it is on disk. */
class Written {
  readonly #acknowledged = new Map<string, string>();
  readonly #valuesTried = new Map<string, Set<string>>();

  get count(): number {
    return this.#acknowledged.size;
  }

  trying(key: string, value: string): void {
    this.#valuesTried.set(key, (this.#valuesTried.get(key) ?? new Set()).add(value));
  }

  acknowledged(key: string, value: string): void {
    this.#acknowledged.set(key, value);
    this.#valuesTried.set(key, new Set([value]));
  }

  /** What got no answer may be there or not; after the next look it is known. */
  expectIn(found: ReadonlyMap<string, string>, round: number): void {
    const lost = [...this.#acknowledged.keys()].filter((key) => !found.has(key));
    expect(lost, `lost before round ${round}`).toEqual([]);
    const wrong = [...found].filter(([key, value]) => this.#valuesTried.get(key)?.has(value) !== true);
    expect(wrong, `not what was written, before round ${round}`).toEqual([]);
    for (const [key, value] of found) this.acknowledged(key, value);
    for (const key of this.#valuesTried.keys()) if (!found.has(key)) this.#valuesTried.delete(key);
  }
}

interface Load {
  readonly node: NodeProcess;
  readonly store: KeyValues;
  readonly written: Written;
  /** So many are awaited before the kill. */
  readonly acknowledgements: number;
  readonly below: (bound: number) => number;
}

/** Each writer has one write under way, to a new key or, of every third, to the one of its own that it always changes. */
async function writeUntilKilled(load: Load): Promise<void> {
  const { node, store, written, acknowledgements, below } = load;
  let count = 0;
  let killed: Promise<void> | undefined;
  const write = async (writer: number): Promise<void> => {
    for (let at = 0; node.isRunning && killed === undefined; at++) {
      const key = at % 3 === 2 ? `changed-${writer}` : `${below(2 ** 32)}-${writer}`;
      const value = `${below(2 ** 32)}`.repeat(1 + below(below(20) === 0 ? 5_000 : 20));
      written.trying(key, value);
      await store.put(key, value);
      written.acknowledged(key, value);
      if (++count >= acknowledgements) killed ??= node.kill();
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
  if (acknowledgements === 0) killed = node.kill();
  const ends = await Promise.allSettled(writers);
  await killed;
  const errors = ends.flatMap((end) =>
    end.status === "rejected" ? [(end.reason as { code: string }).code] : [],
  );
  expect(new Set([...errors, "unavailable"])).toEqual(new Set(["unavailable"]));
}

describe("killed while it has much to do", () => {
  const INTENTIONS = 4_000;
  let source: NodeProcess;
  let sink: NodeProcess;
  let store: string;
  let token: string;

  beforeEach(async () => {
    source = await startNode();
    store = await source.answer("store", "create", "--root");
    await using values = await KeyValues.connect(source);
    await values.putMany(INTENTIONS);
    sink = newNode();
    token = await source.answer("peer", "invite");
  });

  it("joins and gets all in the end, whenever it is killed", async () => {
    const below = seededNumbers(printedSeed());
    let cutOff = 0;
    for (let round = 1; round <= 5; round++) {
      await sink.stop();
      // The same member begins anew: the invite is its own.
      for (const name of ["stores", "meta.db", "meta.journal"]) {
        rmSync(join(sink.dataDirectory, name), { recursive: true, force: true });
      }
      await sink.start();
      cutOff += Number(await killDuring(sink, ["join", token], { store, change: 1 + below(20) }));
      await sink.start();
      await sink.answer("join", token);
      await expectConverged(source, sink);
    }
    expect(cutOff).toBeGreaterThan(0);
    await expectVerified(sink);
  });

  it("loses nothing in a rebuild, whenever it is killed", async () => {
    const below = seededNumbers(printedSeed());
    await sink.start();
    await sink.answer("join", token);
    let cutOff = 0;
    for (let round = 1; round <= 5; round++) {
      cutOff += Number(await killDuring(sink, ["store", "rebuild"], { store, change: 1 + below(40) }));
      await sink.start();
      await expectConverged(source, sink);
    }
    expect(cutOff).toBeGreaterThan(0);
    await sink.answer("store", "rebuild");
    await expectConverged(source, sink);
    await expectVerified(sink);
  });
});

/**
 * Kills a node at one of the changes that a command makes in its directories, or when the command is done; says whether
 * the command was cut off.
 */
async function killDuring(
  node: NodeProcess,
  command: readonly string[],
  { store, change }: { store: string; change: number },
): Promise<boolean> {
  const directory = join(node.dataDirectory, "stores", store);
  const watched = [node.dataDirectory, join(directory, "intentions"), join(directory, "state")];
  for (const path of watched) mkdirSync(path, { recursive: true, mode: 0o700 });
  let changes = 0;
  const watchers = watched.map((path) => watch(path, () => void (++changes === change && node.kill())));
  const { code } = await node.run(command);
  for (const watcher of watchers) watcher.close();
  await node.kill();
  return code !== 0;
}

async function expectConverged(source: NodeProcess, sink: NodeProcess): Promise<void> {
  await using from = await KeyValues.connect(source);
  await using to = await KeyValues.connect(sink);
  await to.sync();
  expect(await to.digest()).toBe(await from.digest());
}
