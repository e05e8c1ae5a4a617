/** A random use of a storage that is written in checkpoints, next to the same use of sorted arrays. */
import type { CheckpointedStorage, StorageView, TableReader } from "@lattice/storage";
import fc from "fast-check";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import type { CheckpointedStorageUnderTest } from "./describe-checkpointed-storage.ts";
import {
  applyWrites,
  emptyState,
  naiveRange,
  rangeText,
  rowsText,
  type NaiveState,
} from "./naive-storage.ts";
import { anyReading, anyTransaction, TABLES, type Reading, type Writing } from "./random-steps.ts";

const RUNS_DEFAULT = 100;

type Step =
  | Writing
  | Reading
  | {
      readonly kind:
        | "checkpoint"
        | "begin checkpoint"
        | "defragment"
        | "turn"
        | "view"
        | "read views"
        | "crash"
        | "rollback";
    };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: anyTransaction },
  { weight: 5, arbitrary: anyReading },
  ...(["begin checkpoint", "turn", "view", "read views"] as const).map((kind) => ({
    weight: 2,
    arbitrary: fc.constant({ kind }),
  })),
  ...(["checkpoint", "defragment", "crash", "rollback"] as const).map((kind) => ({
    weight: 1,
    arbitrary: fc.constant({ kind }),
  })),
);

export const checkpointUseChecks: Checks<CheckpointedStorageUnderTest> = {
  async "is a set of sorted arrays, and its views are copies of it"(under) {
    const anySteps = fc.array(anyStep, { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(anySteps, (steps) => new CheckpointUse(under).run(steps)),
      { numRuns: under.runs ?? RUNS_DEFAULT },
    );
  },
};

class CheckpointUse {
  readonly #under: CheckpointedStorageUnderTest;
  #state: NaiveState = emptyState(TABLES);
  /** What may be on disk: of a checkpoint, what stood when it was asked for, or anything since. */
  #durable: readonly NaiveState[] = [this.#state];
  #isUnderWay = false;
  #checkpoint: Promise<void> = Promise.resolve();
  #views: { readonly view: StorageView; readonly state: NaiveState }[] = [];

  constructor(under: CheckpointedStorageUnderTest) {
    this.#under = under;
  }

  async run(steps: readonly Step[]): Promise<void> {
    let storage = await this.#under.open(TABLES);
    try {
      for (const step of steps) storage = await this.#take(storage, step);
      expect(stateOf(storage)).toEqual(this.#state);
      this.#readViews();
      await this.#checkpoint;
      expect(stateOf(storage)).toEqual(this.#state);
    } finally {
      await storage.close();
    }
  }

  async #take(storage: CheckpointedStorage, step: Step): Promise<CheckpointedStorage> {
    switch (step.kind) {
      case "transaction":
        this.#transact(storage, step);
        return storage;
      case "read":
        expectRange(storage.table(step.table), this.#state, step);
        return storage;
      case "begin checkpoint":
        this.#begin(storage);
        return storage;
      case "checkpoint":
        this.#begin(storage);
        await this.#checkpoint;
        return storage;
      case "defragment":
        await this.#defragment(storage);
        return storage;
      case "turn":
        await new Promise((resolve) => setImmediate(resolve));
        return storage;
      case "view":
        this.#open(storage);
        return storage;
      case "read views":
        this.#readViews();
        return storage;
      case "crash":
        return this.#crash(storage);
      case "rollback":
        await this.#checkpoint;
        storage.rollback();
        this.#match(storage);
        return storage;
    }
  }

  #transact(storage: CheckpointedStorage, { writes, isThrown }: Writing): void {
    const body = (): void =>
      storage.transaction((table) => {
        for (const { table: name, key, value } of writes) {
          if (value) table(name).put(key, value);
          else table(name).delete(key);
        }
        if (isThrown) throw new RangeError("on purpose");
      });
    if (isThrown) expect(body).toThrow(RangeError);
    else {
      body();
      this.#state = applyWrites(this.#state, writes);
      if (this.#isUnderWay) this.#durable = [...this.#durable, this.#state];
    }
  }

  #begin(storage: CheckpointedStorage): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    const before = this.#durable.length;
    this.#durable = [...this.#durable, this.#state];
    this.#checkpoint = storage.checkpoint().then(() => {
      this.#isUnderWay = false;
      this.#durable = this.#durable.slice(before);
    });
  }

  /** With a view open it may be refused; then it was a checkpoint all the same. */
  async #defragment(storage: CheckpointedStorage): Promise<void> {
    await this.#checkpoint;
    this.#begin(storage);
    const isRefused = await storage.defragment().then(
      () => false,
      (error: unknown) => {
        expect(error).toMatchObject({ code: "in-use" });
        return true;
      },
    );
    if (isRefused) expect(this.#views).not.toEqual([]);
    await this.#checkpoint;
  }

  #open(storage: CheckpointedStorage): void {
    if (this.#views.length === 3) this.#views.shift()!.view.close();
    const view = storage.view();
    const state = stateOf(view);
    expect(this.#durable).toContainEqual(state);
    this.#views.push({ view, state });
  }

  #readViews(): void {
    for (const { view, state } of this.#views) expect(stateOf(view)).toEqual(state);
  }

  async #crash(storage: CheckpointedStorage): Promise<CheckpointedStorage> {
    await this.#checkpoint;
    this.#views = [];
    const next = await this.#under.crash(storage);
    this.#match(next);
    return next;
  }

  /** It is as some checkpoint may have left it. */
  #match(storage: CheckpointedStorage): void {
    this.#state = stateOf(storage);
    expect(this.#durable).toContainEqual(this.#state);
    this.#durable = [this.#state];
  }
}

function expectRange(table: TableReader, state: NaiveState, { table: name, range }: Reading): void {
  expect(rowsText(table.range(range)), rangeText(range)).toEqual(
    rowsText(naiveRange(state.get(name)!, range)),
  );
}

function stateOf(storage: Pick<CheckpointedStorage, "table">): NaiveState {
  return new Map(
    TABLES.map((name) => {
      const rows = [...storage.table(name).range()];
      expect(storage.table(name).count()).toBe(rows.length);
      return [name, rows.map(([key, value]) => [plain(key), plain(value)] as const)];
    }),
  );
}

/** As bytes alone, whatever they are a part of. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
