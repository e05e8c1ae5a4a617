/** The suite of transports finds what is wrong with broken ones; what passes it stands in the tests beside this. */
import type { Channel, Transport } from "@lattice/net";
import { MemoryNetwork, signerNamed, transportChecks, type TransportUnderTest } from "@lattice/testkit";
import { expect, it } from "vitest";
import { altered } from "./altered.ts";

let made = 0;

function broken(
  change: (channel: Channel) => Partial<Channel>,
  ofTransport: (transport: Transport) => Partial<Transport> = () => ({}),
): TransportUnderTest {
  const network = new MemoryNetwork();
  return {
    open: async () => {
      const transport = network.transport(signerNamed(`broken ${made++}`).publicKey);
      return altered<Transport>(transport, {
        open: async (...given) => {
          const channel = await transport.open(...given);
          return altered<Channel>(channel, change(channel));
        },
        ...ofTransport(transport),
      });
    },
    deadAddress: `/memory/${"00".repeat(32)}`,
  };
}

/** Sends all but each hundredth frame. */
function losing(channel: Channel): Partial<Channel> {
  let count = 0;
  return { send: async (frame) => (++count % 100 === 0 ? undefined : await channel.send(frame)) };
}

it.each<[string, TransportUnderTest]>([
  ["names both ends by their keys", broken((channel) => ({ outbound: !channel.outbound }))],
  ["keeps the order of 10,000 small frames", broken(losing)],
  [
    "refuses a frame over the limit and an empty one, and goes on",
    broken((channel) => ({ send: async (frame) => await channel.send(frame.subarray(0, 100)) })),
  ],
  [
    "makes the sender wait for a reader that does not read, without holding up other channels",
    broken((channel) => ({ send: async (frame) => void channel.send(frame).catch(() => undefined) })),
  ],
  ["closes twice, and after an abort", broken(() => ({ close: () => Promise.reject(new Error("closed")) }))],
  [
    "a peer that nobody can reach is unavailable",
    broken(
      () => ({}),
      () => ({ open: () => Promise.reject(new TypeError("no route")) }),
    ),
  ],
  [
    "cannot open a channel to itself",
    broken(
      () => ({}),
      (transport) => ({ open: async () => ({ peer: transport.self }) as Channel }),
    ),
  ],
])("finds one that breaks: %s", async (name, under) => {
  await expect(transportChecks[name]!(under)).rejects.toThrow();
  await expect(transportChecks[name]!(broken(() => ({})))).resolves.toBeUndefined();
});
