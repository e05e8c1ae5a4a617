/** Counts and sizes as people read them. */

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** With a thin gap between thousands. */
export function countText(count: number | bigint): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** `1 key`, `2 keys`. */
export function countOf(count: number | bigint, noun: string, plural = `${noun}s`): string {
  return `${countText(count)} ${Number(count) === 1 ? noun : plural}`;
}

export function sizeText(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit > 0 && value < 100 ? 1 : 0;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}
