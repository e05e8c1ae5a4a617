/** Of Raft's storage port: what a write does. */
import { NO_MEMBERS, NOTHING_PERSISTED, type RaftWrite } from "@lattice/raft";
import { expect } from "vitest";
import type { Check, Checks } from "../check.ts";
import {
  dataEntries,
  dataEntry,
  entryId,
  hardStateOf,
  membershipEntry,
  noopEntry,
  snapshotAt,
} from "./drafts.ts";
import { persistedText } from "./naive-log.ts";
import type { RaftStorageUnderTest } from "./raft-storage-under-test.ts";

/** What is there when these were written one after the other, and the storage is opened again. */
function leaves(
  writes: readonly RaftWrite[],
  left: RaftWrite & { readonly base?: ReturnType<typeof entryId> },
) {
  const check: Check<RaftStorageUnderTest> = async (under) => {
    let storage = await under.open();
    for (const write of writes) await storage.write(write);
    storage = await under.reopen(storage);
    const { hardState, base } = NOTHING_PERSISTED;
    const expected = { hardState, base, snapshot: undefined, entries: [], ...left };
    expect(persistedText(storage.persisted)).toEqual(persistedText(expected));
    await storage.close();
  };
  return check;
}

/** Rejects the write with `invalid-argument`, and goes on as if it had not been asked for. */
function refuses(refused: RaftWrite): Check<RaftStorageUnderTest> {
  return async (under) => {
    let storage = await under.open();
    await storage.write({ entries: dataEntries(1, 5, 2), hardState: hardStateOf(2, 1) });
    await storage.write({ snapshot: snapshotAt(3, 2) });
    const [before, result, behind] = await Promise.allSettled([
      storage.write({ hardState: hardStateOf(3, 1) }),
      storage.write(refused),
      storage.write({ entries: [dataEntry(6, 3)] }),
    ]);
    expect(result).toMatchObject({ status: "rejected", reason: { code: "invalid-argument" } });
    expect([before.status, behind.status]).toEqual(["fulfilled", "fulfilled"]);
    storage = await under.reopen(storage);
    expect(persistedText(storage.persisted)).toEqual(
      persistedText({
        hardState: hardStateOf(3, 1),
        snapshot: snapshotAt(3, 2),
        base: entryId(0, 0),
        entries: [...dataEntries(1, 5, 2), dataEntry(6, 3)],
      }),
    );
    await storage.close();
  };
}

const FIVE: RaftWrite = { entries: dataEntries(1, 5, 1) };

