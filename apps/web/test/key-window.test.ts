import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EMPTY_WINDOW,
  toRow,
  WINDOW_ROWS_MAX,
  withoutKey,
  withPageBefore,
  withPageBehind,
  withRow,
  type KeyRow,
  type KeyWindow,
} from "../src/keys/key-window.ts";
import { compareBytes } from "../src/text/compare-bytes.ts";

const keyOf = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 0xff);
const numberOf = ({ key }: KeyRow): number => key[0]! * 256 + key[1]!;
const rowOf = (number: number): KeyRow =>
  toRow({ key: keyOf(number), value: new Uint8Array(3), conflicted: false });
const rowsOf = (numbers: readonly number[]): KeyRow[] => numbers.map(rowOf);
const whole = (numbers: readonly number[]): KeyWindow => ({
  rows: rowsOf(numbers),
  atStart: true,
  atEnd: true,
});

describe("a window of keys", () => {
  it("grows behind and before, page by page", () => {
    const { window } = withPageBehind(
      { ...EMPTY_WINDOW, rows: rowsOf([5, 6]) },
      { rows: rowsOf([7, 8]), hasMore: true },
    );
    expect(window).toMatchObject({ atStart: false, atEnd: false });
    const grown = withPageBefore(window, { rows: rowsOf([3, 4]), hasMore: false });
    expect(grown.added).toBe(2);
    expect(grown.window.rows.map(numberOf)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(grown.window).toMatchObject({ atStart: true, atEnd: false });
  });

  it("lets go of rows at the other end, and knows then that it does not reach there", () => {
    const full = Array.from({ length: WINDOW_ROWS_MAX }, (_, at) => at);
    const behind = withPageBehind(whole(full), { rows: rowsOf([WINDOW_ROWS_MAX]), hasMore: false });
    expect(behind.dropped).toBe(1);
    expect(behind.window).toMatchObject({ atStart: false, atEnd: true });
    expect(numberOf(behind.window.rows[0]!)).toBe(1);
    const before = withPageBefore(behind.window, { rows: rowsOf([0]), hasMore: false });
    expect(before.window).toMatchObject({ atStart: true, atEnd: false });
    expect(before.window.rows).toHaveLength(WINDOW_ROWS_MAX);
  });

  it("takes a changed key in only where it has no gap to the rows that are held", () => {
    const middle: KeyWindow = { rows: rowsOf([10, 20]), atStart: false, atEnd: false };
    expect(withRow(middle, rowOf(15)).rows.map(numberOf)).toEqual([10, 15, 20]);
    expect(withRow(middle, rowOf(5))).toBe(middle);
    expect(withRow(middle, rowOf(25))).toBe(middle);
    expect(withRow(whole([10, 20]), rowOf(25)).rows.map(numberOf)).toEqual([10, 20, 25]);
    expect(withRow(whole([10, 20]), rowOf(5)).rows.map(numberOf)).toEqual([5, 10, 20]);
    expect(withRow({ rows: [], atStart: true, atEnd: true }, rowOf(1)).rows.map(numberOf)).toEqual([1]);
  });

  it("keeps of a long value its beginning and its length", () => {
    const row = toRow({ key: keyOf(1), value: new Uint8Array(10_000).fill(7), conflicted: true });
    expect(row).toMatchObject({ valueBytes: 10_000, conflicted: true });
    expect(row.preview.length).toBeLessThan(1000);
    expect(row.preview.buffer.byteLength).toBeLessThan(1000);
  });

  it("holds the keys of the store after any changes, in order and none twice", () => {
    const change = fc.record({ number: fc.nat(40), isThere: fc.boolean() });
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(40)), fc.array(change), (start, changes) => {
        const store = new Set(start);
        let window = whole([...start].sort((a, b) => a - b));
        for (const { number, isThere } of changes) {
          if (isThere) store.add(number);
          else store.delete(number);
          window = isThere ? withRow(window, rowOf(number)) : withoutKey(window, keyOf(number));
        }
        expect(window.rows.map(numberOf)).toEqual([...store].sort((a, b) => a - b));
      }),
    );
  });

  it("stays in order, none twice, when a change and a page bring the same key", () => {
    const rows = fc.uniqueArray(fc.nat(60)).map((numbers) => rowsOf(numbers.sort((a, b) => a - b)));
    fc.assert(
      fc.property(rows, rows, (held, page) => {
        const window = { rows: held, atStart: true, atEnd: true };
        for (const grown of [
          withPageBehind(window, { rows: page, hasMore: false }).window,
          withPageBefore(window, { rows: page, hasMore: false }).window,
        ]) {
          const keys = grown.rows.map(({ key }) => key);
          expect(keys.every((key, at) => at === 0 || compareBytes(keys[at - 1]!, key) < 0)).toBe(true);
          expect(new Set(grown.rows.map(numberOf))).toEqual(new Set([...held, ...page].map(numberOf)));
        }
      }),
    );
  });
});
