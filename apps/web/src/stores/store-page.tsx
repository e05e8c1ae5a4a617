/** One store: its head, and a tab for each way to look at it. */
import { lazy, Suspense, type ReactNode } from "react";
import type { daemon } from "@lattice/proto";
import { useStoreMethods, useStores, useStoreStatus } from "../data/queries.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { KeysTab } from "../keys/keys-tab.tsx";
import { LogTab } from "../log/log-tab.tsx";
import { MethodsTab } from "../methods/methods-tab.tsx";
import { Empty, Loading } from "../parts/loading.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { MembersTab } from "../peers/members-tab.tsx";
import { Link } from "../routing/navigation.tsx";
import { storePath, type Route, type StoreTab } from "../routing/route.ts";
import { toHex } from "../text/hex.ts";
import { StateTab } from "./state-tab.tsx";
import { StoreHead } from "./store-head.tsx";
import { storeTitle } from "./store-tree.ts";
import { tabsOf } from "./store-views.ts";

const HistoryTab = lazy(async () => ({ default: (await import("../history/history-tab.tsx")).HistoryTab }));
const ConvergenceTab = lazy(async () => ({
  default: (await import("../convergence/convergence-tab.tsx")).ConvergenceTab,
}));

type StoreRoute = Route & { page: "store" };

export function StorePage({ route }: { readonly route: StoreRoute }): ReactNode {
  const { data: stores, error, refetch } = useStores();
  const found = stores?.filter(({ id }) => toHex(id).startsWith(route.store)) ?? [];
  if (stores === undefined) {
    return (
      <div className="page">
        {error === null ? (
          <Loading what="the store" />
        ) : (
          <Problem error={error} onRetry={() => void refetch()} />
        )}
      </div>
    );
  }
  const store = found[0];
  if (store === undefined || found.length > 1) {
    return (
      <div className="page">
        <PageHead title="No such store" />
        <Empty>
          <p>
            {found.length > 1 ? "Several stores start" : "No store of this node starts"} with{" "}
            <code>{route.store}</code>.
          </p>
          <Link className="button" to="/stores">
            To all stores
          </Link>
        </Empty>
      </div>
    );
  }
  return <OpenStore store={store} route={{ ...route, store: toHex(store.id) }} />;
}

function OpenStore({
  store,
  route,
}: {
  readonly store: daemon.Store;
  readonly route: StoreRoute;
}): ReactNode {
  const { data: methods, error, refetch } = useStoreMethods(route.store);
  const status = useStoreStatus(route.store);
  const tabs = tabsOf(methods?.service);
  // Which tab is the first is known only when the methods are.
  const tab = route.tab ?? (methods === undefined ? undefined : tabs[0]!);
  return (
    <div className="page page-store">
      <StoreHead store={store} status={status.data} />
      {store.problem === "" ? null : <Notice kind="problem">This store is closed: {store.problem}</Notice>}
      {status.data === undefined || status.data.projectionPaused === "" ? null : (
        <Notice kind="warning">What is shown may be old: {status.data.projectionPaused}</Notice>
      )}
      <TabLinks store={route.store} tabs={tabs} current={tab} />
      <div className="tab-body">
        {tab === undefined ? null : <OpenTab store={store} route={{ ...route, tab }} methods={methods} />}
        {methods === undefined && store.problem === "" ? (
          <Problem
            what="The methods of this store are not known"
            error={error}
            onRetry={() => void refetch()}
          />
        ) : null}
        {methods === undefined && error === null && tab === undefined ? <Loading what="the store" /> : null}
      </div>
    </div>
  );
}

const TAB_LABELS: Readonly<Record<StoreTab, string>> = {
  keys: "Keys",
  log: "Log",
  methods: "Methods",
  history: "History",
  convergence: "Convergence",
  members: "Members",
  state: "State",
};

interface TabLinksProps {
  readonly store: string;
  readonly tabs: readonly StoreTab[];
  readonly current: StoreTab | undefined;
}

function TabLinks({ store, tabs, current }: TabLinksProps): ReactNode {
  return (
    <nav className="tabs" aria-label="Views of this store" data-tabs="">
      <ul>
        {tabs.map((tab) => (
          <li key={tab}>
            <Link to={storePath(store, tab)} aria-current={tab === current ? "page" : undefined}>
              {TAB_LABELS[tab]}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

interface OpenTabProps {
  readonly store: daemon.Store;
  readonly route: StoreRoute & { readonly tab: StoreTab };
  readonly methods: StoreMethods | undefined;
}

function OpenTab({ store, route, methods }: OpenTabProps): ReactNode {
  const { store: id, tab, item } = route;
  switch (tab) {
    case "keys":
    case "log":
    case "methods": {
      if (methods === undefined) return null;
      const View = { keys: KeysTab, log: LogTab, methods: MethodsTab }[tab];
      return <View store={store} id={id} methods={methods} item={item} />;
    }
    case "history":
      return (
        <Suspense fallback={<Loading what="the history" />}>
          <HistoryTab id={id} item={item} />
        </Suspense>
      );
    case "convergence":
      return (
        <Suspense fallback={<Loading what="who has what" />}>
          <ConvergenceTab id={id} />
        </Suspense>
      );
    case "members":
      return <MembersTab id={id} title={storeTitle(store)} />;
    case "state":
      return <StateTab id={id} />;
  }
}
