/** One line a figure: what, how much, and what it is to reach. */
export function report(what: string, figure: string, target: string): void {
  console.log(`${what.padEnd(52)} ${figure.padStart(22)}   to reach: ${target}`);
}

export function perSecond(count: number, ms: number): number {
  return (count / ms) * 1000;
}

export function rate(perSecondValue: number): string {
  return `${Math.round(perSecondValue).toLocaleString("en")}/s`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
