/** What the suites are made of: checks, each of which throws where something does not hold. */
import { describe, it } from "vitest";

/** Throws, or rejects, where `subject` does not hold to what is asked. */
export type Check<Subject> = (subject: Subject) => void | Promise<void>;

/** By what they ask, said of the subject: "gives back what was put". */
export type Checks<Subject> = Readonly<Record<string, Check<Subject>>>;

/** A check tries hundreds of random cases, and a slow machine runs several suites at once. */
const CHECK_TIMEOUT_MS = 120_000;

/** Registers each check as a test of vitest. */
export function describeChecks<Subject>(name: string, checks: Checks<Subject>, subject: Subject): void {
  describe(name, () => {
    for (const [what, check] of Object.entries(checks)) {
      it(what, { timeout: CHECK_TIMEOUT_MS }, async () => await check(subject));
    }
  });
}
