/** What the page reads of its node. Each is read once, however many parts of the page show it. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { toHex } from "../text/hex.ts";
import { describeMethods, type StoreMethods } from "./store-methods.ts";

const STATUS_POLL_MS = 2_000;
const PEERS_POLL_MS = 3_000;
const CLUSTER_POLL_MS = 2_000;
/** With many stores, each is asked less often. */
const POLL_MS_PER_STORE = 150;

export const keys = {
  node: ["node"],
  types: ["types"],
  stores: ["stores"],
  clusters: ["clusters"],
  store: (store: string) => ["store", store],
  status: (store: string) => ["store", store, "status"],
  peers: (store: string) => ["store", store, "peers"],
  invites: (store: string) => ["store", store, "invites"],
  methods: (store: string) => ["methods", store],
} as const;

/** Asked for ever: whether it answers tells whether the node is there. */
export function useNodeStatus(): UseQueryResult<daemon.NodeStatus> {
  return useQuery({
    queryKey: keys.node,
    queryFn: ({ signal }) => lattice.node.getStatus({}, { signal }),
    refetchInterval: STATUS_POLL_MS,
  });
}

/** Asked while somebody looks at it. */
export function useClusterStatus(): UseQueryResult<daemon.ClusterStatusReply> {
  return useQuery({
    queryKey: keys.clusters,
    queryFn: ({ signal }) => lattice.node.clusterStatus({}, { signal }),
    refetchInterval: CLUSTER_POLL_MS,
  });
}

export function useStoreTypes(): UseQueryResult<daemon.StoreType[]> {
  return useQuery({
    queryKey: keys.types,
    queryFn: async ({ signal }) => (await lattice.node.listTypes({}, { signal })).types,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Parents before their children. */
export function useStores(): UseQueryResult<daemon.Store[]> {
  return useQuery({
    queryKey: keys.stores,
    queryFn: async ({ signal }) => (await lattice.store.list({}, { signal })).stores,
    refetchInterval: PEERS_POLL_MS,
  });
}

export function useStoreStatus(store: string, storeCount = 1): UseQueryResult<daemon.StoreStatus> {
  return useQuery({
    queryKey: keys.status(store),
    queryFn: ({ signal }) => lattice.store.status({ store }, { signal }),
    refetchInterval: Math.max(STATUS_POLL_MS, storeCount * POLL_MS_PER_STORE),
  });
}

export function usePeers(store: string): UseQueryResult<daemon.Peer[]> {
  return useQuery({
    queryKey: keys.peers(store),
    queryFn: async ({ signal }) => (await lattice.store.listPeers({ store }, { signal })).peers,
    refetchInterval: PEERS_POLL_MS,
  });
}

export function useInvites(store: string): UseQueryResult<daemon.InviteInfo[]> {
  return useQuery({
    queryKey: keys.invites(store),
    queryFn: async ({ signal }) => (await lattice.store.listInvites({ store }, { signal })).invites,
    refetchInterval: PEERS_POLL_MS,
  });
}

/** A store's type does not change while its node runs; when the node is another one, everything is read anew. */
export function useStoreMethods(store: string): UseQueryResult<StoreMethods> {
  return useQuery({
    queryKey: keys.methods(store),
    queryFn: ({ signal }) => describeMethods(lattice, store, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Names of a store's members, by their key in hex. */
export function useMemberNames(store: string): ReadonlyMap<string, string> {
  const { data = [] } = usePeers(store);
  return new Map(data.map(({ peer, name }) => [toHex(peer), name]));
}
