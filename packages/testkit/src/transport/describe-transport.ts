/**
 * What every transport keeps to. Nothing here measures time: where a check must see that something does not happen, it
 * counts round trips on another channel between the same two nodes.
 */
import { describeChecks, type Check, type Checks } from "../check.ts";
import { closingChecks } from "./closing-checks.ts";
import { flowChecks } from "./flow-checks.ts";
import { frameChecks } from "./frame-checks.ts";
import { openingChecks } from "./opening-checks.ts";
import { TransportNodes, type TransportUnderTest } from "./transport-nodes.ts";

/** What is asked of a transport, by name. */
export const transportChecks: Checks<TransportUnderTest> = withNodes({
  ...openingChecks,
  ...frameChecks,
  ...flowChecks,
  ...closingChecks,
});

/** Registers the suite with vitest, a test a check. */
export function describeTransport(name: string, under: TransportUnderTest): void {
  describeChecks(name, transportChecks, under);
}

function withNodes(checks: Checks<TransportNodes>): Checks<TransportUnderTest> {
  const entries = Object.entries(checks).map(([what, check]): [string, Check<TransportUnderTest>] => [
    what,
    async (under) => {
      await using nodes = new TransportNodes(under);
      await check(nodes);
    },
  ]);
  return Object.fromEntries(entries);
}
