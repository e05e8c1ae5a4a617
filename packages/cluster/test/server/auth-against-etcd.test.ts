/** What comes to nobody's mind: calls at random, to etcd and to a member, which answer alike. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasEtcd, startEtcd } from "../etcd/etcd-process.ts";
import { playTranscript } from "../etcd/transcript.ts";
import { startOneMember } from "./one-member.ts";

/** Of distinct first keys: of two ranges that begin alike etcd sometimes keeps one twice. */
const RANGES = [
  { key: "a" },
  { key: "b", rangeEnd: "d" },
  { key: "c", rangeEnd: "\0" },
  { key: "e", rangeEnd: "f" },
  { key: "\0", rangeEnd: "b" },
  { key: "d", rangeEnd: "e" },
] as const;

const someUser = fc.constantFrom("root", "ann", "bob", "");
const someRole = fc.constantFrom("root", "reader", "writer", "");
const somePassword = fc.constantFrom("p", "q", "");
const someKey = fc.constantFrom("a", "b", "bb", "c", "d", "e", "z");
const someRange = fc.oneof(
  fc.constantFrom(...RANGES),
  fc.record({ key: someKey }),
  fc
    .record({ key: someKey, rangeEnd: fc.constantFrom("b", "c", "f", "zz", "\0") })
    .filter(({ key, rangeEnd }) => rangeEnd === "\0" || key < rangeEnd),
);
const somePermission = fc
  .tuple(fc.constantFrom("READ", "WRITE", "READWRITE"), fc.constantFrom(...RANGES))
  .map(([permType, range]) => ({ permType, ...range }));
const somePut = fc.record({ key: someKey, value: fc.constantFrom("v", "w") });
const someLease = fc.constantFrom("101", "102", "103");

const someOp = fc.oneof(
  someRange.map((requestRange) => ({ requestRange })),
  somePut.map((requestPut) => ({ requestPut })),
  // What a transaction deletes without an end etcd does not hold against what it puts.
  someRange
    .filter((range) => !("rangeEnd" in range && range.rangeEnd === "\0"))
    .map((requestDeleteRange) => ({ requestDeleteRange })),
);
const someTxn = fc.record({
  compare: fc.array(
    fc.record({
      key: someKey,
      result: fc.constant("EQUAL"),
      target: fc.constant("VERSION"),
      version: fc.constant("1"),
    }),
    { maxLength: 2 },
  ),
  success: fc.array(someOp, { maxLength: 2 }),
  failure: fc.array(someOp, { maxLength: 2 }),
});

const call = (weight: number, name: string, request: fc.Arbitrary<object>) => ({
  weight,
  arbitrary: request.map((value) => `${name} ${JSON.stringify(value)}`),
});

const someCall = fc.oneof(
  // To hash takes long.
  call(3, "UserAdd", fc.record({ name: someUser, password: somePassword })),
  call(2, "UserChangePassword", fc.record({ name: someUser, password: somePassword })),
  call(8, "Authenticate", fc.record({ name: someUser, password: somePassword })),
  call(4, "UserDelete", fc.record({ name: someUser })),
  call(12, "UserGrantRole", fc.record({ user: someUser, role: someRole })),
  call(6, "UserRevokeRole", fc.record({ name: someUser, role: someRole })),
  call(4, "UserGet", fc.record({ name: someUser })),
  call(2, "UserList", fc.constant({})),
  call(6, "RoleAdd", fc.record({ name: someRole })),
  call(3, "RoleDelete", fc.record({ role: someRole })),
  call(12, "RoleGrantPermission", fc.record({ name: someRole, perm: somePermission })),
  call(
    6,
    "RoleRevokePermission",
    fc.constantFrom(...RANGES).chain((range) => someRole.map((role) => ({ role, ...range }))),
  ),
  call(4, "RoleGet", fc.record({ role: someRole })),
  call(2, "RoleList", fc.constant({})),
  call(6, "AuthEnable", fc.constant({})),
  call(1, "AuthDisable", fc.constant({})),
  call(20, "Range", someRange),
  call(20, "Put", somePut),
  call(
    6,
    "Put",
    fc.tuple(somePut, someLease).map(([put, lease]) => ({ ...put, lease, prevKv: true })),
  ),
  call(
    10,
    "DeleteRange",
    fc.tuple(someRange, fc.boolean()).map(([range, prevKv]) => ({ ...range, prevKv })),
  ),
  call(16, "Txn", someTxn),
  call(3, "LeaseRevoke", fc.record({ ID: someLease })),
);
const someCommand = fc.tuple(fc.constantFrom("root", "root", "ann", "ann", "bob", "-"), someCall);

/** With a token that there is not, etcd 3.4 lets nobody log in, and nobody may revoke a lease; later ones and a member differ. */
const asker = (who: string, what: string): string => {
  if (what.startsWith("Authenticate")) return "-";
  return who === "-" && what.startsWith("LeaseRevoke") ? "root" : who;
};

/** So that users are told apart most of the time, and have something that they may do. */
const BEGINNING = [
  '- UserAdd {"name":"root","password":"p"}',
  '- UserAdd {"name":"ann","password":"p"}',
  '- UserGrantRole {"user":"root","role":"root"}',
  '- RoleAdd {"name":"reader"}',
  '- RoleGrantPermission {"name":"reader","perm":{"permType":"READWRITE","key":"b","rangeEnd":"d"}}',
  '- UserGrantRole {"user":"ann","role":"reader"}',
  ...["101", "102", "103"].map((id) => `- LeaseGrant {"ID":"${id}","TTL":"6000"}`),
  "- AuthEnable",
  '- Authenticate {"name":"root","password":"p"}',
  '- Authenticate {"name":"ann","password":"p"}',
];

describe.runIf(hasEtcd)("etcd and a member answer alike", () => {
  test.each([1, 2, 3])("whatever they are asked (seed %i)", async (seed) => {
    const [commands] = fc.sample(fc.array(someCommand, { minLength: 300, maxLength: 300, size: "max" }), {
      seed,
      numRuns: 1,
    });
    const lines = [...BEGINNING, ...commands!.map(([who, what]) => `${asker(who, what)} ${what}`)];
    const transcript = lines.map((line) => `> ${line}`).join("\n");
    await using etcd = await startEtcd();
    await using one = await startOneMember();
    const [theirs, ours] = await Promise.all([
      playTranscript(transcript, etcd.client),
      playTranscript(transcript, one.client),
    ]);
    expect(firstDifference(ours, theirs)).toBeUndefined();
  });
});

/** With what was asked just before: all that follows may be of it. */
function firstDifference(ours: string, theirs: string) {
  const [lines, others] = [ours.split("\n"), theirs.split("\n")];
  const at = lines.findIndex((line, index) => line !== others[index]);
  return at === -1
    ? undefined
    : { before: lines.slice(Math.max(0, at - 9), at), ours: lines[at], theirs: others[at] };
}
