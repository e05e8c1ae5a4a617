import { logIndex, MemoryRaftStorage, NOBODY, term, type PersistentChange } from "@lattice/raft";
import { expect, it } from "vitest";
import { WriteQueue } from "../src/write-queue.ts";

const NOTHING: PersistentChange = { hardState: undefined, entries: [], chunks: [], install: undefined };
const SNAPSHOT = {
  index: logIndex(9),
  term: term(2),
  membership: { voters: [], outgoing: [], learners: [], learnersNext: [] },
  sizeBytes: 3,
  checksum: 4,
};

/** A queue that tells what it does, step by step. */
function queue(fails?: string) {
  const told: string[] = [];
  const step = (name: string) => async () => {
    await Promise.resolve();
    told.push(name);
    if (name === fails) throw new Error(`${name} failed`);
  };
  const log = new MemoryRaftStorage({ disk: step("log") });
  const steps = { keep: step("keep"), stage: step("stage"), adopt: step("adopt") };
  const over = Promise.withResolvers<void>();
  const writes = new WriteQueue({
    log,
    steps,
    persisted: (writeId) => told.push(`persisted ${writeId}`),
    failed: (error) => {
      told.push((error as Error).message);
      over.resolve();
    },
  });
  writes.addTask(async () => {});
  return { told, writes, log, over: over.promise };
}

function stateOf(inTerm: number): PersistentChange {
  return { ...NOTHING, hardState: { term: term(inTerm), vote: NOBODY, commit: logIndex(0) } };
}

it("changes that wait share a write; a snapshot comes in its order, with its steps", async () => {
  const { told, writes, log } = queue();
  writes.add(1, stateOf(1));
  writes.add(2, stateOf(2));
  const chunk = { snapshot: SNAPSHOT, offset: 0, data: new Uint8Array(3) };
  writes.add(3, { ...stateOf(3), chunks: [chunk], install: SNAPSHOT });
  writes.add(4, stateOf(4));
  const ended = Promise.withResolvers<void>();
  writes.addTask(async () => ended.resolve());
  await ended.promise;
  expect(told).toEqual([
    "log",
    "persisted 2",
    "keep",
    "stage",
    "log",
    "adopt",
    "persisted 3",
    "log",
    "persisted 4",
  ]);
  expect(log.latest.hardState.term).toBe(4);
  // Its bytes are not kept.
  expect(log.latest.snapshot).toEqual({ ...SNAPSHOT, sizeBytes: 0, checksum: 0 });
});

it.each(["keep", "stage", "adopt"])("after %s has failed nothing is written any more", async (step) => {
  const { told, writes, over } = queue(step);
  const chunk = { snapshot: SNAPSHOT, offset: 0, data: new Uint8Array(3) };
  writes.add(1, { ...stateOf(1), chunks: [chunk], install: SNAPSHOT });
  writes.add(2, stateOf(2));
  await over;
  writes.add(3, stateOf(3));
  await writes.end();
  expect(told.at(-1)).toBe(`${step} failed`);
  expect(told.filter((line) => line.startsWith("persisted"))).toEqual([]);
});

it("once it has ended, what is under way is waited for and not reported", async () => {
  const { told, writes } = queue();
  writes.add(1, stateOf(1));
  await Promise.resolve();
  await Promise.resolve();
  await writes.end();
  expect(told).not.toContain("persisted 1");
});
