/** Of the transport port: ends in good order, and abrupt ones. */
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { PROTOCOL, connect, expectCode, frameReader, readAll, sendAll, sendForever } from "./channel-use.ts";
import { bytes, count, numbered, numberOf } from "./test-frames.ts";
import type { TransportNodes } from "./transport-nodes.ts";

export const closingChecks: Checks<TransportNodes> = {
  async "closing sends what is queued and leaves the answer to be read"(nodes) {
    const { near, far } = await nodes.pair();
    for (let index = 0; index < 50; index++) void near.send(numbered(index));
    await near.close();
    expect(near.closed).toBe(true);
    expect((await readAll(far)).map(numberOf)).toEqual(count(50));
    await sendAll(far, [bytes(42)]);
    expect(await readAll(near)).toEqual([bytes(42)]);
    expect(far.closed).toBe(true);
  },

  async "closes twice, and after an abort"(nodes) {
    const { near, far } = await nodes.pair();
    await Promise.all([near.close(), near.close()]);
    await near.close();
    await expectCode(near.send(bytes(1)), "closed");
    far.abort();
    far.abort();
    await far.close();
    await expectCode(far.send(bytes(1)), "closed");
  },

  async "aborting ends the frames of both ends"(nodes) {
    const { near, far } = await nodes.pair();
    const [atNear, atFar] = [readAll(near), readAll(far)];
    near.abort();
    expect(near.closed).toBe(true);
    expect(await atNear).toEqual([]);
    expect(await atFar).toEqual([]);
    await expectCode(near.send(bytes(1)), "closed");
    await expectCode(sendForever(far), "closed");
  },

  async "is closed when its scope ends"(nodes) {
    const { near, far } = await nodes.pair();
    {
      await using scoped = near;
      await scoped.send(bytes(5));
    }
    expect(near.closed).toBe(true);
    expect(await readAll(far)).toEqual([bytes(5)]);
  },

  async "disconnecting ends all channels with that peer, and no others"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    const second = await connect(b, a);
    const c = await nodes.open();
    const other = await connect(a, c);
    const ends = [near, far, second.near, second.far].map(readAll);
    await a.disconnect(b.self);
    expect(await Promise.all(ends)).toEqual([[], [], [], []]);
    await other.near.send(bytes(3));
    expect(await frameReader(other.far)()).toEqual(bytes(3));
    await expect(connect(a, b)).resolves.toBeDefined();
  },

  async "closing a transport ends its channels, delivers what was queued, and lets nothing be opened"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    const addresses = a.addresses();
    const atFar = readAll(far);
    void near.send(bytes(1));
    void near.send(bytes(2));
    const closing = a.close();
    expect(await atFar).toEqual([bytes(1), bytes(2)]);
    await far.close();
    await Promise.all([closing, a.close()]);
    expect(a.addresses()).toEqual([]);
    await expectCode(near.send(bytes(3)), "closed");
    await expectCode(a.open(b.self, PROTOCOL, { addresses: b.addresses() }), "closed");
    await expectCode(b.open(a.self, PROTOCOL, { addresses }), "unavailable");
  },
};
