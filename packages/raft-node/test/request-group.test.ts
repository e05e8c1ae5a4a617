import { LatticeError } from "@lattice/model";
import { memberId } from "@lattice/raft";
import { fuzzRuns, mutateBytes } from "@lattice/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  decodeGroups,
  encodeGroup,
  encodeRequests,
  packEntries,
  type RequestGroup,
} from "../src/request-group.ts";

const anyGroup: fc.Arbitrary<RequestGroup> = fc.record({
  member: fc.nat({ max: 2 ** 31 }).map(memberId),
  session: fc.integer({ min: 0, max: 2 ** 48 }),
  first: fc.integer({ min: 0, max: 2 ** 40 }),
  requests: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
});

function plain(groups: readonly RequestGroup[]): unknown {
  return groups.map((group) => ({ ...group, requests: group.requests.map((each) => [...each]) }));
}

it("property: groups come back as they were, however they are put into entries", () => {
  fc.assert(
    fc.property(
      fc.array(anyGroup, { maxLength: 8 }),
      fc.integer({ min: 1, max: 300 }),
      (groups, bytesMax) => {
        const encoded = groups.map(encodeGroup);
        const entries = packEntries(encoded, bytesMax);
        expect(plain(entries.flatMap(decodeGroups))).toEqual(plain(groups));
        const largest = Math.max(bytesMax, ...encoded.map(({ length }) => length));
        for (const entry of entries) expect(entry.length).toBeLessThanOrEqual(largest);
      },
    ),
  );
});

it("property: changed bytes are groups that are encoded in the same bytes, or corrupt", () => {
  const samples = fc.sample(anyGroup, { numRuns: 30, seed: 3 }).map(encodeGroup);
  fc.assert(
    fc.property(mutateBytes(samples), (bytes) => {
      try {
        expect(new Uint8Array(Buffer.concat(decodeGroups(bytes).map(encodeGroup)))).toEqual(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(LatticeError);
        expect((error as LatticeError).code).toBe("corrupt");
      }
    }),
    fuzzRuns(2000),
  );
});

it("requests that nobody waits for belong to nobody", () => {
  expect(plain(decodeGroups(encodeRequests([Buffer.from([1])])))).toEqual([
    { member: 0, session: 0, first: 0, requests: [[1]] },
  ]);
});
