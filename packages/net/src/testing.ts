/**
 * What every transport keeps to. `describeTransport` registers the tests with vitest; whoever writes a transport runs
 * them on it.
 *
 * Nothing here measures time. Where a test must see that something does not happen, it counts round trips on another
 * channel between the same two nodes.
 */
import { FRAME_BYTES_MAX, isIdentityKey, LatticeError, toHex } from "@lattice/model";
import { afterEach, describe, expect, it } from "vitest";
import type { Channel, OpenOptions, Transport } from "./transport.ts";

/** Makes transports of one network, each with an identity of its own, that can reach each other. */
export interface TransportFactory {
  open(): Promise<Transport>;
  /** An address where nobody answers. */
  readonly deadAddress: string;
}

const PROTOCOL = "/lattice/test/1";

export function describeTransport(name: string, factory: TransportFactory): void {
  describe(name, () => {
    const opened: Transport[] = [];

    async function node(): Promise<Transport> {
      const transport = await factory.open();
      opened.push(transport);
      return transport;
    }

    /** Two nodes and the two ends of a channel from the first to the second. */
    async function pair(): Promise<Pair> {
      const [a, b] = [await node(), await node()];
      const { near, far } = await connect(a, b);
      return { a, b, near, far };
    }

    afterEach(async () => {
      await Promise.all(opened.splice(0).map(async (transport) => await transport.close()));
    });

    it("names both ends by their keys", async () => {
      const { a, b, near, far } = await pair();
      expect(isIdentityKey(a.self)).toBe(true);
      expect(toHex(near.peer)).toBe(toHex(b.self));
      expect(toHex(far.peer)).toBe(toHex(a.self));
      expect([near.protocol, far.protocol]).toEqual([PROTOCOL, PROTOCOL]);
      expect([near.outbound, far.outbound]).toEqual([true, false]);
      expect([near.closed, far.closed]).toEqual([false, false]);
    });

    it("opens no channel to somebody else than the one asked for", async () => {
      const [a, b, c] = [await node(), await node(), await node()];
      c.handle(PROTOCOL, () => expect.unreachable("the channel was for another"));
      await expectCode(a.open(b.self, PROTOCOL, { addresses: c.addresses() }), "unavailable");
    });

    it("keeps a channel to a peer whose address is mistaken for another's", async () => {
      const { a, b, near, far } = await pair();
      const stranger = await node();
      await expectCode(a.open(stranger.self, PROTOCOL, { addresses: b.addresses() }), "unavailable");
      await near.send(bytes(1));
      expect(await frameReader(far)()).toEqual(bytes(1));
    });

    it("opens further channels on the connection that stands", async () => {
      const { a, b } = await pair();
      await expect(connect(a, b, { addresses: [] })).resolves.toBeDefined();
      await expect(connect(b, a, { addresses: [] })).resolves.toBeDefined();
    });

    it("keeps the order of 10,000 small frames", async () => {
      const { near, far } = await pair();
      const sending = sendAll(near, count(10_000).map(numbered));
      const received = await readAll(far);
      await sending;
      expect(received.length).toBe(10_000);
      expect(received.findIndex((frame, index) => numberOf(frame) !== index)).toBe(-1);
    });

    it("carries a frame of the greatest length, and one of a single byte", async () => {
      const { near, far } = await pair();
      const large = patterned(FRAME_BYTES_MAX);
      const sending = sendAll(near, [large, bytes(7)]);
      const received = await readAll(far);
      await sending;
      expect(received.map(({ length }) => length)).toEqual([FRAME_BYTES_MAX, 1]);
      expect(Buffer.compare(received[0]!, large)).toBe(0);
      expect(received[1]).toEqual(bytes(7));
    });

    it("refuses a frame over the limit and an empty one, and goes on", async () => {
      const { near, far } = await pair();
      await expectCode(near.send(new Uint8Array(FRAME_BYTES_MAX + 1)), "too-large");
      await expectCode(near.send(new Uint8Array(0)), "invalid-argument");
      const sending = sendAll(near, [bytes(1)]);
      expect(await readAll(far)).toEqual([bytes(1)]);
      await sending;
    });

    it("leaves the sender its buffer", async () => {
      const { near, far } = await pair();
      const buffer = bytes(1, 2, 3);
      const sending = near.send(buffer);
      buffer.fill(9);
      await sending;
      expect(await frameReader(far)()).toEqual(bytes(1, 2, 3));
    });

    it("makes the sender wait for a reader that does not read, without holding up other channels", async () => {
      const { a, b, near, far } = await pair();
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
    });

    it("receives nothing for a reader that left, until it closes", async () => {
      const { a, b, near, far } = await pair();
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
    });

    it("survives a slow reader of large frames", async () => {
      const { a, b, near, far } = await pair();
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
    });

    it("sends both ways at once", async () => {
      const { near, far } = await pair();
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
    });

    it("keeps 100 channels apart", async () => {
      const [a, b] = [await node(), await node()];
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
    });

    it("closing sends what is queued and leaves the answer to be read", async () => {
      const { near, far } = await pair();
      for (let index = 0; index < 50; index++) void near.send(numbered(index));
      await near.close();
      expect(near.closed).toBe(true);
      expect((await readAll(far)).map(numberOf)).toEqual(count(50));
      await sendAll(far, [bytes(42)]);
      expect(await readAll(near)).toEqual([bytes(42)]);
      expect(far.closed).toBe(true);
    });

    it("closes twice, and after an abort", async () => {
      const { near, far } = await pair();
      await Promise.all([near.close(), near.close()]);
      await near.close();
      await expectCode(near.send(bytes(1)), "closed");
      far.abort();
      far.abort();
      await far.close();
      await expectCode(far.send(bytes(1)), "closed");
    });

    it("aborting ends the frames of both ends", async () => {
      const { near, far } = await pair();
      const [atNear, atFar] = [readAll(near), readAll(far)];
      near.abort();
      expect(near.closed).toBe(true);
      expect(await atNear).toEqual([]);
      expect(await atFar).toEqual([]);
      await expectCode(near.send(bytes(1)), "closed");
      await expectCode(sendForever(far), "closed");
    });

    it("aborting releases a sender that waits for room", async () => {
      const { near } = await pair();
      const sending = sendForever(near);
      // A close that never comes to an end, for nobody reads.
      const closing = near.close().catch(() => undefined);
      near.abort();
      await expectCode(sending, "closed");
      await closing;
    });

    it("an abort by the other end releases a sender that waits for room", async () => {
      const { a, b, near, far } = await pair();
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
    });

    it("is closed when its scope ends", async () => {
      const { near, far } = await pair();
      {
        await using scoped = near;
        await scoped.send(bytes(5));
      }
      expect(near.closed).toBe(true);
      expect(await readAll(far)).toEqual([bytes(5)]);
    });

    it("lets the frames be iterated once", async () => {
      const { near } = await pair();
      near.frames[Symbol.asyncIterator]();
      expect(() => near.frames[Symbol.asyncIterator]()).toThrow(LatticeError);
    });

    it("disconnecting ends all channels with that peer, and no others", async () => {
      const { a, b, near, far } = await pair();
      const second = await connect(b, a);
      const c = await node();
      const other = await connect(a, c);
      const ends = [near, far, second.near, second.far].map(readAll);
      await a.disconnect(b.self);
      expect(await Promise.all(ends)).toEqual([[], [], [], []]);
      await other.near.send(bytes(3));
      expect(await frameReader(other.far)()).toEqual(bytes(3));
      await expect(connect(a, b)).resolves.toBeDefined();
    });

    it("closing a transport ends its channels, delivers what was queued, and lets nothing be opened", async () => {
      const { a, b, near, far } = await pair();
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
    });

    it("an unknown protocol is unavailable, and the connection stays", async () => {
      const { a, b, near, far } = await pair();
      await expectCode(a.open(b.self, "/lattice/unknown/1", { addresses: b.addresses() }), "unavailable");
      await near.send(bytes(1));
      expect(await frameReader(far)()).toEqual(bytes(1));
    });

    it("a peer that nobody can reach is unavailable", async () => {
      const [a, b] = [await node(), await node()];
      await b.close();
      await expectCode(a.open(b.self, PROTOCOL, { addresses: [factory.deadAddress] }), "unavailable");
      await expectCode(a.open(b.self, PROTOCOL), "unavailable");
      await expectCode(a.open(b.self, PROTOCOL, { addresses: ["not an address"] }), "unavailable");
    });

    it("finds a peer behind addresses of which only the last one is right", async () => {
      const [a, b] = [await node(), await node()];
      const addresses = [factory.deadAddress, ...b.addresses()];
      await expect(connect(a, b, { addresses })).resolves.toBeDefined();
    });

    it("cannot open a channel to itself", async () => {
      const a = await node();
      a.handle(PROTOCOL, () => undefined);
      await expectCode(a.open(a.self, PROTOCOL, { addresses: a.addresses() }), "unavailable");
    });

    it("opening is cancelled by its signal, before and during", async () => {
      const [a, b] = [await node(), await node()];
      b.handle(PROTOCOL, () => undefined);
      const addresses = b.addresses();
      await expectCode(a.open(b.self, PROTOCOL, { addresses, signal: AbortSignal.abort() }), "cancelled");
      const during = new AbortController();
      const opening = a.open(b.self, PROTOCOL, { addresses, signal: during.signal });
      during.abort();
      await expectCode(opening, "cancelled");
      await expect(connect(a, b)).resolves.toBeDefined();
    });

    it("a handler that throws, at once or later, aborts its channel only", async () => {
      const { a, b, near, far } = await pair();
      b.handle("/lattice/throws/1", () => {
        throw new Error("at once");
      });
      const rejects = (): unknown => Promise.reject(new Error("later"));
      b.handle("/lattice/rejects/1", rejects);
      for (const protocol of ["/lattice/throws/1", "/lattice/rejects/1"]) {
        // The abort may come while the channel is being opened.
        const channel = await a
          .open(b.self, protocol)
          .catch((error: unknown) => LatticeError.from(error).code);
        if (typeof channel === "string") expect(channel).toBe("unavailable");
        else expect(await readAll(channel)).toEqual([]);
      }
      await near.send(bytes(1));
      expect(await frameReader(far)()).toEqual(bytes(1));
    });

    it("the latest handler of a protocol gets the channels", async () => {
      const [a, b] = [await node(), await node()];
      b.handle(PROTOCOL, () => expect.unreachable("this handler was replaced"));
      await expect(connect(a, b)).resolves.toBeDefined();
    });
  });
}

