/** Arbitrary use of Raft's storage, for fast-check. */
import type { Entry, EntryId, RaftWrite, SnapshotMeta } from "@lattice/raft";
import fc from "fast-check";
import { dataEntry, entryId, hardStateOf, membershipEntry, noopEntry, snapshotAt } from "./drafts.ts";
import { applyNaively, lastOf, termOf, type NaiveLog } from "./naive-log.ts";

/** A write in relation to what is there when it is asked for: numbers count from there, and are taken as far as they go. */
export interface WriteDraft {
  readonly isNewTerm: boolean;
  readonly vote: number | undefined;
  readonly snapshot:
    | { readonly kind: "inside" | "beyond" | "of another term"; readonly by: number }
    | undefined;
  readonly entries:
    | { readonly back: number; readonly count: number; readonly kind: number; readonly bytes: number }
    | undefined;
  readonly compactBy: number | undefined;
}

export type RaftStep =
  | { readonly kind: "write"; readonly draft: WriteDraft; readonly isAwaited: boolean }
  | { readonly kind: "reopen" | "crash" | "turn" };

const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq: number): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq });

const anyDraft: fc.Arbitrary<WriteDraft> = fc.record({
  isNewTerm: fc.nat(4).map((chance) => chance === 0),
  vote: maybe(fc.nat(3), 1),
  snapshot: fc.nat(5).chain((chance) =>
    chance > 0
      ? fc.constant(undefined)
      : fc.record({
          kind: fc.constantFrom(
            "inside" as const,
            "inside" as const,
            "beyond" as const,
            "of another term" as const,
          ),
          by: fc.nat(6),
        }),
  ),
  entries: maybe(
    fc.record({
      back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(8) }),
      count: fc.integer({ min: 1, max: 5 }),
      kind: fc.nat(9),
      bytes: fc.constantFrom(0, 1, 10, 400, 511, 512, 2_000),
    }),
    6,
  ),
  compactBy: maybe(fc.nat(8), 1),
});

const anyStep: fc.Arbitrary<RaftStep> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant("write" as const), draft: anyDraft, isAwaited: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "turn" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "crash" as const }) },
);

export const anyRaftSteps = fc.array(anyStep, { minLength: 1, maxLength: 30 });

/** The write that a draft means; it goes with the log. */
export function writeOf(draft: WriteDraft, log: NaiveLog): RaftWrite {
  const before = log.hardState?.term ?? 0;
  const inTerm = Math.max(1, before + (draft.isNewTerm ? 1 : 0));
  const hardState = draft.vote === undefined ? undefined : hardStateOf(inTerm, draft.vote, log.base.index);
  const snapshot = snapshotOf(draft, log, inTerm);
  const restored = applyNaively(log, { ...(snapshot && { snapshot }) });
  const entries = entriesOf(draft, restored, inTerm);
  const appended = applyNaively(restored, { entries });
  const compactTo = compactToOf(draft, appended);
  return {
    ...(hardState && { hardState }),
    ...(snapshot && { snapshot }),
    ...(entries.length > 0 && { entries }),
    ...(compactTo && { compactTo }),
  };
}

function snapshotOf(
  { snapshot: draft }: WriteDraft,
  log: NaiveLog,
  inTerm: number,
): SnapshotMeta | undefined {
  if (!draft) return undefined;
  const last = lastOf(log);
  if (draft.kind === "beyond") return snapshotAt(last + 1 + draft.by, inTerm);
  const index = Math.min(last, Math.max(log.base.index, log.snapshot?.index ?? 0) + draft.by);
  if (index === 0 || (draft.kind === "of another term" && index === log.base.index)) return undefined;
  const found = termOf(log, index)!;
  return snapshotAt(index, draft.kind === "inside" ? found : found + 1);
}

function entriesOf({ entries: draft }: WriteDraft, log: NaiveLog, inTerm: number): Entry[] {
  if (!draft) return [];
  const committed = log.snapshot?.index ?? 0;
  // Those that are passed over, where there is nothing of the snapshot to replace.
  const lowest = committed === log.base.index ? committed - 2 : committed + 1;
  const first = Math.max(1, lowest, lastOf(log) + 1 - draft.back);
  return Array.from({ length: draft.count }, (_, at) => {
    if (draft.kind === 0) return noopEntry(first + at, inTerm);
    if (draft.kind === 1) return membershipEntry(first + at, inTerm);
    return dataEntry(first + at, inTerm, new Uint8Array(draft.bytes).fill(first + draft.kind));
  });
}

function compactToOf({ compactBy }: WriteDraft, log: NaiveLog): EntryId | undefined {
  if (compactBy === undefined || !log.snapshot) return undefined;
  const index = Math.min(log.base.index + compactBy, log.snapshot.index, lastOf(log));
  return entryId(index, termOf(log, index)!);
}
