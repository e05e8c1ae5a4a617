/** A `Range` whose bounds are keys as text (`bytesKey`), checked. */
import { assert, bytesKey } from "@lattice/model";
import type { Range } from "./storage.ts";

export interface KeyBounds {
  readonly lower: string | undefined;
  readonly lowerIncluded: boolean;
  readonly upper: string | undefined;
  readonly upperIncluded: boolean;
  readonly reverse: boolean;
}

export function keyBounds(range: Range): KeyBounds {
  const { gte, gt, lt, lte } = range;
  assert(gte === undefined || gt === undefined, "a range has at most one lower bound");
  assert(lt === undefined || lte === undefined, "a range has at most one upper bound");
  const lower = gte ?? gt;
  const upper = lte ?? lt;
  return {
    lower: lower && bytesKey(lower),
    lowerIncluded: gt === undefined,
    upper: upper && bytesKey(upper),
    upperIncluded: lt === undefined,
    reverse: range.reverse === true,
  };
}
