import { ERROR_CODES, LatticeError } from "@lattice/model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fifo } from "../src/fifo.ts";
import { GrpcCode, GrpcError } from "../src/index.ts";
import { FrameReader } from "../src/http2/frame-reader.ts";
import { FrameWriter } from "../src/http2/frame-writer.ts";
import { framed, MessageReader } from "../src/message-reader.ts";
import { RequestQueue } from "../src/request-queue.ts";
import { encodeStatusMessage } from "../src/status-message.ts";
import { statusOf } from "../src/status.ts";
import { frame, PREFACE, RawFrames, Type } from "./raw-frames.ts";

/** `bytes`, cut at any places. */
const chopped = (bytes: Uint8Array, cuts: readonly number[]): Buffer[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((end, index) => Buffer.from(bytes.subarray(places[index], end)));
};
const cuts = fc.array(fc.nat(), { maxLength: 12 });
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 30 }),
  fc.nat({ max: 60_000 }).map((length) => new Uint8Array(length).fill(length)),
);

describe("messages", () => {
  it("property: are the same however their bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { maxLength: 8 }), cuts, (messages, places) => {
        const read: Uint8Array[] = [];
        const reader = new MessageReader(60_000, (message) => read.push(message));
        for (const piece of chopped(Buffer.concat(messages.map(framed)), places)) {
          // Somewhere within a larger piece.
          reader.read(Buffer.concat([Uint8Array.of(9), piece, Uint8Array.of(9)]), 1, 1 + piece.length);
        }
        expect(reader.isWithin).toBe(false);
        expect(reader.heldBytes).toBe(0);
        expect(read.map((message) => Buffer.from(message))).toEqual(
          messages.map((message) => Buffer.from(message)),
        );
      }),
    );
  });

  it("that are promised take no memory before they come", () => {
    const reader = new MessageReader(1 << 30, () => {});
    const promised = Buffer.from([0, 0x3f, 0xff, 0xff, 0xff, 1, 2, 3]);
    reader.read(promised, 0, promised.length);
    expect(reader.isWithin).toBe(true);
    expect(reader.heldBytes).toBeLessThan(20_000);
  });
});

describe("frames", () => {
  const anyFrame = fc.record({
    type: fc.nat({ max: 255 }),
    flags: fc.nat({ max: 255 }),
    streamId: fc.nat({ max: 2 ** 31 - 1 }),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.nat({ max: 16_384 }).map((length) => new Uint8Array(length)),
    ),
  });

  it("property: are read the same however they are cut", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 8 }), cuts, (frames, places) => {
        const read: unknown[] = [];
        const reader = new FrameReader(({ type, flags, streamId, bytes, start, end }) =>
          read.push({ type, flags, streamId, payload: new Uint8Array(bytes.subarray(start, end)) }),
        );
        const bytes = frames.map(({ type, flags, streamId, payload }) =>
          frame(type, flags, streamId, payload),
        );
        for (const piece of chopped(Buffer.concat([PREFACE, ...bytes]), places)) reader.read(piece);
        expect(read).toEqual(frames);
      }),
    );
  });

  it("property: are written as they are meant, and messages in any parts", () => {
    const anyPart = fc.record({
      message: anyBytes,
      parts: fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(fc.oneof(anyFrame, anyPart), { maxLength: 8 }), (steps) => {
        const writer = new FrameWriter();
        let written = 0;
        for (const step of steps) {
          if ("type" in step) writer.frame(step.type, step.flags, step.streamId, step.payload);
          else writeParts(writer, step);
          expect(writer.bytes).toBeGreaterThan(written);
          written = writer.bytes;
        }
        const pieces = writer.take();
        expect(pieces.reduce((sum, { length }) => sum + length, 0)).toBe(written);
        const parser = new RawFrames();
        // HEADERS are more than frames to it.
        const frames = pieces.flatMap((piece) => parser.read(relabelled(piece)));
        expect(writer.bytes).toBe(0);
        expect(frames.length).toBeGreaterThanOrEqual(steps.length);
      }),
      { numRuns: 50 },
    );
  });

  it("property: parts of a message are its bytes", () => {
    fc.assert(
      fc.property(
        anyBytes,
        fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 6 }),
        (message, parts) => {
          const writer = new FrameWriter();
          writeParts(writer, { message, parts });
          const parser = new RawFrames();
          const frames = writer.take().flatMap((piece) => parser.read(piece));
          expect(
            frames.every(({ type, streamId, flags }) => type === Type.DATA && streamId === 7 && flags === 0),
          ).toBe(true);
          expect(Buffer.concat(frames.map(({ payload }) => payload)).equals(framed(message))).toBe(true);
        },
      ),
    );
  });
});

