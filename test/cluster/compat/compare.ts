/** Where two transcripts part, and which of these partings are meant. */
import type { Exchange, Transcript } from "./transcript.ts";

/** What may differ, and why. */
export interface AllowedDifference {
  readonly script: string;
  /** Of what was asked. */
  readonly asked: RegExp;
  readonly reason: string;
  /** What of both answers is not compared; all of them unless told. */
  readonly except?: RegExp;
}

export interface Difference {
  readonly script: string;
  readonly expected: Exchange | undefined;
  readonly found: Exchange | undefined;
  readonly allowed: AllowedDifference | undefined;
}

export interface Comparison {
  readonly script: string;
  readonly exchangeCount: number;
  readonly differences: readonly Difference[];
}

export function compare(
  script: string,
  expected: Transcript,
  found: Transcript,
  allowed: readonly AllowedDifference[],
): Comparison {
  const exchangeCount = Math.max(expected.length, found.length);
  const differences = Array.from({ length: exchangeCount }, (_, at): Difference | undefined => {
    const [theirs, ours] = [expected[at], found[at]];
    if (theirs?.asked === ours?.asked && theirs?.answered === ours?.answered) return undefined;
    const reason = allowed.find((each) => explains(each, { script, theirs, ours }));
    return { script, expected: theirs, found: ours, allowed: reason };
  });
  return { script, exchangeCount, differences: differences.filter((each) => each !== undefined) };
}

function explains(
  allowed: AllowedDifference,
  { script, theirs, ours }: { script: string; theirs: Exchange | undefined; ours: Exchange | undefined },
): boolean {
  if (allowed.script !== script || theirs === undefined || ours === undefined) return false;
  if (theirs.asked !== ours.asked || !allowed.asked.test(ours.asked)) return false;
  const { except } = allowed;
  if (except === undefined) return true;
  return theirs.answered.replaceAll(except, "") === ours.answered.replaceAll(except, "");
}
