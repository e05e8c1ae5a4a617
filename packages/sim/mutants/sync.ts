/** Two nodes come to hold the same (weaver.md §6). */
import type { Mutant } from "./mutant.ts";

const SESSION = "packages/sync/src/session.ts";
const ANSWER = "packages/sync/src/negentropy/answer.ts";

export const syncMutants: readonly Mutant[] = [
  {
    name: "reconciliation-skipped",
    file: SESSION,
    find: "if (isSure) this.#reconcile();",
    replace: "if (isSure) this.#answerSync(false);",
    about: "two sides that differ leave it at that",
  },
  {
    name: "empty-range-skipped",
    file: ANSWER,
    find: "if (equalBytes(fingerprintOf(ours), fingerprint)) out.skip(to);",
    replace: "if (ours.count === 0 || equalBytes(fingerprintOf(ours), fingerprint)) out.skip(to);",
    about: "where one side has nothing the other is taken to have nothing either",
    seedsMax: 400,
  },
];
