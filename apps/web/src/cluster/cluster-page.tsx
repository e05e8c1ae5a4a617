import type { ReactNode } from "react";
import { PageHead } from "../parts/page-head.tsx";
export function ClusterPage(): ReactNode {
  return (
    <div className="page">
      <PageHead title="Cluster" />
    </div>
  );
}