interface Pair {
  readonly a: Transport;
  readonly b: Transport;
  readonly near: Channel;
  readonly far: Channel;
}

/** The two ends of a new channel from one node to another. */
async function connect(
  from: Transport,
  to: Transport,
  options?: OpenOptions,
): Promise<Omit<Pair, "a" | "b">> {
  const accepted = Promise.withResolvers<Channel>();
  to.handle(PROTOCOL, accepted.resolve);
  const near = await from.open(to.self, PROTOCOL, { addresses: to.addresses(), ...options });
  return { near, far: await accepted.promise };
}

/** A channel whose other end answers each frame: one call is one round trip. */
async function openEcho(from: Transport, to: Transport): Promise<() => Promise<void>> {
  const protocol = "/lattice/echo/1";
  to.handle(protocol, (channel) => void echoAll(channel));
  const channel = await from.open(to.self, protocol, { addresses: to.addresses() });
  const read = frameReader(channel);
  return async () => {
    await channel.send(bytes(1));
    await read();
  };
}

/** Until a count has not changed over many round trips. */
async function untilStill(read: () => number, echo: () => Promise<void>): Promise<void> {
  let last = -1;
  for (let still = 0; still < 100; still++) {
    await echo();
    if (read() === last) continue;
    last = read();
    still = 0;
  }
}

