import { describe, expect, it } from "vitest";
import {
  checkEtcdHistory,
  checkHistory,
  etcdModel,
  explainViolation,
  timelineHtml,
  violationText,
  type EtcdEntry,
  type EtcdOp,
  type EtcdResult,
  type History,
  type Operation,
  type Violation,
} from "@lattice/check";
import { operation } from "./build.ts";

type Interval = readonly [calledAt: number, returnedAt?: number];
type EtcdOperation = Operation<EtcdOp, EtcdResult>;

const entry = (
  value: string,
  [createRevision, modRevision, version]: readonly [number, number, number],
): EtcdEntry => ({
  value,
  createRevision,
  modRevision,
  version,
});

function put(
  key: string,
  value: string,
  [revision, ...interval]: readonly [number, ...Interval],
): EtcdOperation {
  return operation(0, { type: "put", key, value }, { result: { type: "put", revision }, interval });
}

function lostPut(key: string, value: string, calledAt: number): EtcdOperation {
  return put(key, value, [0, calledAt]);
}

function get(
  key: string,
  shown: EtcdEntry | null,
  [revision, ...interval]: readonly [number, ...Interval],
): EtcdOperation {
  return operation(1, { type: "get", key }, { result: { type: "get", revision, entry: shown }, interval });
}

function remove(
  key: string,
  deletedCount: number,
  [revision, ...interval]: readonly [number, ...Interval],
): EtcdOperation {
  return operation(
    2,
    { type: "delete", key },
    { result: { type: "delete", revision, deletedCount }, interval },
  );
}

function expectVerdict(history: History<EtcdOp, EtcdResult>, verdict: string): void {
  expect(checkEtcdHistory(history).verdict).toBe(verdict);
  expect(checkHistory(etcdModel(history), history).verdict).toBe(verdict);
}

describe("a history with revisions", () => {
  it("counts revision, creation and version", () => {
    expectVerdict(
      [
        put("k", "a", [2, 0, 1]),
        put("other", "x", [3, 2, 3]),
        put("k", "b", [4, 4, 5]),
        get("k", entry("b", [2, 4, 2]), [4, 6, 7]),
        remove("k", 1, [5, 8, 9]),
        remove("k", 0, [5, 10, 11]),
        get("k", null, [5, 12, 13]),
        put("k", "c", [6, 14, 15]),
        get("k", entry("c", [6, 6, 1]), [6, 16, 17]),
      ],
      "linearizable",
    );
  });

  it("is violated by a wrong version or creation", () => {
    const puts = [put("k", "a", [2, 0, 1]), put("k", "b", [3, 2, 3])];
    expectVerdict([...puts, get("k", entry("b", [2, 3, 1]), [3, 4, 5])], "violation");
    expectVerdict([...puts, get("k", entry("b", [3, 3, 2]), [3, 4, 5])], "violation");
  });

  it("is violated by a stale read, which its revision gives away", () => {
    const puts = [put("k", "a", [2, 0, 1]), put("k", "b", [3, 2, 3])];
    expectVerdict([...puts, get("k", entry("a", [2, 2, 1]), [2, 4, 5])], "violation");
    expectVerdict([...puts, get("k", entry("a", [2, 2, 1]), [2, 2.5, 5])], "linearizable");
  });

  it("is violated by a write that is missing, and by one revision for two writes", () => {
    const lost = [put("k", "a", [2, 0, 1]), put("k", "b", [3, 2, 3])];
    expectVerdict([...lost, get("k", entry("a", [2, 2, 1]), [3, 4, 5])], "violation");
    expectVerdict([...lost, get("k", null, [3, 4, 5])], "violation");
    expectVerdict([put("k", "a", [2, 0, 1]), put("j", "b", [2, 0, 1])], "violation");
  });

  it("is violated by a revision that nobody can have made", () => {
    expectVerdict([put("k", "a", [3, 0, 1])], "violation");
    expectVerdict([lostPut("j", "x", 0), put("k", "a", [3, 0, 1])], "linearizable");
  });

  it("starts from what the store held", () => {
    const start = {
      revision: 40,
      entries: new Map([
        ["k", entry("old", [7, 9, 3])],
        ["unused", entry("", [1, 1, 1])],
      ]),
    };
    const history = [put("k", "new", [41, 0, 1]), get("k", entry("new", [7, 41, 4]), [41, 2, 3])];
    expect(checkEtcdHistory(history, { start }).verdict).toBe("linearizable");
    expect(checkEtcdHistory(history).verdict).toBe("violation");
  });
});

describe("a write without an answer", () => {
  it("may fill a revision that is missing, if what is read agrees", () => {
    const around = [put("k", "a", [2, 0, 1]), lostPut("k", "b", 2), put("j", "c", [4, 3, 4])];
    expectVerdict([...around, get("k", entry("b", [2, 3, 2]), [4, 5, 6])], "linearizable");
    expectVerdict([...around, get("k", entry("a", [2, 2, 1]), [4, 5, 6])], "violation");
  });

  it("may not take the revision of another, nor come before its call", () => {
    expectVerdict(
      [put("k", "a", [2, 0, 1]), lostPut("k", "b", 2), get("k", entry("b", [2, 3, 2]), [2, 3, 4])],
      "violation",
    );
    expectVerdict([put("k", "a", [3, 0, 1]), lostPut("j", "b", 2)], "violation");
  });

  it("is chosen by what later versions need", () => {
    const history = [
      put("a", "0", [2, 0, 1]),
      put("b", "0", [3, 2, 3]),
      lostPut("a", "1", 4),
      lostPut("b", "1", 5),
      put("a", "2", [5, 6, 7]),
      put("b", "2", [6, 8, 9]),
      get("a", entry("2", [2, 5, 2]), [6, 10, 11]),
      get("b", entry("2", [3, 6, 3]), [6, 12, 13]),
    ];
    expectVerdict(history, "linearizable");
    const [partition] = checkHistory(etcdModel(history), history).partitions;
    expect(partition).toMatchObject({ order: [0, 1, 3, 4, 5, 6, 7] });
  });
});

