/** Times and durations as people read them. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The lower bits of a hybrid logical clock count; the upper ones are milliseconds since 1970. */
const HLC_COUNTER_BITS = 16n;

export function hlcToMs(hlc: bigint): number {
  return Number(hlc >> HLC_COUNTER_BITS);
}

/** Local, to the second: `2026-11-30 14:03:22`. Empty for 0, which stands for never. */
export function timeText(ms: number): string {
  if (ms === 0) return "";
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `14:03:22`, local. */
export function clockText(ms: number): string {
  return timeText(ms).slice(11);
}

/** `12 s ago`, `in 6 days`. */
export function agoText(ms: number, nowMs: number): string {
  if (ms === 0) return "never";
  const elapsedMs = nowMs - ms;
  if (elapsedMs < 0) return elapsedMs > -SECOND_MS ? "just now" : `in ${durationText(-elapsedMs)}`;
  return elapsedMs < 2 * SECOND_MS ? "just now" : `${durationText(elapsedMs)} ago`;
}

/** The largest unit that fits: `45 s`, `3 min`, `2 h`, `5 days`. */
export function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / SECOND_MS))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h`;
  const days = Math.floor(ms / DAY_MS);
  return days === 1 ? "1 day" : `${days} days`;
}
