import { signerFromSeed } from "@lattice/model";
import { MemoryNetwork } from "@lattice/net";
import { describeTransport, seedOf } from "@lattice/net/testing";

const network = new MemoryNetwork();
let made = 0;

describeTransport("memory", {
  open: () => Promise.resolve(network.transport(signerFromSeed(seedOf(made++)).publicKey)),
  deadAddress: `/memory/${"00".repeat(32)}`,
});