export const raftWriteChecks: Checks<RaftStorageUnderTest> = {
  "has nothing when it is new": leaves([], {}),

  "keeps term, vote and commit": leaves(
    [{ hardState: hardStateOf(1, 2) }, { hardState: hardStateOf(2 ** 53 - 1, 2 ** 40, 77) }],
    { hardState: hardStateOf(2 ** 53 - 1, 2 ** 40, 77) },
  ),

  "keeps entries of every kind and length": leaves(
    [
      { entries: [noopEntry(1, 1), membershipEntry(2, 1)] },
      { entries: [dataEntry(3, 1, new Uint8Array(0)), dataEntry(4, 2, new Uint8Array(70_000).fill(1))] },
      { entries: [dataEntry(5, 2, new Uint8Array(3_000))] },
    ],
    {
      entries: [
        noopEntry(1, 1),
        membershipEntry(2, 1),
        dataEntry(3, 1, new Uint8Array(0)),
        dataEntry(4, 2, new Uint8Array(70_000).fill(1)),
        dataEntry(5, 2, new Uint8Array(3_000)),
      ],
    },
  ),

  "replaces with an entry what was at its index and above": leaves([FIVE, { entries: [dataEntry(3, 2)] }], {
    entries: [...dataEntries(1, 2, 1), dataEntry(3, 2)],
  }),

  "replaces all entries": leaves([FIVE, { entries: dataEntries(1, 2, 2) }], {
    entries: dataEntries(1, 2, 2),
  }),

  "keeps its entries where they agree with a snapshot": leaves([FIVE, { snapshot: snapshotAt(3, 1) }], {
    snapshot: snapshotAt(3, 1),
    entries: dataEntries(1, 5, 1),
  }),

  "begins behind a snapshot that its entries do not reach": leaves([FIVE, { snapshot: snapshotAt(6, 1) }], {
    snapshot: snapshotAt(6, 1),
    base: entryId(6, 1),
  }),

  "begins behind a snapshot that its entries do not agree with": leaves(
    [FIVE, { snapshot: snapshotAt(3, 2) }],
    {
      snapshot: snapshotAt(3, 2),
      base: entryId(3, 2),
    },
  ),

  "goes on behind a snapshot": leaves(
    [FIVE, { snapshot: snapshotAt(8, 3), entries: dataEntries(9, 10, 4) }, { entries: [dataEntry(11, 4)] }],
    {
      snapshot: snapshotAt(8, 3),
      base: entryId(8, 3),
      entries: dataEntries(9, 11, 4),
    },
  ),

  "takes another snapshot at the same place": leaves(
    [
      FIVE,
      { snapshot: snapshotAt(3, 1) },
      { snapshot: { ...snapshotAt(3, 1), membership: NO_MEMBERS, checksum: 7 } },
    ],
    {
      snapshot: { ...snapshotAt(3, 1), membership: NO_MEMBERS, checksum: 7 },
      entries: dataEntries(1, 5, 1),
    },
  ),

  "begins behind what it was compacted to": leaves(
    [FIVE, { snapshot: snapshotAt(4, 1), compactTo: entryId(2, 1) }],
    {
      snapshot: snapshotAt(4, 1),
      base: entryId(2, 1),
      entries: dataEntries(3, 5, 1),
    },
  ),

  "is compacted up to its end": leaves([FIVE, { snapshot: snapshotAt(5, 1), compactTo: entryId(5, 1) }], {
    snapshot: snapshotAt(5, 1),
    base: entryId(5, 1),
  }),

  "is not compacted to where it begins behind": leaves(
    [FIVE, { snapshot: snapshotAt(4, 1), compactTo: entryId(3, 1) }, { compactTo: entryId(2, 1) }],
    {
      snapshot: snapshotAt(4, 1),
      base: entryId(3, 1),
      entries: dataEntries(4, 5, 1),
    },
  ),

  "knows the terms of entries that replaced others": leaves(
    [
      FIVE,
      { entries: dataEntries(4, 5, 2) },
      { entries: dataEntries(3, 5, 2) },
      { snapshot: snapshotAt(3, 2) },
    ],
    {
      snapshot: snapshotAt(3, 2),
      entries: [...dataEntries(1, 2, 1), ...dataEntries(3, 5, 2)],
    },
  ),

  "knows the terms of entries behind what it was compacted to": leaves(
    [
      { entries: [...dataEntries(1, 2, 1), ...dataEntries(3, 5, 2)] },
      { snapshot: snapshotAt(1, 1), compactTo: entryId(1, 1) },
      { snapshot: snapshotAt(2, 1) },
    ],
    {
      snapshot: snapshotAt(2, 1),
      base: entryId(1, 1),
      entries: [dataEntry(2, 1), ...dataEntries(3, 5, 2)],
    },
  ),

  "passes over entries up to where it begins behind": leaves(
    [{ snapshot: snapshotAt(4, 1) }, { entries: dataEntries(2, 6, 1) }, { entries: dataEntries(1, 3, 1) }],
    {
      snapshot: snapshotAt(4, 1),
      base: entryId(4, 1),
      entries: dataEntries(5, 6, 1),
    },
  ),

  "does all of a write, in order": leaves(
    [
      FIVE,
      {
        hardState: hardStateOf(4, 2, 5),
        entries: dataEntries(5, 7, 4),
        snapshot: snapshotAt(4, 1),
        compactTo: entryId(3, 1),
      },
    ],
    {
      hardState: hardStateOf(4, 2, 5),
      snapshot: snapshotAt(4, 1),
      base: entryId(3, 1),
      entries: [dataEntry(4, 1), ...dataEntries(5, 7, 4)],
    },
  ),

  "refuses entries with a gap in front of them": refuses({ entries: [dataEntry(7, 3)] }),
  "refuses entries with a gap between them": refuses({ entries: [dataEntry(6, 3), dataEntry(8, 3)] }),
  "refuses to replace what is in its snapshot": refuses({ entries: dataEntries(3, 5, 3) }),
  "refuses to be compacted beyond its snapshot": refuses({ compactTo: entryId(4, 2) }),
  "refuses to be compacted to an entry that it does not have": refuses({ compactTo: entryId(2, 1) }),
  "refuses to go back to an older snapshot": refuses({ snapshot: snapshotAt(2, 2) }),
  "does nothing of a write that it refuses": refuses({
    hardState: hardStateOf(9, 9),
    snapshot: snapshotAt(5, 2),
    entries: [dataEntry(8, 3)],
  }),
};
