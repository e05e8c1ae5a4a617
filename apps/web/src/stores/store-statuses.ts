/** How all stores of the node fare. */
import { useQueries } from "@tanstack/react-query";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { keys } from "../data/queries.ts";
import { toHex } from "../text/hex.ts";

const POLL_MS = 2_000;
/** With many stores, each is asked less often. */
const POLL_MS_PER_STORE = 150;

/** By the store's id in hex. Stores that are closed have no status. */
export function useStoreStatuses(stores: readonly daemon.Store[]): ReadonlyMap<string, daemon.StoreStatus> {
  const open = stores.filter(({ problem }) => problem === "").map(({ id }) => toHex(id));
  return useQueries({
    queries: open.map((store) => ({
      queryKey: keys.status(store),
      queryFn: ({ signal }: { signal: AbortSignal }) => lattice.store.status({ store }, { signal }),
      refetchInterval: Math.max(POLL_MS, open.length * POLL_MS_PER_STORE),
    })),
    combine: (results) =>
      new Map(results.flatMap(({ data }, at) => (data === undefined ? [] : [[open[at]!, data] as const]))),
  });
}
