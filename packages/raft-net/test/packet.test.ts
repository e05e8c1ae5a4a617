import { LatticeError } from "@lattice/model";
import { logIndex, memberId, PackWriter } from "@lattice/raft";
import { fuzzRuns, mutateBytes } from "@lattice/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Lane, Why } from "../src/hello.ts";
import { readPacket, writePacket, type Packet } from "../src/packet.ts";
import { anyRaftMessage, BETWEEN } from "./samples.ts";

function encode(packet: Packet): Uint8Array {
  const writer = new PackWriter();
  writePacket(writer, packet);
  return new Uint8Array(writer.written);
}

/** Views of larger bytes count as the bytes. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (value instanceof LatticeError) return { ...value, code: value.code, message: value.message };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

const error = new LatticeError("disk-full", "ä disk is full", {
  details: { reason: "no-space", __proto__x: "y" },
});
const hello = { version: 1, cluster: 2 ** 47, from: memberId(3), to: memberId(4), lane: Lane.BULK };
const others: readonly Packet[] = [
  { kind: "call", number: 7, method: "raft.propose", request: new Uint8Array([1, 2]) },
  { kind: "answer", number: 2 ** 40, answer: new Uint8Array() },
  { kind: "fault", number: 0, error },
  { kind: "ping" },
  { kind: "pong" },
  { kind: "hello", hello },
  { kind: "welcome", welcome: { version: 1, cluster: 9, member: memberId(3) } },
  {
    kind: "refusal",
    refusal: {
      version: 1,
      cluster: 9,
      member: memberId(3),
      why: Why.NOT_A_MEMBER,
      asOf: logIndex(12),
      text: "you are no member",
    },
  },
];

describe("a packet", () => {
  it.each(others)("of kind $kind comes back as it was", (packet) => {
    expect(plain(readPacket(encode(packet), BETWEEN))).toEqual(plain(packet));
  });

  it("property: with a message of Raft comes back as it was", () => {
    fc.assert(
      fc.property(anyRaftMessage, (message) => {
        const packet = readPacket(encode({ kind: "message", message }), BETWEEN);
        expect(plain(packet)).toEqual(plain({ kind: "message", message }));
      }),
    );
  });

  it("property: changed bytes give a packet that is encoded in the same bytes, or are refused as corrupt", () => {
    const messages = fc.sample(anyRaftMessage, { numRuns: 60, seed: 5 });
    const samples = [...others, ...messages.map((message) => ({ kind: "message", message }) as const)].map(
      encode,
    );
    fc.assert(
      fc.property(mutateBytes(samples), (bytes) => {
        let packet: Packet;
        try {
          packet = readPacket(bytes, BETWEEN);
        } catch (refusal) {
          expect(refusal).toBeInstanceOf(LatticeError);
          expect((refusal as LatticeError).code).toBe("corrupt");
          return;
        }
        // Texts need not be the same: what is no UTF-8 is replaced.
        if (packet.kind === "message") expect(encode(packet)).toEqual(bytes);
      }),
      fuzzRuns(3000),
    );
  });

  it("of an unknown error code keeps its words", () => {
    const bytes = encode({ kind: "fault", number: 1, error: new LatticeError("closed", "so be it") });
    const other = Buffer.from(Buffer.from(bytes).toString("latin1").replace("closed", "cl0sed"), "latin1");
    const packet = readPacket(other, BETWEEN);
    expect(packet.kind === "fault" && [packet.error.code, packet.error.message]).toEqual([
      "internal",
      "so be it",
    ]);
  });
});
