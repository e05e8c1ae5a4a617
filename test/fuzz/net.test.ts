import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME_BYTES_MAX, toHex, utf8 } from "../../packages/model/src/index.ts";
import { encodeFrame, FrameDecoder } from "../../packages/net/src/index.ts";
import { FrameInbox } from "../../packages/net/src/frame-inbox.ts";
import { fuzzRuns, mutateBytes } from "../../packages/testkit/src/mutate-bytes.ts";
import { outcomeOf } from "./outcome.ts";

const frames = [utf8("a"), utf8("hello"), new Uint8Array(300).fill(7)].map(encodeFrame);
const streams = [...frames, Buffer.concat(frames)].map((stream) => new Uint8Array(stream));
const cuts = fc.array(fc.nat({ max: 500 }), { maxLength: 6 });

describe("a stream of any bytes", () => {
  it("gives the frames that it holds up to the first that is none, however it is cut", () => {
    fc.assert(
      fc.property(mutateBytes(streams), cuts, (stream, marks) => {
        const decoder = new FrameDecoder();
        const ends = marks.map((mark) => mark % (stream.length + 1)).toSorted((a, b) => a - b);
        const given = outcomeOf([], () =>
          [...ends, stream.length].flatMap((end, at) => {
            decoder.push(stream.subarray(at === 0 ? 0 : ends[at - 1], end));
            return drain(decoder);
          }),
        )!;
        const { held, violation } = naive(stream);
        expect(given.map(toHex)).toEqual(held.map(toHex));
        expect(decoder.violation).toBe(violation);
      }),
      fuzzRuns(4000),
    );
  });

  it("is counted by the inbox for what is unread, whoever reads when", async () => {
    await fc.assert(
      fc.asyncProperty(mutateBytes(streams), fc.array(fc.boolean()), async (stream, reads) => {
        const inbox = new FrameInbox({ onTaken: () => {}, onReader: () => {} });
        const reading = inbox[Symbol.asyncIterator]();
        const { held } = naive(stream);
        let unread: number[] = [];
        for (const [at, frame] of held.entries()) {
          inbox.push(frame);
          unread.push(frame.length);
          if (reads[at] !== true) continue;
          const { value } = await reading.next();
          expect(value).toBeDefined();
          unread = unread.slice(1);
        }
        expect(inbox.unreadBytes).toBe(unread.reduce((sum, length) => sum + length, 0));
        inbox.drop();
        expect(inbox.unreadBytes).toBe(0);
        expect(await reading.next()).toEqual({ done: true, value: undefined });
      }),
      fuzzRuns(500),
    );
  });
});

function drain(decoder: FrameDecoder): Uint8Array[] {
  const given: Uint8Array[] = [];
  for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) given.push(frame);
  return given;
}

/** The same of the whole stream at once. */
function naive(stream: Uint8Array): { held: Uint8Array[]; violation: string | undefined } {
  const held: Uint8Array[] = [];
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  for (let at = 0; at + 4 <= stream.length;) {
    const length = view.getUint32(at);
    if (length === 0) return { held, violation: "zero-length" };
    if (length > FRAME_BYTES_MAX) return { held, violation: "too-large" };
    if (at + 4 + length > stream.length) break;
    held.push(stream.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { held, violation: undefined };
}
