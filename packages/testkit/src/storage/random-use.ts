/** A random use of a storage, next to the same use of sorted arrays. */
import type { Range, Storage, TableReader } from "@lattice/storage";
import fc from "fast-check";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import {
  applyWrites,
  bytesText,
  emptyState,
  hasRow,
  naiveRange,
  rangeText,
  rowsText,
  type NaiveState,
  type Write,
} from "./naive-storage.ts";
import { anySteps, TABLES, type Step } from "./random-steps.ts";
import type { StorageUnderTest } from "./storage-under-test.ts";

const RUNS_DEFAULT = 100;

export const randomUseChecks: Checks<StorageUnderTest> = {
  async "is a set of sorted arrays, whatever is done to it"(under) {
    await fc.assert(
      fc.asyncProperty(anySteps, (steps) => new RandomUse(under, steps).run()),
      { numRuns: under.runs ?? RUNS_DEFAULT },
    );
  },
};

class RandomUse {
  readonly #under: StorageUnderTest;
  readonly #steps: readonly Step[];
  #state: NaiveState = emptyState(TABLES);
  /** What a crash may leave: any of these, the oldest being durable for certain. */
  #possible: NaiveState[] = [this.#state];
  #unawaited: Promise<void> = Promise.resolve();

  constructor(under: StorageUnderTest, steps: readonly Step[]) {
    this.#under = under;
    this.#steps = steps;
  }

  async run(): Promise<void> {
    let storage = await this.#under.open(TABLES);
    try {
      for (const step of this.#steps) storage = await this.#take(storage, step);
      this.#compare(storage);
      storage = await this.#under.reopen(storage);
      this.#compare(storage);
    } finally {
      await storage.close();
    }
  }

  async #take(storage: Storage, step: Step): Promise<Storage> {
    switch (step.kind) {
      case "transaction":
        this.#transact(storage, step.writes, step.isThrown);
        return storage;
      case "read":
        this.#read(storage.table(step.table), this.#state.get(step.table)!, step.range);
        return storage;
      case "count":
        expect(storage.table(step.table).count()).toBe(this.#state.get(step.table)!.length);
        return storage;
      case "flush":
        await storage.flush();
        if (this.#under.isDurable !== false) this.#possible = [this.#state];
        return storage;
      case "flush unawaited":
        this.#unawaited = storage.flush().catch(() => undefined);
        return storage;
      case "rollback":
        await this.#unawaited;
        storage.rollback();
        this.#match(storage);
        return storage;
      case "reopen":
        this.#possible = [this.#state];
        return this.#under.reopen(storage);
      case "crash":
        return this.#crash(storage);
    }
  }

  #transact(storage: Storage, writes: readonly Write[], isThrown: boolean): void {
    let seen = this.#state;
    const body = (): void =>
      storage.transaction((table) => {
        for (const write of writes) {
          if (write.value) table(write.table).put(write.key, write.value);
          else expect(table(write.table).delete(write.key)).toBe(hasRow(seen.get(write.table)!, write.key));
          seen = applyWrites(seen, [write]);
        }
        if (isThrown) throw new RangeError("on purpose");
      });
    if (isThrown) expect(body).toThrow(RangeError);
    else {
      body();
      this.#state = seen;
      this.#possible.push(seen);
    }
  }

  #read(table: TableReader, rows: readonly (readonly [Uint8Array, Uint8Array])[], range: Range): void {
    expect(rowsText(table.range(range)), rangeText(range)).toEqual(rowsText(naiveRange(rows, range)));
    for (const key of [range.gte, range.gt, range.lte, range.lt]) {
      if (!key) continue;
      const expected = rows.find((row) => bytesText(row[0]) === bytesText(key))?.[1];
      expect(table.get(key)).toEqual(expected);
      expect(table.has(key)).toBe(expected !== undefined);
    }
  }

  async #crash(storage: Storage): Promise<Storage> {
    const next = await this.#under.crash(storage);
    this.#match(next);
    return next;
  }

  /** A crash and a rollback leave a state that was, and none before what is durable. */
  #match(storage: Storage): void {
    const found = stateText(TABLES.map((name) => rowsText(storage.table(name).range())));
    const match = this.#possible.findLast((state) => {
      return stateText(TABLES.map((name) => rowsText(state.get(name)!))) === found;
    });
    expect(match, "one of the states that may be left").toBeDefined();
    this.#state = match!;
    this.#possible = [match!];
  }

  #compare(storage: Storage): void {
    for (const name of TABLES) {
      const rows = this.#state.get(name)!;
      for (const reverse of [false, true]) this.#read(storage.table(name), rows, { reverse });
      expect(storage.table(name).count()).toBe(rows.length);
    }
  }
}

function stateText(tables: readonly string[][]): string {
  return JSON.stringify(tables);
}
