import { describe, expect, it } from "vitest";
import { decodeBounded, sync } from "../src/index.ts";

const { Frame } = sync;

function frontier(count: number): Uint8Array {
  const tips = Array.from({ length: count }, () => ({
    author: new Uint8Array(32),
    seq: 1,
    id: new Uint8Array(40),
  }));
  return Frame.toBinary({ frame: { oneofKind: "frontier", frontier: { tips, last: true } } });
}

describe("a message that is decoded with a bound", () => {
  it("may have as many fields, those of the messages in it included", () => {
    // The frontier, `last`, and of each of three tips itself and its three fields.
    expect(decodeBounded(Frame, frontier(3), 14)).toEqual(Frame.fromBinary(frontier(3)));
    expect(() => decodeBounded(Frame, frontier(3), 13)).toThrow("too many fields");
  });

  it("keeps no field that nobody knows, and counts it", () => {
    const unknown = Buffer.concat([frontier(0), Buffer.from("780178017801", "hex")]);
    expect(Frame.toBinary(decodeBounded(Frame, unknown, 5))).toEqual(frontier(0));
    expect(() => decodeBounded(Frame, unknown, 4)).toThrow("too many fields");
  });

  it("counts what is in a group that nobody knows", () => {
    const group = Buffer.from("7b0801080108017c", "hex");
    expect(decodeBounded(Frame, group, 5)).toEqual(Frame.create());
    expect(() => decodeBounded(Frame, group, 4)).toThrow("too many fields");
  });
});