function writeParts(
  writer: FrameWriter,
  { message, parts }: { message: Uint8Array; parts: readonly number[] },
): void {
  let at = 0;
  for (const part of [...parts, 2 ** 30]) {
    const length = Math.min(part, message.length + 5 - at);
    if (length > 0) writer.messagePart(7, message, at, length);
    at += length;
  }
}

/** With another type for each frame, one that the parser does not look into. */
function relabelled(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 0; at < copy.length; at += 9 + copy.readUIntBE(at, 3)) copy[at + 3] = 0xff;
  return copy;
}

describe("requests that wait", () => {
  it("are read in order, with what they cost counted, and the end behind them", async () => {
    let readCount = 0;
    const queue = new RequestQueue(() => readCount++);
    const first = queue.next();
    queue.push(Uint8Array.of(1));
    expect(queue.unreadBytes).toBe(0);
    expect(await first).toEqual({ done: false, value: Uint8Array.of(1) });
    queue.push(Uint8Array.of(2));
    queue.push(new Uint8Array(100));
    expect(queue.unreadBytes).toBeGreaterThan(100);
    queue.end();
    expect(await queue.next()).toEqual({ done: false, value: Uint8Array.of(2) });
    expect((await queue.next()).value!.length).toBe(100);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    expect({ unread: queue.unreadBytes, readCount }).toEqual({ unread: 0, readCount: 2 });
  });

  it("are gone when the call is, and who reads is told", async () => {
    const queue = new RequestQueue(() => {});
    const reading = queue.next();
    const error = new GrpcError(GrpcCode.CANCELLED, "context canceled");
    queue.fail(error);
    queue.push(Uint8Array.of(1));
    await expect(reading).rejects.toBe(error);
    await expect(queue.next()).rejects.toBe(error);
    expect(queue.unreadBytes).toBe(0);
  });

  it("are dropped when nobody wants more", async () => {
    const queue = new RequestQueue(() => {});
    queue.push(Uint8Array.of(1));
    await queue.return();
    queue.push(Uint8Array.of(2));
    expect(queue.unreadBytes).toBe(0);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});

it("property: a Fifo is a list whose first is taken", () => {
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.nat(), { nil: "shift" as const, freq: 2 }), { maxLength: 400 }),
      (steps) => {
        const fifo = new Fifo<number>();
        const list: number[] = [];
        for (const step of steps) {
          if (step === "shift") expect(fifo.shift()).toBe(list.shift());
          else {
            fifo.push(step);
            list.push(step);
          }
          expect(fifo.length).toBe(list.length);
        }
      },
    ),
  );
});

describe("the status of an error", () => {
  it("is there for every code of this project", () => {
    for (const code of ERROR_CODES) {
      const status = statusOf(new LatticeError(code, "why"));
      expect(Object.values(GrpcCode)).toContain(status.code);
      expect(status.code).not.toBe(GrpcCode.OK);
      expect(status.message).toBe("why");
    }
  });

  it("is cancelled for what was aborted, and internal for anything else", () => {
    expect(statusOf(new DOMException("x", "AbortError")).code).toBe(GrpcCode.CANCELLED);
    expect(statusOf("a string")).toMatchObject({ code: GrpcCode.INTERNAL, message: "a string" });
  });
});

it("property: a status message is read by others as it was written, and has its bound", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
      const encoded = encodeStatusMessage(text);
      expect(encoded).toMatch(/^[\x20-\x7e]*$/u);
      expect(decodeURIComponent(encoded.replaceAll(/[^%\w]/gu, (other) => encodeURIComponent(other)))).toBe(
        text,
      );
    }),
  );
  expect(encodeStatusMessage("x".repeat(100_000)).length).toBeLessThan(4_200);
});
