/** What was compared, in words. */
import type { Comparison, Difference } from "./compare.ts";
import type { Exchange } from "./transcript.ts";

export function report(comparisons: readonly Comparison[], names: readonly [string, string]): string {
  const differences = comparisons.flatMap((each) => each.differences);
  const open = differences.filter(({ allowed }) => allowed === undefined);
  return [
    ...comparisons.map(summary),
    "",
    ...differences.map((difference) => describe(difference, names)),
    open.length === 0 ? "nothing differs but what may" : `${open.length} answers differ`,
  ].join("\n");
}

function summary({ script, exchangeCount, differences }: Comparison): string {
  const allowed = differences.filter((each) => each.allowed !== undefined).length;
  const open = differences.length - allowed;
  const parts = [
    `${exchangeCount} compared`,
    ...(allowed === 0 ? [] : [`${allowed} may differ`]),
    ...(open === 0 ? [] : [`${open} DIFFER`]),
  ];
  return `${script.padEnd(16)} ${parts.join(", ")}`;
}

function describe(
  { script, expected, found, allowed }: Difference,
  names: readonly [string, string],
): string {
  const asked = found?.asked ?? expected?.asked ?? "";
  const title = `${script}: ${asked}`;
  if (allowed !== undefined) return `${title}\n  may differ: ${allowed.reason}\n`;
  const lines = [
    ...sideOf(names[0], expected, asked).map((line) => `  ${line}`),
    ...sideOf(names[1], found, asked).map((line) => `  ${line}`),
  ];
  return `${title}\n${lines.join("\n")}\n`;
}

function sideOf(name: string, exchange: Exchange | undefined, asked: string): string[] {
  if (exchange === undefined) return [`${name}: was not asked`];
  const other = exchange.asked === asked ? [] : [`${name} was asked: ${exchange.asked}`];
  return [...other, ...exchange.answered.split("\n").map((line) => `${name.padEnd(8)}| ${line}`)];
}
