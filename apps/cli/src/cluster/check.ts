/** Uses a cluster from several clients at once, and checks that what they saw is what one copy would have shown them. */
import { writeFileSync } from "node:fs";
import {
  checkHistory,
  explainViolation,
  kvModel,
  timelineHtml,
  violationText,
  type CheckResult,
} from "@lattice/check";
import { LatticeError } from "@lattice/model";
import type { CommandArguments } from "../commands/command.ts";
import type { Context } from "../context.ts";
import { parseDurationMs } from "../duration.ts";
import { UsageError } from "../errors.ts";
import { CheckRun, type KvHistory } from "./check-run.ts";
import { openClient, withCluster } from "./client.ts";
import { askMembers } from "./status.ts";
import { wholeNumber } from "./words.ts";

const SECONDS_DEFAULT = "10s";
const CLIENTS_DEFAULT = 8;
const KEYS_DEFAULT = 4;
const PAGE_DEFAULT = "lattice-check.html";
/** A search that takes longer than this is given up. */
const SEARCH_MS_MAX = 60_000;

export function check(context: Context, args: CommandArguments): Promise<void> {
  const forMs = parseDurationMs(args.value("for") ?? SECONDS_DEFAULT);
  const clientCount = countOf(args, "clients", { default: CLIENTS_DEFAULT, max: 1_000 });
  const keyCount = countOf(args, "keys", { default: KEYS_DEFAULT, max: 10_000 });
  return withCluster(context, args, async (call) => {
    const asked = await askMembers(context, args, call);
    const endpoints = asked.map(({ endpoint }) => endpoint).filter((endpoint) => endpoint !== undefined);
    if (endpoints.length === 0)
      throw new LatticeError("unavailable", "no member answers; see: cluster status");
    const run = new CheckRun({
      clientCount,
      keyCount,
      forMs,
      signal: context.signal,
      // Each speaks to one member, so that all of them are asked.
      open: (client) => openClient(context, args, [endpoints[client % endpoints.length]!]),
    });
    context.output.note(
      `${clientCount} clients use ${keyCount} keys below ${run.prefix} for ${forMs / 1_000} s`,
    );
    const history = await run.run();
    await call.client.kv.deleteRange(run.range, call.options).catch(() => undefined);
    tell(context, { history, page: args.value("out") ?? PAGE_DEFAULT });
  });
}

function tell({ output }: Context, { history, page }: { history: KvHistory; page: string }): void {
  const now = (): number => performance.now();
  const result = checkHistory(kvModel, history, { deadline: { now, at: now() + SEARCH_MS_MAX } });
  const unansweredCount = history.filter(({ result: answer }) => answer === undefined).length;
  const counts = { operations: history.length, unanswered: unansweredCount };
  if (result.verdict === "linearizable") {
    if (history.length === unansweredCount)
      throw new LatticeError("unavailable", "no operation was answered");
    if (output.json) output.document({ verdict: result.verdict, ...counts });
    else
      output.line(`linearizable: ${history.length} operations, ${unansweredCount} of them without an answer`);
    return;
  }
  if (output.json) output.document({ verdict: result.verdict, ...counts });
  if (result.verdict === "unknown") {
    throw new LatticeError(
      "resource-exhausted",
      "the search for an order was given up; use more keys, or fewer clients",
    );
  }
  throw new LatticeError("corrupt", violation(history, result, page));
}

function violation(history: KvHistory, result: CheckResult, page: string): string {
  const found = result.partitions.find((partition) => partition.verdict === "violation")!;
  const explanation = explainViolation(kvModel, history, found);
  writeFileSync(page, timelineHtml(explanation));
  return `not linearizable: ${violationText(explanation).replaceAll("\n", " ")}; drawn in ${page}`;
}

function countOf(args: CommandArguments, flag: string, bounds: { default: number; max: number }): number {
  const text = args.value(flag);
  if (text === undefined) return bounds.default;
  const count = Number(wholeNumber(text, `--${flag}`));
  if (count < 1 || count > bounds.max)
    throw new UsageError(`--${flag}: ${text} is not between 1 and ${bounds.max}`);
  return count;
}