describe("a txn", () => {
  const swap = (succeeded: boolean, revision: number, interval: Interval): EtcdOperation =>
    operation(
      3,
      {
        type: "txn",
        compares: [{ key: "k", target: "value", relation: "=", to: "a" }],
        success: [
          { type: "put", key: "k", value: "b" },
          { type: "put", key: "j", value: "b" },
        ],
        failure: [{ type: "get", key: "k" }],
      },
      {
        result: succeeded
          ? { type: "txn", revision, succeeded, answers: [{ type: "put" }, { type: "put" }] }
          : { type: "txn", revision, succeeded, answers: [{ type: "get", entry: null }] },
        interval,
      },
    );

  it("makes one revision of all its writes", () => {
    expectVerdict(
      [
        put("k", "a", [2, 0, 1]),
        swap(true, 3, [2, 3]),
        get("j", entry("b", [3, 3, 1]), [3, 4, 5]),
        get("k", entry("b", [2, 3, 2]), [3, 4, 5]),
      ],
      "linearizable",
    );
  });

  it("takes its branch by what it finds", () => {
    expectVerdict([swap(false, 1, [0, 1])], "linearizable");
    expectVerdict([swap(true, 2, [0, 1])], "violation");
    expectVerdict([put("k", "a", [2, 0, 1]), swap(false, 2, [2, 3])], "violation");
  });

  it("without an answer has its whole effect or none", () => {
    const unsure = swap(true, 0, [2]);
    const base = [put("k", "a", [2, 0, 1]), unsure];
    expectVerdict(
      [...base, get("j", entry("b", [3, 3, 1]), [3, 4, 5]), get("k", entry("b", [2, 3, 2]), [3, 6, 7])],
      "linearizable",
    );
    expectVerdict(
      [...base, get("j", entry("b", [3, 3, 1]), [3, 4, 5]), get("k", entry("a", [2, 2, 1]), [3, 6, 7])],
      "violation",
    );
  });
});

describe("answers that contradict each other", () => {
  const history = [
    put("k", "a", [2, 0, 1]),
    put("k", "b", [3, 2, 3]),
    get("k", entry("a", [2, 2, 1]), [3, 4, 5]),
  ];

  it("are found without a search and said in words", () => {
    const [partition] = checkEtcdHistory(history).partitions;
    expect(partition).toMatchObject({
      stuck: 2,
      steps: 0,
      contradiction: {
        operations: [1, 2],
        reason: 'the first wrote "k" at revision 3, and the second shows modRevision 2 of "k" at revision 3',
      },
    });
    const explanation = explainViolation(etcdModel(history), history, partition as Violation);
    expect(violationText(explanation)).toBe(
      [
        "not linearizable",
        'client 0: put "k" "b" → revision 3',
        'client 1: get "k" → "a" (created 2, modified 2, version 1), revision 3',
        'the first wrote "k" at revision 3, and the second shows modRevision 2 of "k" at revision 3',
      ].join("\n"),
    );
    expect(timelineHtml(explanation)).toContain("These answers cannot be true together");
  });

  const a = entry("a", [2, 2, 1]);

  it.each<[string, RegExp, readonly EtcdOperation[]]>([
    [
      "one revision of two writes",
      /both made revision 2/,
      [put("k", "a", [2, 0, 1]), put("j", "b", [2, 0, 1])],
    ],
    [
      "a step back",
      /called after the first had returned revision 3, and comes before it at revision 2/,
      [put("k", "a", [2, 0, 1]), put("k", "b", [3, 2, 3]), get("k", a, [2, 4, 5])],
    ],
    [
      "a read of a revision before the call of its write",
      /called after the first had returned revision 2, and comes before it at revision 2/,
      [get("j", null, [2, 0, 1]), put("k", "a", [2, 2, 3])],
    ],
    [
      "a value that its write did not write",
      /shows as its work "k" = "x"/,
      [put("k", "a", [2, 0, 1]), get("k", { ...a, value: "x" }, [2, 2, 3])],
    ],
    [
      "an entry from the future",
      /it shows modRevision 3 of "k" at revision 2/,
      [lostPut("k", "a", 0), get("k", entry("a", [3, 3, 1]), [2, 1, 2])],
    ],
    [
      "two entries of one revision",
      /different entries of "k" at modRevision 2/,
      [lostPut("k", "a", 0), get("k", a, [2, 1, 2]), get("k", { ...a, value: "b" }, [2, 3, 4])],
    ],
    [
      "an absence of what was put",
      /put "k" at revision 2, and the second finds nothing at revision 2/,
      [put("k", "a", [2, 0, 1]), get("k", null, [2, 2, 3])],
    ],
  ])("are %s", (_, reason, answers) => {
    const [partition] = checkEtcdHistory(answers).partitions;
    expect(partition).toMatchObject({
      verdict: "violation",
      contradiction: { reason: expect.stringMatching(reason) },
    });
    expectVerdict(answers, "violation");
  });
});
