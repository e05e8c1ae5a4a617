import { memberId, membershipOf, NO_MEMBERS, type MemberId, type Membership } from "@lattice/raft";
import { MemoryStorage, type Table } from "@lattice/storage";
import { expect, it } from "vitest";
import { keepMembers, MEMBERS_TABLE, mergeMember, readMembers } from "../../src/machine/member-rows.ts";

it("a row is there from before the membership that takes it in until one leaves it out", () => {
  const storage = new MemoryStorage({ tables: [MEMBERS_TABLE] });
  const write = (run: (rows: Table) => void) => storage.transaction((table) => run(table(MEMBERS_TABLE)));
  const ids = () => readMembers(storage.table(MEMBERS_TABLE)).map(({ id }) => Number(id));
  let membership: Membership = NO_MEMBERS;
  const add = (id: MemberId) =>
    write((rows) =>
      mergeMember(rows, { id, isLearner: false, name: "", peerUrls: [`http://m${id}`], clientUrls: [] }),
    );
  const follow = (next: Membership) => {
    write((rows) => keepMembers(rows, membership, next));
    membership = next;
  };
  const [a, b, c, d] = [1, 2, 3, 4].map(memberId) as [MemberId, MemberId, MemberId, MemberId];

  for (const id of [a, b, c]) add(id);
  follow(membershipOf([a, b]));
  expect(ids()).toEqual([a, b, c]);
  // b is on its way out while d is on its way in.
  follow({ ...membershipOf([a]), outgoing: [a, b] });
  add(d);
  follow(membershipOf([a]));
  expect(ids()).toEqual([a, c, d]);
  follow(membershipOf([a], [c, d]));
  follow(membershipOf([a, d]));
  expect(ids()).toEqual([a, d]);
});
