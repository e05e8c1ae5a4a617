import { FRAME_BYTES_MAX, LatticeError } from "@lattice/model";
import { encodeFrame, FrameDecoder } from "@lattice/net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

function drain(decoder: FrameDecoder): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(frame);
  return frames;
}

/** Cuts at each of `marks`, taken modulo the length. */
function cutAt(stream: Uint8Array, marks: readonly number[]): Uint8Array[] {
  const cuts = marks.map((mark) => mark % (stream.length + 1)).toSorted((a, b) => a - b);
  return [...cuts, stream.length].map((end, index) =>
    stream.subarray(index === 0 ? 0 : cuts[index - 1], end),
  );
}

const someFrames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 30 });
const someCuts = fc.array(fc.nat(), { maxLength: 60 });

describe("encodeFrame", () => {
  it("puts the length before the frame, big-endian", () => {
    expect([...encodeFrame(new Uint8Array([7, 8]))]).toEqual([0, 0, 0, 2, 7, 8]);
  });

  it("refuses what is empty or over the limit", () => {
    expect(() => encodeFrame(new Uint8Array(0))).toThrow(LatticeError);
    expect(() => encodeFrame(new Uint8Array(FRAME_BYTES_MAX + 1))).toThrow(/over the limit/);
  });
});

describe("FrameDecoder", () => {
  it("gives the same frames however the stream is cut", () => {
    fc.assert(
      fc.property(someFrames, someCuts, fc.boolean(), (frames, marks, atOnce) => {
        const decoder = new FrameDecoder();
        const decoded: Uint8Array[] = [];
        for (const chunk of cutAt(Buffer.concat(frames.map(encodeFrame)), marks)) {
          decoder.push(chunk);
          if (!atOnce) decoded.push(...drain(decoder));
        }
        decoded.push(...drain(decoder));
        expect(decoded.map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]));
        expect(decoder.violation).toBeUndefined();
      }),
    );
  });

  it("gives the frames before a violation and nothing after it, however the stream is cut", () => {
    const badPrefix = fc.constantFrom(0, FRAME_BYTES_MAX + 1, 0xffff_ffff);
    fc.assert(
      fc.property(someFrames, someFrames, badPrefix, someCuts, (before, after, length, marks) => {
        const bad = Buffer.alloc(4);
        bad.writeUInt32BE(length, 0);
        const stream = Buffer.concat([...before.map(encodeFrame), bad, ...after.map(encodeFrame)]);
        const decoder = new FrameDecoder();
        const decoded = cutAt(stream, marks).flatMap((chunk) => {
          decoder.push(chunk);
          return drain(decoder);
        });
        expect(decoded.length).toBe(before.length);
        expect(decoder.violation).toBe(length === 0 ? "zero-length" : "too-large");
      }),
    );
  });

  it("never throws, whatever arrives", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        const decoder = new FrameDecoder();
        for (const chunk of chunks) {
          decoder.push(chunk);
          for (const frame of drain(decoder)) expect(frame.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it("gives a frame of the greatest length that comes in small pieces", () => {
    const frame = Buffer.alloc(FRAME_BYTES_MAX, "lattice");
    const stream = encodeFrame(frame);
    const decoder = new FrameDecoder();
    for (let at = 0; at < stream.length; at += 1000) decoder.push(stream.subarray(at, at + 1000));
    const [decoded, ...more] = drain(decoder);
    expect(Buffer.compare(decoded!, frame)).toBe(0);
    expect(more).toEqual([]);
  });

  it("does not set memory aside for a length that is only announced", () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 1000 }, () => {
      const decoder = new FrameDecoder();
      const prefix = Buffer.alloc(5, 1);
      prefix.writeUInt32BE(FRAME_BYTES_MAX, 0);
      decoder.push(prefix);
      expect(decoder.next()).toBeUndefined();
      return decoder;
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(FRAME_BYTES_MAX * 16);
    expect(decoders.every(({ violation }) => violation === undefined)).toBe(true);
  });

  it("does not keep a large chunk alive for a small frame", () => {
    const chunk = Buffer.concat([encodeFrame(new Uint8Array(10)), Buffer.alloc(100_000)]);
    const decoder = new FrameDecoder();
    decoder.push(chunk);
    expect(decoder.next()?.buffer.byteLength).toBe(10);
  });
});
