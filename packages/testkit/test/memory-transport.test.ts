import { describeTransport, MemoryNetwork, signerNamed } from "@lattice/testkit";

const network = new MemoryNetwork();
let made = 0;

describeTransport("memory", {
  open: () => Promise.resolve(network.transport(signerNamed(`node ${made++}`).publicKey)),
  deadAddress: `/memory/${"00".repeat(32)}`,
});
