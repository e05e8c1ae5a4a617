/** What an exchange costs; the README of the reconciliation shows the same table. */
import { hlcFromMs, makeId, type IntentionId } from "@lattice/model";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { SortedItems } from "../src/negentropy/index.ts";
import { differences, exchange, hashOf } from "./negentropy-exchange.ts";

const ITEM_COUNT = 10_000;
const START_MS = Date.UTC(2026, 0, 1);

/** About one intention a second, each at its own millisecond. */
const ids = Array.from({ length: ITEM_COUNT }, (_, index) => {
  const hash = hashOf(index);
  return makeId(hlcFromMs(START_MS + index * 1000 + hash[0]!), hash);
});

/** Which of the ids only one side has: the last ones, or some all over, by turns the responder's and the initiator's. */
function missing(count: number, where: "last" | "all over"): IntentionId[] {
  if (where === "last") return ids.slice(ITEM_COUNT - count);
  return Array.from({ length: count }, (_, index) => ids[(index * 7919 + 4241) % ITEM_COUNT]!);
}

function row(count: number, where: "last" | "all over"): string {
  const single = missing(count, where);
  const mine = ids.filter((id) => single.indexOf(id) % 2 !== 0);
  const theirs = ids.filter((id) => single.indexOf(id) === -1 || single.indexOf(id) % 2 === 0);
  const { rounds, messages, have, need } = exchange(new SortedItems(mine), new SortedItems(theirs));
  const expected = differences(mine, theirs);
  expect([have.length, need.length]).toEqual([expected.have.length, expected.need.length]);
  const bytes = (side: number) =>
    messages.filter((_, index) => index % 2 === side).reduce((sum, message) => sum + message.length, 0);
  return `| ${count}, ${where} | ${rounds} | ${bytes(0)} | ${bytes(1)} |`;
}

it("costs what the README says", () => {
  const rows = [0, 1, 10, 100].flatMap((count) =>
    count === 0 ? [row(count, "all over")] : [row(count, "last"), row(count, "all over")],
  );
  const readme = readFileSync(new URL("../src/negentropy/README.md", import.meta.url), "utf8");
  expect(readme).toContain(rows.join("\n"));
});
