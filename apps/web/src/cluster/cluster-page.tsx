/** The members of the clusters that the node was told of, as each of them says that it fares. */
import type { ReactNode } from "react";
import { useClusterStatus } from "../data/queries.ts";
import { Empty, Loading } from "../parts/loading.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { clusterLines, clusterSummary, type ClusterLines } from "./cluster-lines.ts";
import { ClusterTable } from "./cluster-table.tsx";

export function ClusterPage(): ReactNode {
  const { data: status, error, refetch } = useClusterStatus();
  return (
    <div className="page">
      <PageHead
        title="Cluster"
        note="Members of Raft clusters that this node was told of, each as it answers now."
      />
      {status === undefined ? <Problem error={error} onRetry={() => void refetch()} /> : null}
      {status === undefined && error === null ? <Loading what="the cluster" /> : null}
      {status === undefined ? null : status.endpoints.length === 0 ? (
        <NoEndpoints />
      ) : (
        clusterLines(status.members).map((cluster) => <Cluster key={cluster.id} cluster={cluster} />)
      )}
    </div>
  );
}

function NoEndpoints(): ReactNode {
  return (
    <Empty>
      <p>
        This node was told of no cluster: start it with <code>--endpoints HOST:PORT,…</code> or{" "}
        <code>LATTICE_ENDPOINTS</code> to see the members here.
      </p>
    </Empty>
  );
}

function Cluster({ cluster }: { readonly cluster: ClusterLines }): ReactNode {
  const heading = `cluster-${cluster.id}`;
  if (cluster.id === "") {
    return (
      <section aria-labelledby={heading} className="stack">
        <h2 id={heading}>Of no known cluster</h2>
        <ClusterTable cluster={cluster} label="Table of members of no known cluster" />
      </section>
    );
  }
  const { text, isWell } = clusterSummary(cluster);
  return (
    <section aria-labelledby={heading} className="stack">
      <h2 id={heading}>
        Cluster <code>{cluster.id}</code>
      </h2>
      {isWell ? <p role="status">{text}</p> : <Notice kind="warning">{text}</Notice>}
      <ClusterTable cluster={cluster} label={`Table of members of cluster ${cluster.id}`} />
    </section>
  );
}
