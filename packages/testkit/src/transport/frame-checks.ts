/** Of the transport port: frames arrive whole, in order, and in their own channel. */
import { FRAME_BYTES_MAX, LatticeError } from "@lattice/model";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { PROTOCOL, echoAll, expectCode, frameReader, readAll, sendAll } from "./channel-use.ts";
import { bytes, count, numbered, numberOf, patterned } from "./test-frames.ts";
import type { TransportNodes } from "./transport-nodes.ts";

export const frameChecks: Checks<TransportNodes> = {
  async "keeps the order of 10,000 small frames"(nodes) {
    const { near, far } = await nodes.pair();
    const sending = sendAll(near, count(10_000).map(numbered));
    const received = await readAll(far);
    await sending;
    expect(received.length).toBe(10_000);
    expect(received.findIndex((frame, index) => numberOf(frame) !== index)).toBe(-1);
  },

  async "carries a frame of the greatest length, and one of a single byte"(nodes) {
    const { near, far } = await nodes.pair();
    const large = patterned(FRAME_BYTES_MAX);
    const sending = sendAll(near, [large, bytes(7)]);
    const received = await readAll(far);
    await sending;
    expect(received.map(({ length }) => length)).toEqual([FRAME_BYTES_MAX, 1]);
    expect(Buffer.compare(received[0]!, large)).toBe(0);
    expect(received[1]).toEqual(bytes(7));
  },

  async "refuses a frame over the limit and an empty one, and goes on"(nodes) {
    const { near, far } = await nodes.pair();
    await expectCode(near.send(new Uint8Array(FRAME_BYTES_MAX + 1)), "too-large");
    await expectCode(near.send(new Uint8Array(0)), "invalid-argument");
    const sending = sendAll(near, [bytes(1)]);
    expect(await readAll(far)).toEqual([bytes(1)]);
    await sending;
  },

  async "leaves the sender its buffer"(nodes) {
    const { near, far } = await nodes.pair();
    const buffer = bytes(1, 2, 3);
    const sending = near.send(buffer);
    buffer.fill(9);
    await sending;
    expect(await frameReader(far)()).toEqual(bytes(1, 2, 3));
  },

  async "sends both ways at once"(nodes) {
    const { near, far } = await nodes.pair();
    const frames = count(200).map((index) => patterned(16 << 10, index));
    const [, , atNear, atFar] = await Promise.all([
      sendAll(near, frames),
      sendAll(far, frames),
      readAll(near),
      readAll(far),
    ]);
    expect(atNear.map(({ length }) => length)).toEqual(frames.map(({ length }) => length));
    expect(Buffer.compare(Buffer.concat(atNear), Buffer.concat(frames))).toBe(0);
    expect(Buffer.compare(Buffer.concat(atFar), Buffer.concat(frames))).toBe(0);
  },

  async "keeps 100 channels apart"(nodes) {
    const [a, b] = [await nodes.open(), await nodes.open()];
    b.handle(PROTOCOL, (channel) => void echoAll(channel));
    const answers = await Promise.all(
      count(100).map(async (index) => {
        const channel = await a.open(b.self, PROTOCOL, { addresses: b.addresses() });
        const sending = sendAll(
          channel,
          count(20).map((turn) => numbered(index * 1000 + turn)),
        );
        const received = await readAll(channel);
        await sending;
        return received.map(numberOf);
      }),
    );
    answers.forEach((numbers, index) =>
      expect(numbers).toEqual(count(20).map((turn) => index * 1000 + turn)),
    );
  },

  async "lets the frames be iterated once"(nodes) {
    const { near } = await nodes.pair();
    near.frames[Symbol.asyncIterator]();
    expect(() => near.frames[Symbol.asyncIterator]()).toThrow(LatticeError);
  },
};
