import type { ReactNode } from "react";
import type { daemon } from "@lattice/proto";
import { Icon } from "../parts/icon.tsx";
import { Link } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import { countText, sizeText } from "../text/numbers.ts";
import { useStoreStatuses } from "./store-statuses.ts";
import { storeTitle, storeTree, type StoreBranch } from "./store-tree.ts";

/** The tree of stores, with how each fares. */
export function StoreTable({ stores }: { readonly stores: readonly daemon.Store[] }): ReactNode {
  const statuses = useStoreStatuses(stores);
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Table of stores">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Store</th>
            <th scope="col">Type</th>
            <th scope="col">Role</th>
            <th scope="col" className="number">
              Intentions
            </th>
            <th scope="col" className="number">
              Heads
            </th>
            <th scope="col" className="number">
              Members
            </th>
            <th scope="col" className="number">
              Live peers
            </th>
            <th scope="col" className="number">
              On disk
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {storeTree(stores).map((branch) => (
            <StoreRow key={branch.id} branch={branch} status={statuses.get(branch.id)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface StoreRowProps {
  readonly branch: StoreBranch;
  readonly status: daemon.StoreStatus | undefined;
}

function StoreRow({ branch: { store, id, depth }, status }: StoreRowProps): ReactNode {
  return (
    <tr>
      <th scope="row" className={`indent-${Math.min(depth, 5)}`}>
        <Link to={storePath(id)}>{storeTitle(store)}</Link>{" "}
        {store.name === "" ? null : <code className="muted">{id.slice(0, 4)}</code>}
      </th>
      <td>
        <code>{store.type}</code>
      </td>
      <td>{status?.role}</td>
      <td className="number">{status === undefined ? "" : countText(status.intentionCount)}</td>
      <td className="number">{status?.headCount}</td>
      <td className="number">{status?.memberCount}</td>
      <td className="number">{status?.livePeers.length}</td>
      <td className="number">{status === undefined ? "" : sizeText(status.diskBytes)}</td>
      <td>
        <StoreHealth store={store} status={status} />
      </td>
    </tr>
  );
}

/** What needs somebody's attention, in a word or two. */
function StoreHealth({
  store,
  status,
}: {
  readonly store: daemon.Store;
  readonly status: daemon.StoreStatus | undefined;
}): ReactNode {
  const worries = [
    store.problem,
    status?.projectionPaused ?? "",
    status !== undefined && status.forkCount > 0 ? `${status.forkCount} forked` : "",
    status !== undefined && status.floatingCount > 0 ? `${status.floatingCount} floating` : "",
    status !== undefined && status.poisonCount > 0 ? `${status.poisonCount} refused` : "",
  ].filter((worry) => worry !== "");
  if (worries.length === 0) return <span className="muted">{status === undefined ? "" : "well"}</span>;
  return (
    <span className="worry">
      <Icon name="warning" /> {worries.join(", ")}
    </span>
  );
}
