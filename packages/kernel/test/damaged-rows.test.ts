import { describe, expect, it } from "vitest";
import { encodeIntention, utf8 } from "@lattice/model";
import { parseGenesis } from "../src/index.ts";
import { decodeFloating, decodeWitness } from "../src/records.ts";
import { memoryLog, openReplica, opsOf, World } from "./world.ts";

const corrupt = expect.objectContaining({ code: "corrupt" });

describe("a log", () => {
  const world = new World();

  it.each([
    ["of another length", utf8("no id")],
    ["that is not in it", new Uint8Array(40).fill(1)],
  ])("with a head %s takes no write, which would cite it", (_, head) => {
    const log = memoryLog(world);
    log.transaction((table) => table("heads").put(head, new Uint8Array(0)));
    const replica = openReplica({ world, log, signer: world.owner });
    const name = { oneofKind: "setName" as const, setName: { name: "n" } };
    const ops = { op: { oneofKind: "system" as const, system: { schema: 1, op: name } } };
    expect(() => replica.submit(ops, { sign: true })).toThrow(corrupt);
  });

  it("without its end is corrupt", () => {
    const log = memoryLog(world);
    log.transaction((table) => table("meta").delete(utf8("head")));
    expect(() => openReplica({ world, log })).toThrow(corrupt);
  });

  it("with a record that nobody signed is corrupt to whoever wants it proven", () => {
    const log = memoryLog(world);
    const replica = openReplica({ world, log, signer: world.owner });
    const { body } = replica.log.at(1).intention;
    const row = log.table("witness").get(new Uint8Array(8).with(7, 1))!;
    const unsigned = new Uint8Array([0, ...row.subarray(1, 41), ...body]);
    log.transaction((table) => table("witness").put(new Uint8Array(8).with(7, 1), unsigned));
    replica.log.reload();
    expect(() => replica.log.vouchersOf(replica.log.at(1))).toThrow(corrupt);
  });

  it.each([
    ["author's name", new Uint8Array(31)],
    ["branch's name", new Uint8Array(71)],
  ])("with a tip under a damaged %s is corrupt", (_, key) => {
    const log = memoryLog(world);
    log.transaction((table) => table("tips").put(key, new Uint8Array(48)));
    expect(() => openReplica({ world, log }).log.tips()).toThrow(corrupt);
  });
});

describe("a record", () => {
  it("with a time that no clock has is none", () => {
    const row = new Uint8Array(200).fill(0xff).with(0, 0);
    expect([decodeWitness(row), decodeFloating(row)]).toEqual([undefined, undefined]);
    expect(decodeWitness(row.with(1, 0).with(2, 0x1f))?.wallMs).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("a genesis", () => {
  it.each([
    [0, true],
    [32, true],
    [1, false],
    [31, false],
    [33, false],
  ])("whose parent has %i bytes is one: %s", (length, isGenesis) => {
    const genesis = {
      storeType: "a:b",
      schema: 1,
      nonce: new Uint8Array(16),
      parent: new Uint8Array(length),
    };
    const { first } = new World();
    const intention = encodeIntention({ ...first, ops: opsOf({ oneofKind: "genesis", genesis }) });
    if (isGenesis) expect(parseGenesis(intention)).toMatchObject({ storeType: "a:b" });
    else expect(() => parseGenesis(intention)).toThrow(corrupt);
  });
});
