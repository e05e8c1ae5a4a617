import { openLibp2pTransport, type Transport } from "@lattice/net";
import { describeTransport, seedNamed } from "@lattice/testkit";

let made = 0;

/** A node that others are told of one carrier only. */
async function openOn(carrier: "quic" | "tcp"): Promise<Transport> {
  const transport = await openLibp2pTransport({
    seed: seedNamed(`node ${made++}`),
    listen: [{ host: "127.0.0.1" }],
    dialTimeoutMs: 1_500,
  });
  const all = transport.addresses.bind(transport);
  return Object.assign(transport, {
    addresses: () => all().filter((address) => address.includes("/quic-v1") === (carrier === "quic")),
  });
}

describeTransport("libp2p over QUIC", {
  open: async () => await openOn("quic"),
  deadAddress: "/ip4/127.0.0.1/udp/9/quic-v1",
});

describeTransport("libp2p over TCP", {
  open: async () => await openOn("tcp"),
  deadAddress: "/ip4/127.0.0.1/tcp/9",
});
