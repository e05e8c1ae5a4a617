/** Of the transport port: who is at the other end, and how one is found. */
import { isIdentityKey, LatticeError, toHex } from "@lattice/model";
import { expect } from "vitest";
import type { Checks } from "../check.ts";
import { PROTOCOL, connect, expectCode, frameReader, readAll } from "./channel-use.ts";
import { bytes } from "./test-frames.ts";
import type { TransportNodes } from "./transport-nodes.ts";

export const openingChecks: Checks<TransportNodes> = {
  async "names both ends by their keys"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    expect(isIdentityKey(a.self)).toBe(true);
    expect(toHex(near.peer)).toBe(toHex(b.self));
    expect(toHex(far.peer)).toBe(toHex(a.self));
    expect([near.protocol, far.protocol]).toEqual([PROTOCOL, PROTOCOL]);
    expect([near.outbound, far.outbound]).toEqual([true, false]);
    expect([near.closed, far.closed]).toEqual([false, false]);
  },

  async "opens no channel to somebody else than the one asked for"(nodes) {
    const [a, b, c] = [await nodes.open(), await nodes.open(), await nodes.open()];
    c.handle(PROTOCOL, () => expect.unreachable("the channel was for another"));
    await expectCode(a.open(b.self, PROTOCOL, { addresses: c.addresses() }), "unavailable");
  },

  async "keeps a channel to a peer whose address is mistaken for another's"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    const stranger = await nodes.open();
    await expectCode(a.open(stranger.self, PROTOCOL, { addresses: b.addresses() }), "unavailable");
    await near.send(bytes(1));
    expect(await frameReader(far)()).toEqual(bytes(1));
  },

  async "opens further channels on the connection that stands"(nodes) {
    const { a, b } = await nodes.pair();
    await expect(connect(a, b, { addresses: [] })).resolves.toBeDefined();
    await expect(connect(b, a, { addresses: [] })).resolves.toBeDefined();
  },

  async "an unknown protocol is unavailable, and the connection stays"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    await expectCode(a.open(b.self, "/lattice/unknown/1", { addresses: b.addresses() }), "unavailable");
    await near.send(bytes(1));
    expect(await frameReader(far)()).toEqual(bytes(1));
  },

  async "a peer that nobody can reach is unavailable"(nodes) {
    const [a, b] = [await nodes.open(), await nodes.open()];
    await b.close();
    await expectCode(a.open(b.self, PROTOCOL, { addresses: [nodes.deadAddress] }), "unavailable");
    await expectCode(a.open(b.self, PROTOCOL), "unavailable");
    await expectCode(a.open(b.self, PROTOCOL, { addresses: ["not an address"] }), "unavailable");
  },

  async "finds a peer behind addresses of which only the last one is right"(nodes) {
    const [a, b] = [await nodes.open(), await nodes.open()];
    const addresses = [nodes.deadAddress, ...b.addresses()];
    await expect(connect(a, b, { addresses })).resolves.toBeDefined();
  },

  async "cannot open a channel to itself"(nodes) {
    const a = await nodes.open();
    a.handle(PROTOCOL, () => undefined);
    await expectCode(a.open(a.self, PROTOCOL, { addresses: a.addresses() }), "unavailable");
  },

  async "opening is cancelled by its signal, before and during"(nodes) {
    const [a, b] = [await nodes.open(), await nodes.open()];
    b.handle(PROTOCOL, () => undefined);
    const addresses = b.addresses();
    await expectCode(a.open(b.self, PROTOCOL, { addresses, signal: AbortSignal.abort() }), "cancelled");
    const during = new AbortController();
    const opening = a.open(b.self, PROTOCOL, { addresses, signal: during.signal });
    during.abort();
    await expectCode(opening, "cancelled");
    await expect(connect(a, b)).resolves.toBeDefined();
  },

  async "the latest handler of a protocol gets the channels"(nodes) {
    const [a, b] = [await nodes.open(), await nodes.open()];
    b.handle(PROTOCOL, () => expect.unreachable("this handler was replaced"));
    await expect(connect(a, b)).resolves.toBeDefined();
  },

  async "a handler that throws, at once or later, aborts its channel only"(nodes) {
    const { a, b, near, far } = await nodes.pair();
    b.handle("/lattice/throws/1", () => {
      throw new Error("at once");
    });
    const rejects = (): unknown => Promise.reject(new Error("later"));
    b.handle("/lattice/rejects/1", rejects);
    for (const protocol of ["/lattice/throws/1", "/lattice/rejects/1"]) {
      // The abort may come while the channel is being opened.
      const channel = await a.open(b.self, protocol).catch((error: unknown) => LatticeError.from(error).code);
      if (typeof channel === "string") expect(channel).toBe("unavailable");
      else expect(await readAll(channel)).toEqual([]);
    }
    await near.send(bytes(1));
    expect(await frameReader(far)()).toEqual(bytes(1));
  },
};
