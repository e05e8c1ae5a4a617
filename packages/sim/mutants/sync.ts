/** Two nodes come to hold the same (weaver.md §6). */
import type { Mutant } from "./mutant.ts";

const SESSION = "packages/sync/src/session.ts";
const FRONTIER = "packages/sync/src/frontier.ts";
const OUTBOX = "packages/sync/src/outbox.ts";
const DEBT = "packages/sync/src/debt.ts";
const ANSWER = "packages/sync/src/negentropy/answer.ts";
const INITIATOR = "packages/sync/src/negentropy/initiator.ts";
const LOG_ITEMS = "packages/sync/src/log-items.ts";

export const syncMutants: readonly Mutant[] = [
  {
    name: "missing-not-fetched",
    file: SESSION,
    find: "this.#fetchMissing(report);",
    replace: "",
    about: "parents that are missing are not asked for",
  },
  {
    name: "served-in-part",
    file: OUTBOX,
    find: "const taken = ids.slice(0, room)",
    replace: "const taken = ids.slice(0, Math.min(room, 1))",
    about: "of what is asked for only the first is sent",
  },
  {
    name: "debt-one-short",
    file: FRONTIER,
    find: "Math.min(least, seq), Infinity) + 1 });",
    replace: "Math.min(least, seq), Infinity) + 2 });",
    about: "what follows the peer's tip is owed but for the first",
  },
  {
    name: "debt-of-last-tip",
    file: FRONTIER,
    find: "Math.min(least, seq), Infinity) + 1 });",
    replace: "Math.max(least, seq), 0) + 1 });",
    about: "of a forked author what follows the longest branch is owed only",
  },
  {
    name: "debt-backwards",
    file: DEBT,
    find: ".toSorted((a, b) => b.nextWseq! - a.nextWseq!);",
    replace: ".toSorted((a, b) => a.nextWseq! - b.nextWseq!);",
    about: "debts are paid from the youngest chain to the oldest",
  },
  {
    name: "debt-one-place-short",
    file: DEBT,
    find: "if (wseq <= this.#limits.untilWseq)",
    replace: "if (wseq < this.#limits.untilWseq)",
    about: "the last intention of what is owed is not sent",
  },
  {
    name: "drained-early",
    file: OUTBOX,
    find: "this.#takeDebt() ??\n      this.#takeLive() ??",
    replace: "this.#takeLive() ??\n      this.#takeDebt() ??",
    about: "what is new is sent before what is owed",
  },
  {
    name: "reconciliation-skipped",
    file: SESSION,
    find: "if (isSure) this.#reconcile();",
    replace: "if (isSure) this.#answerSync(false);",
    about: "two sides that differ leave it at that",
  },
  {
    name: "compared-once",
    file: SESSION,
    find: "this.#compare();\n    this.#scheduleCompare();",
    replace: "this.#compare();",
    about: "two sides compare at the start, and never again",
  },
  {
    name: "compared-by-count",
    file: SESSION,
    find: "const isSame = equalBytes(fingerprint, this.#options.store.log.head.setSum.encode());",
    replace:
      "const isSame = equalBytes(fingerprint.subarray(0, 8), this.#options.store.log.head.setSum.encode().subarray(0, 8));",
    about: "two sets of one size are taken for the same",
  },
  {
    name: "reconciled-never-again",
    file: SESSION,
    find: "if (by.byUs) this.#weReconcile = false;",
    replace: "if (by.byUs) this.#theyReconcile = false;",
    about: "a session reconciles once, and never again",
  },
  {
    name: "empty-range-skipped",
    file: ANSWER,
    find: "if (equalBytes(fingerprintOf(ours), fingerprint)) out.skip(to);",
    replace: "if (ours.count === 0 || equalBytes(fingerprintOf(ours), fingerprint)) out.skip(to);",
    about: "where one side has nothing the other is taken to have nothing either",
  },
  {
    name: "range-end-lost",
    file: LOG_ITEMS,
    find: "return this.#log.ids(from, to);",
    replace: "return [...this.#log.ids(from, to)].slice(0, to === undefined ? undefined : -1);",
    about: "the last intention of a range is not listed",
  },
  {
    name: "bucket-end-shifted",
    file: ANSWER,
    find: "const next = source.nth(from, to, count);",
    replace: "const next = source.nth(from, to, count + 1) ?? source.nth(from, to, count);",
    about: "the parts of a range end one intention too late",
  },
  {
    name: "first-difference-only",
    file: INITIATOR,
    find: "if (this.hasRoom) this.have.push(id);",
    replace: "if (this.have.length === 0) this.have.push(id);",
    about: "of what the other side lacks in a message only the first is found",
  },
  {
    name: "release-taken-for-echo",
    file: SESSION,
    find: "if (isFloating) this.#noteRuns(offered, fromWseq);\n    else this.#outbox",
    replace: "this.#outbox",
    about: "what a batch has released is not sent to who sent the batch",
  },
  {
    name: "echo-run-too-long",
    file: OUTBOX,
    find: "if (last?.toWseq === fromWseq - 1) last.toWseq = Math.max(last.toWseq, toWseq);",
    replace: "if (last !== undefined) last.toWseq = Math.max(last.toWseq, toWseq);",
    about: "what came between two batches of a peer is taken for the peer's",
  },
  {
    name: "live-from-head",
    file: SESSION,
    find: "this.#outbox.goLive(this.#helloWseq);",
    replace: "this.#outbox.goLive(store.log.head.wseq);",
    about: "what was written between two hellos is not sent",
  },
  {
    name: "own-chain-forgotten",
    file: SESSION,
    find: "if (ownSeqs.length > 0) this.#awaitOwnChain(",
    replace: "if (ownSeqs.length > 1) this.#awaitOwnChain(",
    about: "a restored backup does not look how far peers hold its chain",
  },
];
