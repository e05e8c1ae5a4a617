import { LatticeError } from "@lattice/model";
import { fuzzRuns, mutateBytes } from "@lattice/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import { FrameReader, HEADER_BYTES, sealFrame } from "../src/frame.ts";

const BYTES_MAX = 1000;

function frameOf(payload: Uint8Array): Buffer {
  const frame = Buffer.concat([Buffer.alloc(HEADER_BYTES), payload]);
  sealFrame(frame, 0);
  return frame;
}

function readAll(pieces: readonly Uint8Array[]): Uint8Array[] {
  const reader = new FrameReader(() => BYTES_MAX);
  return pieces.flatMap((piece) => [...reader.read(Buffer.from(piece))]).map((each) => new Uint8Array(each));
}

/** Cuts bytes at these places. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b),
    bytes.length,
  ];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

it("property: however bytes are cut into pieces, the same frames come out", () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 });
  fc.assert(
    fc.property(payloads, fc.array(fc.nat(), { maxLength: 20 }), (given, places) => {
      expect(readAll(cut(Buffer.concat(given.map(frameOf)), places))).toEqual(given);
    }),
  );
});

it("property: of changed bytes, no frame comes out that did not go in", () => {
  const given = [new Uint8Array(), new Uint8Array([1, 2, 3]), new Uint8Array(300).fill(9)];
  const stream = new Uint8Array(Buffer.concat(given.map(frameOf)));
  const known = new Set(given.map((payload) => Buffer.from(payload).toString("hex")));
  fc.assert(
    fc.property(mutateBytes([stream]), fc.array(fc.nat(), { maxLength: 5 }), (bytes, places) => {
      try {
        for (const payload of readAll(cut(bytes, places))) {
          expect(known).toContain(Buffer.from(payload).toString("hex"));
        }
      } catch (error) {
        expect(error).toBeInstanceOf(LatticeError);
        expect(["corrupt", "too-large"]).toContain((error as LatticeError).code);
      }
    }),
    fuzzRuns(2000),
  );
});

it("a frame that says it is too long is refused before its bytes come", () => {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(BYTES_MAX + 1, 0);
  expect(() => readAll([header])).toThrow("a frame of 1001 bytes");
  expect(() => readAll(cut(header, [1, 2, 3, 4, 5, 6, 7]))).toThrow("a frame of 1001 bytes");
});
