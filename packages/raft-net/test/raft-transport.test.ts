import { describeRaftTransport } from "@lattice/testkit";
import { MemoryPeers } from "../src/index.ts";
import { TcpNetwork } from "./tcp-network.ts";

describeRaftTransport("TcpPeers", { open: async () => new TcpNetwork() });

describeRaftTransport("MemoryPeers", {
  open: async () => {
    const network = new MemoryPeers();
    return {
      join: async (id, events) => network.join({ cluster: 1, id, events: { refused: () => {}, ...events } }),
      [Symbol.asyncDispose]: async () => {},
    };
  },
});
