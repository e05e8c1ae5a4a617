import { UsageError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const DIGITS_MAX = 6;

/** Such as 90s, 30m, 12h, 7d or 2w, in milliseconds. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+)([smhdw])$/.exec(text);
  if (match !== null && match[1]!.length > DIGITS_MAX)
    throw new UsageError(
      `"${text}" has over ${DIGITS_MAX} digits; write it in a larger unit of s, m, h, d or w`,
    );
  const ms = match === null ? 0 : Number(match[1]) * UNIT_MS[match[2]!]!;
  if (ms === 0) throw new UsageError(`"${text}" is no time span; write it like 90s, 30m, 12h, 7d or 2w`);
  return ms;
}