async function echoAll(channel: Channel): Promise<void> {
  try {
    for await (const frame of channel.frames) await channel.send(frame);
    await channel.close();
  } catch {
    // The test is over.
  }
}

async function sendAll(channel: Channel, frames: readonly Uint8Array[]): Promise<void> {
  for (const frame of frames) await channel.send(frame);
  await channel.close();
}

async function sendForever(channel: Channel): Promise<never> {
  for (;;) await channel.send(patterned(64 << 10));
}

async function readAll(channel: Channel): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of channel.frames) frames.push(new Uint8Array(frame));
  return frames;
}

/** Reads one frame a call; undefined at the end. */
function frameReader(channel: Channel): () => Promise<Uint8Array | undefined> {
  const iterator = channel.frames[Symbol.asyncIterator]();
  return async () => {
    const result = await iterator.next();
    return result.done === true ? undefined : new Uint8Array(result.value);
  };
}

async function expectCode(promise: Promise<unknown>, code: LatticeError["code"]): Promise<void> {
  const outcome = await promise.then(
    () => "no error",
    (error: unknown) => (error instanceof LatticeError ? error.code : error),
  );
  expect(outcome).toBe(code);
}

function count(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function bytes(...values: number[]): Uint8Array {
  return new Uint8Array(values);
}

function numbered(value: number): Uint8Array {
  const out = Buffer.alloc(4 + (value % 60));
  out.writeUInt32BE(value, 0);
  return new Uint8Array(out);
}

function numberOf(frame: Uint8Array): number {
  return Buffer.from(frame).readUInt32BE(0);
}

function patterned(length: number, seed = 0): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at++) out[at] = (at * 31 + (at >> 8) + seed) & 0xff;
  return out;
}

/** For factories: keys are used up one after the other, so that no two nodes of a run share one. */
export function seedOf(index: number): Uint8Array {
  const seed = Buffer.alloc(32);
  seed.writeUInt32BE(index + 1, 0);
  return new Uint8Array(seed);
}
