/** A random use of Raft's storage, next to the same use of a plain map. */
import type { RaftStorage } from "@lattice/raft";
import fc from "fast-check";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { applyNaively, NAIVE_EMPTY, naiveText, persistedText, type NaiveLog } from "./naive-log.ts";
import type { RaftStorageUnderTest } from "./raft-storage-under-test.ts";
import { anyRaftSteps, writeOf, type RaftStep } from "./random-steps.ts";

const RUNS_DEFAULT = 100;

export const raftRandomUseChecks: Checks<RaftStorageUnderTest> = {
  async "is a plain log, whatever is done to it"(under) {
    await fc.assert(
      fc.asyncProperty(anyRaftSteps, (steps) => new RandomUse(under).run(steps)),
      { numRuns: under.runs ?? RUNS_DEFAULT },
    );
  },
};

class RandomUse {
  readonly #under: RaftStorageUnderTest;
  /** What the first writes leave, all of them last. */
  #states: NaiveLog[] = [NAIVE_EMPTY];
  /** The state that is durable at the least, by its number. */
  #durable = 0;
  #writes: Promise<void>[] = [];
  #isCrashing = false;
  /** Of a write that no crash took. */
  #failure: { readonly error: unknown } | undefined;

  constructor(under: RaftStorageUnderTest) {
    this.#under = under;
  }

  async run(steps: readonly RaftStep[]): Promise<void> {
    let storage = await this.#under.open();
    try {
      for (const step of steps) storage = await this.#take(storage, step);
      storage = await this.#reopen(storage);
      storage = await this.#crash(storage);
    } finally {
      await storage.close();
    }
  }

  async #take(storage: RaftStorage, step: RaftStep): Promise<RaftStorage> {
    switch (step.kind) {
      case "write": {
        const write = this.#write(storage, step);
        if (step.isAwaited) await write;
        return storage;
      }
      case "turn":
        await new Promise((resolve) => setImmediate(resolve));
        return storage;
      case "reopen":
        return this.#reopen(storage);
      case "crash":
        return this.#crash(storage);
    }
  }

  /** Resolves when the write is durable, or a crash took it. */
  #write(storage: RaftStorage, { draft }: RaftStep & { kind: "write" }): Promise<void> {
    const before = this.#states.at(-1)!;
    const write = writeOf(draft, before);
    const number = this.#states.push(applyNaively(before, write)) - 1;
    const written = storage.write(write).then(
      () => {
        if (!this.#isCrashing) this.#durable = number;
      },
      (error: unknown) => {
        if (!this.#isCrashing) this.#failure ??= { error };
      },
    );
    this.#writes.push(written);
    return written;
  }

  async #reopen(storage: RaftStorage): Promise<RaftStorage> {
    const next = await this.#under.reopen(storage);
    await this.#settle();
    expect(persistedText(next.persisted)).toEqual(naiveText(this.#states.at(-1)!));
    this.#begin(this.#states.at(-1)!);
    return next;
  }

  /** It leaves a state that was, and none before what is durable. */
  async #crash(storage: RaftStorage): Promise<RaftStorage> {
    const possible = this.#states.slice(this.#durable);
    this.#isCrashing = true;
    const next = await this.#under.crash(storage);
    await this.#settle();
    this.#isCrashing = false;
    const found = persistedText(next.persisted);
    const match = possible.findLast((state) => naiveText(state).join("\n") === found.join("\n"));
    if (!match) expect(found, "one of the states that may be left").toEqual(naiveText(possible[0]!));
    this.#begin(match!);
    return next;
  }

  #begin(state: NaiveLog): void {
    this.#states = [state];
    this.#durable = 0;
  }

  async #settle(): Promise<void> {
    await Promise.all(this.#writes.splice(0));
    if (this.#failure) throw this.#failure.error;
  }
}
