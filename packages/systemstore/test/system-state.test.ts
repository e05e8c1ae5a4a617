import {
  bytesKey,
  compareBytes,
  concatBytes,
  encodeIntention,
  hlcFromMs,
  makeId,
  sha256,
  signerFromSeed,
  signIntention,
  utf8,
  ZERO_ID,
  ZERO_STORE_ID,
  type IntentionId,
  type PubKey,
} from "@lattice/model";
import type { weaver } from "@lattice/proto";
import { MemoryState, seededRandom } from "@lattice/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  foldGenesis,
  foldSystemOp,
  Role,
  roleFromName,
  roleName,
  SYSTEM_TABLES,
  SystemState,
  type RoleSource,
  type SystemOpAt,
} from "../src/index.ts";

type Op = weaver.SystemOp["op"];

const signer = (name: string) => signerFromSeed(sha256(utf8(name)));
const key = (name: string) => signer(name).publicKey;
const owner = key("owner");
const genesis = { id: idAt(1), author: owner, schema: 1, root: true };
const secret = (n: number) => sha256(utf8(`secret ${n}`));

function idAt(time: number, tail = ""): IntentionId {
  return makeId(hlcFromMs(time), sha256(utf8(`${time} ${tail}`)));
}

function fold(ops: readonly SystemOpAt[], roles?: RoleSource): { state: SystemState; memory: MemoryState } {
  const memory = new MemoryState(SYSTEM_TABLES);
  foldGenesis(memory, genesis);
  for (const op of ops) foldSystemOp(memory, op, roles);
  return { state: new SystemState(memory), memory };
}

const by = (author: PubKey, time: number, op: Op): SystemOpAt => ({
  id: idAt(time),
  author,
  op: { schema: 1, op },
});
const admit = (member: PubKey, role: Role, secretHash: Uint8Array = new Uint8Array(0), name = ""): Op => ({
  oneofKind: "admit",
  admit: { member, role, secretHash, name },
});
const invite = (n: number, role: Role = Role.WRITER): Op => ({
  oneofKind: "invite",
  invite: { secretHash: secret(n), role, expiresMs: 5n },
});
const uninvite = (n: number): Op => ({ oneofKind: "uninvite", uninvite: { secretHash: secret(n) } });
const setName = (name: string): Op => ({ oneofKind: "setName", setName: { name } });
const setMemberName = (name: string): Op => ({ oneofKind: "setMemberName", setMemberName: { name } });
const setSchema = (schema: number): Op => ({ oneofKind: "setSchema", setSchema: { schema } });

function child(author = signer("owner"), key32: PubKey = author.publicKey): weaver.ChildAdd {
  const intention = encodeIntention({
    storeId: ZERO_STORE_ID,
    author: key32,
    seq: 0,
    timestamp: hlcFromMs(1),
    storePrev: ZERO_ID,
    condition: [],
    ops: utf8("genesis"),
  });
  return {
    genesisBody: intention.body,
    genesisSignature: signIntention(author, intention.hash),
    alias: "child",
  };
}

function reason(author: string, op: Op, before: readonly SystemOpAt[] = []): string | undefined {
  const at = by(key(author), 100, op);
  const setup = [
    by(owner, 2, admit(key("admin"), Role.ADMIN)),
    by(owner, 3, admit(key("writer"), Role.WRITER)),
    ...before,
  ];
  const bare = fold(setup).memory.dump();
  const { state, memory } = fold([...setup, at]);
  const found = state.voidReason(at.id);
  // Invariant 2: it changes nothing, but for the record of it.
  const rows = (dump: string) => dump.split("\n").filter((line) => line.startsWith("system "));
  if (found !== "" && found !== "already a member") expect(rows(memory.dump())).toEqual(rows(bare));
  return found;
}

