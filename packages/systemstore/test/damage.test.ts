import { describe, expect, it } from "vitest";
import { concatBytes, makeId, sha256, signerFromSeed, utf8 } from "@lattice/model";
import { weaver } from "@lattice/proto";
import type { StateTable } from "@lattice/store";
import { foldSystemOp, refold, Role, SystemState } from "../src/index.ts";

const owner = signerFromSeed(sha256(utf8("owner"))).publicKey;
const id = makeId(1n, sha256(utf8("1")));
const memberKey = concatBytes(utf8("member/"), owner);
const schemaKey = utf8("schema");
const corrupt = expect.objectContaining({ code: "corrupt" });

/** The system's two tables with these rows, in the order of their keys. */
function stateOf(rows: { system?: [Uint8Array, Uint8Array][]; ops?: [Uint8Array, Uint8Array][] }) {
  const tables = { system: tableOf(rows.system ?? []), "system-ops": tableOf(rows.ops ?? []) };
  return { table: (name: string) => tables[name as keyof typeof tables] };
}

function tableOf(rows: readonly (readonly [Uint8Array, Uint8Array])[]): StateTable {
  const get = (key: Uint8Array) => rows.find(([each]) => Buffer.compare(each, key) === 0)?.[1];
  return {
    get,
    has: (key) => get(key) !== undefined,
    range: ({ gt } = {}) => rows.filter(([key]) => gt === undefined || Buffer.compare(key, gt) > 0),
    count: () => rows.length,
    put: () => {},
    delete: () => false,
  };
}

describe("a damaged row of the system is corrupt", () => {
  const noise = Uint8Array.of(0xff, 0xff);
  const grant = { id, role: Role.OWNER, by: owner };
  const member = weaver.MemberRow.toBinary({ grants: [grant], name: "" });

  it("where it is a member", () => {
    expect(() => new SystemState(stateOf({ system: [[memberKey, noise]] })).roleNow(owner)).toThrow(corrupt);
    expect(() => new SystemState(stateOf({ system: [[memberKey, noise]] })).members()).toThrow(corrupt);
  });

  it("where a member has no role", () => {
    const empty = weaver.MemberRow.toBinary({ grants: [], name: "x" });
    expect(() => refold(stateOf({ system: [[memberKey, empty]] }))).toThrow(corrupt);
  });

  it("where it is the schema, or that is missing", () => {
    expect(() => new SystemState(stateOf({ system: [[schemaKey, noise]] })).schemaNow()).toThrow(corrupt);
    const op = { schema: 1, op: { oneofKind: "setSchema" as const, setSchema: { schema: 2 } } };
    const state = stateOf({ system: [[memberKey, member]] });
    expect(() => foldSystemOp(state, { id: makeId(2n, sha256(utf8("2"))), author: owner, op })).toThrow(
      corrupt,
    );
  });

  it("where it is an op, or holds none", () => {
    expect(() => refold(stateOf({ ops: [[id, noise]] }))).toThrow(corrupt);
    expect(() => refold(stateOf({ ops: [[id, new Uint8Array(0)]] }))).toThrow(corrupt);
  });
});
