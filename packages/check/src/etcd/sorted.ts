/** How many of the sorted numbers are at most `max`. */
export function countUpTo(sorted: readonly number[], max: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= max) low = middle + 1;
    else high = middle;
  }
  return low;
}