describe("a system op counts, or says why not", () => {
  const long = "n".repeat(257);
  it.each<[string, Op, string, SystemOpAt[]?]>([
    ["writer", invite(1), "only an admin may invite"],
    ["admin", invite(1, Role.OWNER), "nobody may invite above their own role"],
    ["admin", invite(1, Role.UNSPECIFIED), "nobody may invite above their own role"],
    [
      "admin",
      { oneofKind: "invite", invite: { secretHash: new Uint8Array(31), role: 1, expiresMs: 0n } },
      "malformed invite",
    ],
    ["admin", invite(1), "the invite exists", [by(owner, 50, invite(1))]],
    ["admin", invite(1), ""],
    ["admin", uninvite(1), "there is no such invite"],
    ["writer", uninvite(1), "only an admin may take back an invite", [by(owner, 50, invite(1))]],
    [
      "admin",
      uninvite(1),
      "the invite is used",
      [by(owner, 50, invite(1)), by(owner, 51, admit(key("new"), 2, secret(1)))],
    ],
    ["admin", uninvite(1), "", [by(owner, 50, invite(1))]],
    ["writer", admit(key("new"), Role.READER), "only an admin may admit"],
    ["stranger", admit(key("stranger"), Role.OWNER), "only an admin may admit"],
    ["admin", admit(key("new"), Role.OWNER), "nobody may admit above their own role"],
    ["admin", admit(key("new"), Role.UNSPECIFIED), "nobody may admit above their own role"],
    ["admin", admit(key("new"), 9 as Role), "nobody may admit above their own role"],
    ["admin", admit(new Uint8Array(32) as PubKey, Role.READER), "the member's key is no identity"],
    ["admin", admit(new Uint8Array(3) as PubKey, Role.READER), "the member's key is no identity"],
    ["admin", admit(key("new"), Role.READER, new Uint8Array(0), long), "the name is too long"],
    ["admin", admit(key("writer"), Role.WRITER), "already a member"],
    ["admin", admit(key("writer"), Role.ADMIN), ""],
    ["writer", { oneofKind: "childAdd", childAdd: child() }, "only an admin may add a child store"],
    ["admin", { oneofKind: "childAdd", childAdd: { ...child(), alias: long } }, "the name is too long"],
    [
      "admin",
      { oneofKind: "childAdd", childAdd: { ...child(), genesisBody: new Uint8Array(9) } },
      "malformed child",
    ],
    [
      "admin",
      { oneofKind: "childAdd", childAdd: { ...child(), genesisSignature: new Uint8Array(64) } },
      "malformed child",
    ],
    [
      "admin",
      {
        oneofKind: "childAdd",
        childAdd: { ...child(signer("owner"), smallOrder()), genesisSignature: anybodys() },
      },
      "malformed child",
    ],
    [
      "admin",
      { oneofKind: "childAdd", childAdd: child() },
      "the child exists",
      [by(owner, 50, { oneofKind: "childAdd", childAdd: child() })],
    ],
    ["admin", { oneofKind: "childAdd", childAdd: child() }, ""],
    ["writer", setName("n"), "only an admin may name the store"],
    ["admin", setName(long), "the name is too long"],
    ["admin", setName("n"), ""],
    ["stranger", setMemberName("n"), "not a member"],
    ["writer", setMemberName(long), "the name is too long"],
    ["writer", setMemberName("n"), ""],
    ["writer", setSchema(2), "only an admin may raise the schema"],
    ["admin", setSchema(1), "the schema is not higher"],
    ["admin", setSchema(2), "the schema is not higher", [by(owner, 50, setSchema(3))]],
    ["admin", setSchema(2), ""],
    ["owner", { oneofKind: undefined }, "unknown system op"],
  ])("by the %s: %o: %s", (author, op, expected, before) => {
    expect(reason(author, op, before)).toBe(expected);
  });

  /** Of order 1; with R of order 1 and S = 0 anybody signs for it. */
  function smallOrder(): PubKey {
    return Uint8Array.of(1, ...new Uint8Array(31)) as PubKey;
  }
  function anybodys(): Uint8Array {
    return concatBytes(smallOrder(), new Uint8Array(32));
  }
});

