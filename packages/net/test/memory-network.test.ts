import { LatticeError, signerFromSeed, toHex, type PubKey } from "@lattice/model";
import { MemoryNetwork, type Channel, type Transport } from "@lattice/net";
import { seedOf } from "./seed-of.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const PROTOCOL = "/lattice/test/1";
const keys = [0, 1, 2].map((index) => signerFromSeed(seedOf(index)).publicKey) as [PubKey, PubKey, PubKey];

async function connect(from: Transport, to: Transport): Promise<{ near: Channel; far: Channel }> {
  const accepted = Promise.withResolvers<Channel>();
  to.handle(PROTOCOL, accepted.resolve);
  const near = await from.open(to.self, PROTOCOL, { addresses: to.addresses() });
  return { near, far: await accepted.promise };
}

async function read(channel: Channel): Promise<number[]> {
  const first: number[] = [];
  for await (const frame of channel.frames) first.push(frame[0]!);
  return first;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => "none",
    (error: unknown) => LatticeError.from(error).code,
  );
}

describe("MemoryNetwork", () => {
  it("names a node's address after its key", () => {
    const a = new MemoryNetwork().transport(keys[0]);
    expect(a.addresses()).toEqual([`/memory/${toHex(keys[0])}`]);
  });

  it("a cut breaks both ends and lets nothing be opened until it is healed", async () => {
    const network = new MemoryNetwork();
    const [a, b, c] = [network.transport(keys[0]), network.transport(keys[1]), network.transport(keys[2])];
    const { near, far } = await connect(a, b);
    const other = await connect(a, c);
    const ends = [read(near), read(far)];
    network.cut(b.self, a.self);
    expect([near.closed, far.closed]).toEqual([true, true]);
    expect(await Promise.all(ends)).toEqual([[], []]);
    expect(await codeOf(a.open(b.self, PROTOCOL))).toBe("unavailable");
    expect(await codeOf(b.open(a.self, PROTOCOL))).toBe("unavailable");
    expect(other.near.closed).toBe(false);
    network.heal(a.self, b.self);
    expect((await connect(a, b)).near.closed).toBe(false);
  });

  it("a key has one open transport at a time", async () => {
    const network = new MemoryNetwork();
    const a = network.transport(keys[0]);
    expect(() => network.transport(keys[0])).toThrow(LatticeError);
    await a.close();
    expect(toHex(network.transport(keys[0]).self)).toBe(toHex(keys[0]));
  });

  it("opening waits for the scheduler no longer than its signal allows", async () => {
    const network = new MemoryNetwork({ schedule: () => undefined });
    const [a, b] = [network.transport(keys[0]), network.transport(keys[1])];
    b.handle(PROTOCOL, () => undefined);
    const cancel = new AbortController();
    const opening = a.open(b.self, PROTOCOL, { signal: cancel.signal });
    cancel.abort();
    expect(await codeOf(opening)).toBe("cancelled");
    const closing = a.open(b.self, PROTOCOL);
    await a.close();
    expect(await codeOf(closing)).toBe("closed");
  });

  it("keeps the order of frames under any order of tasks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const network = new MemoryNetwork({
          schedule: (task) => void scheduler.schedule(Promise.resolve()).then(task),
        });
        const [a, b] = [network.transport(keys[0]), network.transport(keys[1])];
        const numbers = Array.from({ length: 20 }, (_, index) => index);
        const talk = async (): Promise<[number[], number[]]> => {
          const { near, far } = await connect(a, b);
          const sendAll = async (channel: Channel): Promise<void> => {
            for (const number of numbers) await channel.send(new Uint8Array(20_000).fill(number));
            await channel.close();
          };
          const received = Promise.all([read(near), read(far)]);
          await Promise.all([sendAll(near), sendAll(far)]);
          return await received;
        };
        expect(await scheduler.waitFor(talk())).toEqual([numbers, numbers]);
      }),
      { numRuns: 50 },
    );
  });
});
