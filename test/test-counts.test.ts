import { describe, expect, it } from "vitest";
import { countTests, tellCounts } from "../scripts/test-counts.ts";

function report(results: readonly { status: string; tests: readonly string[] }[]): string {
  const tests = results.flatMap((result) => result.tests);
  const count = (status: string): number => tests.filter((test) => test === status).length;
  return JSON.stringify({
    numPassedTests: count("passed"),
    numFailedTests: count("failed"),
    numPendingTests: count("pending"),
    numTodoTests: count("todo"),
    testResults: results.map(({ status, tests: own }) => ({
      status,
      assertionResults: own.map((test) => ({ status: test })),
    })),
  });
}

describe("the last line of verify", () => {
  it("tells what passed, failed and was skipped", () => {
    const text = report([
      { status: "failed", tests: ["passed", "failed", "pending"] },
      { status: "passed", tests: ["passed", "todo"] },
    ]);
    expect(tellCounts(countTests(text, false))).toBe("2 passed, 1 failed, 2 skipped");
  });

  it("leaves out what is nought but for failures", () => {
    expect(tellCounts(countTests(report([{ status: "passed", tests: ["passed"] }]), true))).toBe(
      "1 passed, 0 failed",
    );
  });

  it("counts a file that could not be loaded as one failure", () => {
    const text = report([
      { status: "failed", tests: [] },
      { status: "passed", tests: ["passed"] },
    ]);
    expect(tellCounts(countTests(text, false))).toBe("1 passed, 1 failed");
  });

  it("never calls a failed run free of failures", () => {
    expect(tellCounts(countTests(report([{ status: "passed", tests: ["passed"] }]), false))).toBe(
      "1 passed, 1 failed",
    );
    expect(tellCounts(countTests(undefined, false))).toBe("0 passed, 1 failed");
  });
});
