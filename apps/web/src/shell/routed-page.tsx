/** From a place to what is shown there. */
import type { ReactNode } from "react";
import { ClusterPage } from "../cluster/cluster-page.tsx";
import { EventsPage } from "../events/events-page.tsx";
import { Empty } from "../parts/loading.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { OverviewPage } from "../overview/overview-page.tsx";
import { Link } from "../routing/navigation.tsx";
import type { Route } from "../routing/route.ts";
import { StorePage } from "../stores/store-page.tsx";
import { StoresPage } from "../stores/stores-page.tsx";

export function RoutedPage({ route }: { readonly route: Route }): ReactNode {
  switch (route.page) {
    case "overview":
      return <OverviewPage />;
    case "stores":
      return <StoresPage />;
    case "events":
      return <EventsPage />;
    case "cluster":
      return <ClusterPage />;
    case "store":
      return <StorePage key={route.store} route={route} />;
    case "nowhere":
      return <Nowhere path={route.path} />;
  }
}

function Nowhere({ path }: { readonly path: string }): ReactNode {
  return (
    <div className="page">
      <PageHead title="Nothing here" />
      <Empty>
        <p>
          There is no place <code>{path}</code> on this page.
        </p>
        <Link to="/" className="button">
          To the overview
        </Link>
      </Empty>
    </div>
  );
}
