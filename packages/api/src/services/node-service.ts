/** `NodeService` over a node. */
import { concatBytes, LatticeError, readSeqBe, u64be } from "@lattice/model";
import { daemon, NodeServiceClient } from "@lattice/proto";
import type { Entry, Node, NodeEvent, NodeEventKind } from "@lattice/node";
import { implementService, type ServiceHandlers } from "../handlers.ts";
import type { ClusterView } from "./cluster-view.ts";
import { toStore } from "./store-message.ts";

/** What of a process the node itself does not know. */
export interface ProcessFacts {
  readonly dataDirectory: string;
  readonly version: string;
  readonly pid: number;
  /** What was amiss when it started, one line each. */
  readonly warnings?: readonly string[];
  /** A link that opens the page of the node once; nothing where it serves none. */
  readonly webLink?: () => string | undefined;
  /** Absent where the node was told of no cluster. */
  readonly clusters?: ClusterView | undefined;
}

export function nodeService(node: Node, facts: ProcessFacts): ServiceHandlers<NodeServiceClient> {
  return implementService(NodeServiceClient, {
    getStatus: async () => ({
      publicKey: node.self,
      name: node.name,
      dataDirectory: facts.dataDirectory,
      version: facts.version,
      storeCount: node.entries().length,
      addresses: [...node.addresses()],
      peerCount: node.livePeers().length,
      pid: facts.pid,
      startedMs: BigInt(node.startedMs),
      warnings: [...(facts.warnings ?? []), ...node.warnings()],
    }),
    setName: async ({ name }) => {
      await node.setName(name);
      return {};
    },
    listTypes: async () => ({ types: node.types.map(({ type, schema }) => ({ type, schema })) }),
    events: ({ resume }, { signal }) =>
      toEvents(node, node.events.subscribe(signal, resumedSeq(node, resume))),
    join: ({ token }, { signal }) => toProgress(node, node.join(token, { signal })),
    webLink: async () => {
      const link = facts.webLink?.();
      if (link === undefined) {
        throw new LatticeError(
          "failed-precondition",
          'this node serves no page: start it with "lattice --daemon", without --no-web',
        );
      }
      return { link };
    },
    clusterStatus: async () => {
      if (facts.clusters === undefined) return {};
      return { endpoints: [...facts.clusters.endpoints], members: [...(await facts.clusters.members())] };
    },
  });
}

const { NodeEvent_Kind: EventKind, JoinProgress_Stage: Stage } = daemon;

const KINDS: Readonly<Record<NodeEventKind, daemon.NodeEvent_Kind>> = {
  "store-opened": EventKind.STORE_OPENED,
  "store-failed": EventKind.STORE_FAILED,
  "peer-connected": EventKind.PEER_CONNECTED,
  "peer-disconnected": EventKind.PEER_DISCONNECTED,
  synced: EventKind.SYNCED,
  fork: EventKind.FORK,
  "member-joined": EventKind.MEMBER_JOINED,
  "disk-full": EventKind.DISK_FULL,
  "disk-recovered": EventKind.DISK_RECOVERED,
  "projection-paused": EventKind.PROJECTION_PAUSED,
  gap: EventKind.GAP,
};

const STAGES = {
  connecting: Stage.CONNECTING,
  admitted: Stage.ADMITTED,
  syncing: Stage.SYNCING,
  done: Stage.DONE,
} as const;

const NONE = new Uint8Array(0);

async function* toEvents(node: Node, events: AsyncIterable<NodeEvent>) {
  for await (const { kind, timeMs, storeId, peer, text, seq } of events) {
    yield {
      kind: KINDS[kind],
      timeMs: BigInt(timeMs),
      storeId: storeId ?? NONE,
      peer: peer ?? NONE,
      text,
      resume: concatBytes(u64be(node.startedMs), u64be(seq)),
    };
  }
}

/** Of a node that has started anew since, it is a place that never was. */
function resumedSeq(node: Node, resume: Uint8Array): number | undefined {
  if (resume.length === 0) return undefined;
  if (resume.length !== 16)
    throw new LatticeError("invalid-argument", "resume: this is no place in the events");
  return readSeqBe(resume.subarray(0, 8)) === node.startedMs ? readSeqBe(resume.subarray(8)) : -1;
}

async function* toProgress(node: Node, steps: ReturnType<Node["join"]>) {
  for await (const { stage, entry, intentionCount } of steps) {
    yield { stage: STAGES[stage], intentionCount: BigInt(intentionCount), ...storeOf(node, entry) };
  }
}

function storeOf(node: Node, entry: Entry | undefined) {
  return entry === undefined ? {} : { store: toStore(node, entry) };
}
