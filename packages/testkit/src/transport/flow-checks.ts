/** Of the transport port: a slow reader slows its sender, and nobody else. */
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { expectCode, frameReader, openEcho, sendAll, sendForever, untilStill } from "./channel-use.ts";
import { count, patterned } from "./test-frames.ts";
import type { TransportNodes } from "./transport-nodes.ts";

export const flowChecks: Checks<TransportNodes> = {
  async "makes the sender wait for a reader that does not read, without holding up other channels"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    const echo = await openEcho(a, b);
    const frame = patterned(64 << 10);
    const total = 1024;
    let sent = 0;
    const sending = (async () => {
      for (; sent < total; sent++) await near.send(frame);
      await near.close();
    })();
    const read = frameReader(far);
    let taken = 0;
    // The bound holds at first, and again each time after the reader took a part.
    for (const part of [5, 30, 5, 40]) {
      await untilStill(() => sent, echo);
      expect(sent).toBeGreaterThan(taken);
      expect(sent - taken).toBeLessThan(total / 4);
      for (const end = taken + part; taken < end; taken++) expect(await read()).toEqual(frame);
    }
    for (; taken < total; taken++) expect((await read())?.length).toBe(frame.length);
    expect(await read()).toBeUndefined();
    await sending;
  },

  async "receives nothing for a reader that left, until it closes"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    const echo = await openEcho(a, b);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 512; sent++) await near.send(patterned(64 << 10));
    })();
    for await (const _frame of far.frames) break;
    await untilStill(() => sent, echo);
    expect(sent).toBeLessThan(256);
    await far.close();
    await sending;
  },

  async "survives a slow reader of large frames"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    const echo = await openEcho(a, b);
    const sending = sendAll(
      near,
      count(12).map((index) => patterned((1 << 20) + index)),
    );
    const read = frameReader(far);
    for (let index = 0; index < 12; index++) {
      for (let turn = 0; turn < 5; turn++) await echo();
      expect((await read())?.length).toBe((1 << 20) + index);
    }
    expect(await read()).toBeUndefined();
    await sending;
  },

  async "aborting releases a sender that waits for room"(nodes) {
    const { near } = await nodes.pair();
    const sending = sendForever(near);
    // A close that never comes to an end, for nobody reads.
    const closing = near.close().catch(() => undefined);
    near.abort();
    await expectCode(sending, "closed");
    await closing;
  },

  async "an abort by the other end releases a sender that waits for room"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    const echo = await openEcho(a, b);
    let sent = 0;
    const sending = (async () => {
      for (;;) {
        await near.send(patterned(64 << 10));
        sent++;
      }
    })();
    sending.catch(() => undefined);
    await untilStill(() => sent, echo);
    far.abort();
    await expectCode(sending, "closed");
  },
};
