import type { Node } from "@lattice/node";
import type { LatticeHandlers } from "../in-process-client.ts";
import { dynamicStoreService } from "./dynamic-service.ts";
import { nodeService, type ProcessFacts } from "./node-service.ts";
import { storeService } from "./store-service.ts";

/** All services of a node; whoever serves them, in process or over a socket, serves the same. */
export function nodeHandlers(node: Node, facts: ProcessFacts): LatticeHandlers {
  return { node: nodeService(node, facts), store: storeService(node), dynamic: dynamicStoreService(node) };
}