describe("the system table", () => {
  it("is one for one set of ops, in whichever order they come, and for a fold in their order", () => {
    const names = ["owner", "a", "b", "c"];
    const op = (random: (bound: number) => number): Op => {
      const member = key(names[random(4)]!);
      const kinds: Op[] = [
        admit(member, random(5), random(2) === 0 ? secret(random(3)) : new Uint8Array(0), `${random(3)}`),
        invite(random(3), random(5)),
        uninvite(random(3)),
        setName(`name ${random(3)}`),
        setMemberName(`me ${random(3)}`),
        setSchema(random(5)),
        { oneofKind: "childAdd", childAdd: { ...child(), alias: `${random(2)}` } },
      ];
      return kinds[random(kinds.length)]!;
    };
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 14 }), (seed, count) => {
        const random = seededRandom(seed);
        const ops = [...Array(count).keys()].map((n): SystemOpAt => {
          const author = key(names[random(4)]!);
          return { id: idAt(2 + random(6), `${n}`), author, op: { schema: 1, op: op(random) } };
        });
        const sorted = ops.toSorted((a, b) => compareBytes(a.id, b.id));
        const want = fold(sorted).memory.dump();
        for (let order = 0; order < 3; order++) {
          const shuffled = ops.map((each) => ({ each, at: random(1000) })).sort((a, b) => a.at - b.at);
          expect(fold(shuffled.map(({ each }) => each)).memory.dump()).toBe(want);
        }
      }),
      { numRuns: 120 },
    );
  });

  it("gives each author the role that it had at each place", () => {
    const { state } = fold([
      by(owner, 10, admit(key("a"), Role.READER)),
      by(owner, 20, admit(key("a"), Role.ADMIN)),
    ]);
    expect([5, 15, 25].map((time) => state.roleAt(key("a"), idAt(time)))).toEqual([
      0,
      Role.READER,
      Role.ADMIN,
    ]);
    expect(state.roleAt(owner, genesis.id)).toBe(Role.UNSPECIFIED);
    expect([state.roleNow(key("a")), state.roleNow(key("nobody"))]).toEqual([Role.ADMIN, Role.UNSPECIFIED]);
  });

  it("reads as it was written", () => {
    const { state } = fold([
      by(owner, 10, invite(1)),
      by(owner, 11, admit(key("a"), Role.WRITER, secret(1), "Ada")),
      by(owner, 12, setName("team")),
      by(owner, 13, { oneofKind: "childAdd", childAdd: child() }),
      by(key("a"), 14, setMemberName("Ada L.")),
      by(owner, 15, setSchema(4)),
    ]);
    expect(state.name()).toBe("team");
    expect(new Set(state.members())).toEqual(
      new Set([
        { key: owner, role: Role.OWNER, name: "" },
        { key: key("a"), role: Role.WRITER, name: "Ada L." },
      ]),
    );
    expect(state.invite(secret(1))!.usedBy).toEqual(key("a"));
    expect(state.invites()).toHaveLength(1);
    expect(state.children().map(({ alias }) => alias)).toEqual(["child"]);
    expect([state.schemaNow(), state.schemaAt(idAt(14)), state.schemaAt(genesis.id)]).toEqual([4, 1, 0]);
    expect(state.voidReason(idAt(99))).toBeUndefined();
  });

  it("of a child store asks its root", () => {
    const memory = new MemoryState(SYSTEM_TABLES);
    foldGenesis(memory, { ...genesis, root: false });
    const roles: RoleSource = {
      roleNow: () => Role.ADMIN,
      roleAt: (author) => (bytesKey(author) === bytesKey(owner) ? Role.ADMIN : 0),
    };
    expect(foldSystemOp(memory, by(owner, 2, setName("n")), roles).void).toBe("");
    expect(foldSystemOp(memory, by(key("a"), 3, setName("n")), roles).void).not.toBe("");
    expect(new SystemState(memory).members()).toEqual([]);
  });
});

it("roles have names", () => {
  for (const role of [Role.READER, Role.WRITER, Role.ADMIN, Role.OWNER])
    expect(roleFromName(roleName(role))).toBe(role);
  expect([roleName(Role.UNSPECIFIED), roleName(9 as Role), roleFromName(""), roleFromName("king")]).toEqual([
    "",
    "",
    undefined,
    undefined,
  ]);
});
