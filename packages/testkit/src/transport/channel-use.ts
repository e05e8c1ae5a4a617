/** What the checks of a transport do with channels. */
import { LatticeError } from "@lattice/model";
import type { Channel, OpenOptions, Transport } from "@lattice/net";
import { expect } from "vitest";
import { bytes, patterned } from "./test-frames.ts";

export const PROTOCOL = "/lattice/test/1";

export interface ChannelEnds {
  readonly near: Channel;
  readonly far: Channel;
}

/** The two ends of a new channel from one node to another. */
export async function connect(from: Transport, to: Transport, options?: OpenOptions): Promise<ChannelEnds> {
  const accepted = Promise.withResolvers<Channel>();
  to.handle(PROTOCOL, accepted.resolve);
  const near = await from.open(to.self, PROTOCOL, { addresses: to.addresses(), ...options });
  return { near, far: await accepted.promise };
}

/** A channel whose other end answers each frame: one call is one round trip. */
export async function openEcho(from: Transport, to: Transport): Promise<() => Promise<void>> {
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
export async function untilStill(read: () => number, echo: () => Promise<void>): Promise<void> {
  let last = -1;
  for (let still = 0; still < 100; still++) {
    await echo();
    if (read() === last) continue;
    last = read();
    still = 0;
  }
}

export async function echoAll(channel: Channel): Promise<void> {
  try {
    for await (const frame of channel.frames) await channel.send(frame);
    await channel.close();
  } catch {
    // The test is over.
  }
}

export async function sendAll(channel: Channel, frames: readonly Uint8Array[]): Promise<void> {
  for (const frame of frames) await channel.send(frame);
  await channel.close();
}

export async function sendForever(channel: Channel): Promise<never> {
  for (;;) await channel.send(patterned(64 << 10));
}

export async function readAll(channel: Channel): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = [];
  for await (const frame of channel.frames) frames.push(new Uint8Array(frame));
  return frames;
}

/** Reads one frame a call; undefined at the end. */
export function frameReader(channel: Channel): () => Promise<Uint8Array | undefined> {
  const iterator = channel.frames[Symbol.asyncIterator]();
  return async () => {
    const result = await iterator.next();
    return result.done === true ? undefined : new Uint8Array(result.value);
  };
}

export async function expectCode(promise: Promise<unknown>, code: LatticeError["code"]): Promise<void> {
  const outcome = await promise.then(
    () => "no error",
    (error: unknown) => (error instanceof LatticeError ? error.code : error),
  );
  expect(outcome).toBe(code);
}
