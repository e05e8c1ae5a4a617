import { readFileSync } from "node:fs";
import { authpb } from "@lattice/etcd-proto";
import { compareBytes } from "@lattice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Permissions, type KeyRange } from "../../src/auth/permissions.ts";

type RangeText = [key: string, rangeEnd: string];

/** Of each set of permissions, whether etcd 3.4.23 let a user with them read each range. */
const etcdSaid = JSON.parse(readFileSync(new URL("etcd-intervals.json", import.meta.url), "utf8")) as [
  permissions: RangeText[],
  asked: [...RangeText, isPermitted: 0 | 1][],
][];

test("whether ranges are permitted is decided as etcd decides it", () => {
  for (const [texts, asked] of etcdSaid) {
    const permissions = new Permissions(texts.map(([key, end]) => permission(key, end)));
    for (const [key, end, isPermitted] of asked) {
      // Of a range without keys, etcd's answer depends on the shape of its tree, and nothing on the answer.
      if (isEmpty([key, end]) && texts.length > 1) continue;
      const what = JSON.stringify({ texts, key, end });
      expect(permissions.mayRead(range(key, end)), what).toBe(isPermitted === 1);
      expect(permissions.mayWrite(range(key, end)), what).toBe(false);
    }
  }
});

function isEmpty([key, end]: RangeText): boolean {
  return end !== "" && end !== "\0" && end <= key;
}

/** Few enough that every key that could be of a range can be looked at. */
const KEYS = ["\0", "\0\0", "a", "a\0", "aa", "b", "b\0", "c"].map((text) => Buffer.from(text, "latin1"));
const someKey = fc.constantFrom(...KEYS);
const someEnd = fc.oneof(fc.constant(Buffer.alloc(0)), someKey);
const someRange = fc.record({ key: someKey, rangeEnd: someEnd });
const someType = fc.constantFrom(
  authpb.Permission_Type.READ,
  authpb.Permission_Type.WRITE,
  authpb.Permission_Type.READWRITE,
);

test("a range is permitted if and only if every key of it is", () => {
  const somePermissions = fc.array(fc.record({ key: someKey, rangeEnd: someEnd, permType: someType }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(somePermissions, someRange, (granted, asked) => {
      const keys = KEYS.filter((key) => isIn(asked, key));
      fc.pre(keys.length > 0 && isDense(asked, granted));
      const permissions = new Permissions(granted);
      const { WRITE, READ } = authpb.Permission_Type;
      const naive = (other: authpb.Permission_Type) =>
        keys.every((key) => granted.some((one) => one.permType !== other && isIn(one, key)));
      expect(permissions.mayRead(asked)).toBe(naive(WRITE));
      expect(permissions.mayWrite(asked)).toBe(naive(READ));
    }),
    { numRuns: 2_000 },
  );
});

function isIn({ key, rangeEnd }: KeyRange, candidate: Uint8Array): boolean {
  if (rangeEnd.length === 0) return compareBytes(key, candidate) === 0;
  const isFrom = compareBytes(candidate, key) >= 0;
  return isFrom && (Buffer.from(rangeEnd).equals(Buffer.from([0])) || compareBytes(candidate, rangeEnd) < 0);
}

/**
 * Between the keys that are looked at there are others, which only ranges contain. Where one is asked for, or is to be
 * covered by single keys, looking at a few keys says nothing.
 */
function isDense(asked: KeyRange, granted: readonly KeyRange[]): boolean {
  return asked.rangeEnd.length === 0 || granted.every(({ rangeEnd }) => rangeEnd.length > 0);
}

function permission(key: string, rangeEnd: string): authpb.Permission {
  return { ...range(key, rangeEnd), permType: authpb.Permission_Type.READ };
}

function range(key: string, rangeEnd: string): KeyRange {
  return { key: Buffer.from(key, "latin1"), rangeEnd: Buffer.from(rangeEnd, "latin1") };
}
