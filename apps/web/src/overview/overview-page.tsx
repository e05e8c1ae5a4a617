/** The node at a glance: who it is, what needs attention, its stores, what happens. */
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState, type FormEvent, type ReactNode } from "react";
import { shownText } from "../text/shown-text.ts";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { signOut } from "../connection/session.ts";
import { keys, useNodeStatus, useStores } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { useEvents } from "../events/event-feed.ts";
import { EventList } from "../events/event-list.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Hash } from "../parts/hash.tsx";
import { Icon } from "../parts/icon.tsx";
import { Loading } from "../parts/loading.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useNow } from "../parts/use-now.ts";
import { Link } from "../routing/navigation.tsx";
import { NoStores } from "../stores/no-stores.tsx";
import { useStoreStatuses } from "../stores/store-statuses.ts";
import { StoreTable } from "../stores/store-table.tsx";
import { shortHex } from "../text/hex.ts";
import { countText, sizeText } from "../text/numbers.ts";
import { durationText } from "../text/times.ts";
import { ratesOf, withSample, type ActivitySample } from "./activity.ts";

const ActivityChart = lazy(async () => ({ default: (await import("./activity-chart.tsx")).ActivityChart }));

const SHOWN_EVENT_COUNT = 8;

export function OverviewPage(): ReactNode {
  const { data: status } = useNodeStatus();
  const { data: stores, error, refetch } = useStores();
  if (status === undefined) return <Loading what="the node" />;
  return (
    <div className="page">
      <PageHead title={shownText(status.name) || shortHex(status.publicKey)} note="This node" />
      {status.warnings.map((warning) => (
        <Notice key={warning} kind="warning">
          {warning}
        </Notice>
      ))}
      {stores === undefined ? <Problem error={error} onRetry={() => void refetch()} /> : null}
      <Tiles status={status} stores={stores ?? []} />
      <section aria-labelledby="overview-stores" className="stack">
        <h2 id="overview-stores">Stores</h2>
        {stores === undefined ? null : stores.length === 0 ? <NoStores /> : <StoreTable stores={stores} />}
      </section>
      <div className="columns">
        <NodeCard status={status} />
        <RecentEvents />
      </div>
    </div>
  );
}

interface TilesProps {
  readonly status: daemon.NodeStatus;
  readonly stores: readonly daemon.Store[];
}

function Tiles({ status, stores }: TilesProps): ReactNode {
  const statuses = [...useStoreStatuses(stores).values()];
  const intentionCount = statuses.reduce((sum, store) => sum + Number(store.intentionCount), 0);
  const diskBytes = statuses.reduce((sum, store) => sum + Number(store.diskBytes), 0);
  const isComplete = statuses.length === stores.filter(({ problem }) => problem === "").length;
  const rates = ratesOf(useActivity(isComplete ? intentionCount : undefined));
  const latest = rates.perSecond.at(-1) ?? 0;
  return (
    <div className="tiles">
      <Tile name="Stores" value={countText(status.storeCount)} />
      <Tile name="Live peers" value={countText(status.peerCount)} />
      <Tile name="Intentions" value={countText(intentionCount)} />
      <Tile name="On disk" value={sizeText(diskBytes)} />
      <section className="tile tile-chart" aria-label="Activity">
        <div className="tile-name">Intentions per second</div>
        <Suspense fallback={null}>
          <ActivityChart
            rates={rates}
            label={`Intentions per second over the last minutes; now ${latest.toFixed(1)}`}
          />
        </Suspense>
      </section>
    </div>
  );
}

function Tile({ name, value }: { readonly name: string; readonly value: string }): ReactNode {
  return (
    <div className="tile">
      <div className="tile-name">{name}</div>
      <div className="tile-value">{value}</div>
    </div>
  );
}

let kept: readonly ActivitySample[] = [];

/** Samples the count each time it is read; keeps them while another place is looked at. */
function useActivity(intentionCount: number | undefined): readonly ActivitySample[] {
  const { dataUpdatedAt } = useNodeStatus();
  const [samples, setSamples] = useState(kept);
  useEffect(() => {
    if (intentionCount === undefined || dataUpdatedAt === 0) return;
    kept = withSample(kept, { timeMs: dataUpdatedAt, intentionCount });
    setSamples(kept);
  }, [intentionCount, dataUpdatedAt]);
  return samples;
}

function NodeCard({ status }: { readonly status: daemon.NodeStatus }): ReactNode {
  const now = useNow();
  return (
    <section className="card" aria-labelledby="overview-node">
      <div className="section-head">
        <h2 id="overview-node">Node</h2>
        <SignOut />
      </div>
      <NodeName name={status.name} />
      <dl className="facts">
        <div>
          <dt>Public key</dt>
          <dd>
            <Hash bytes={status.publicKey} what="the public key" />
          </dd>
        </div>
        <div>
          <dt>Running for</dt>
          <dd>{durationText(Math.max(0, now - Number(status.startedMs)))}</dd>
        </div>
        <div>
          <dt>Process</dt>
          <dd>{status.pid}</dd>
        </div>
        <div>
          <dt>Data</dt>
          <dd>
            <code className="break">{status.dataDirectory}</code>
          </dd>
        </div>
        <div className="fact-wide">
          <dt>Addresses</dt>
          <dd>
            <ul className="plain-list">
              {status.addresses.map((address) => (
                <li key={address} className="hash">
                  <code className="break">{address}</code>
                  <CopyButton text={address} what="the address" />
                </li>
              ))}
            </ul>
          </dd>
        </div>
      </dl>
    </section>
  );
}

function SignOut(): ReactNode {
  const leave = useMutation({
    mutationFn: () => signOut(),
    onSuccess: () => queryClient.resetQueries(),
  });
  return (
    <>
      <button
        type="button"
        className="button button-quiet"
        disabled={leave.isPending}
        onClick={() => leave.mutate()}
      >
        Sign out
      </button>
      <Problem what="Not signed out" error={leave.error} />
    </>
  );
}

function NodeName({ name }: { readonly name: string }): ReactNode {
  const [text, setText] = useState<string>();
  const rename = useMutation({
    mutationFn: (next: string) => lattice.node.setName({ name: next }),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.node });
      setText(undefined);
    },
  });
  if (text === undefined) {
    return (
      <p className="node-name">
        <span>{name === "" ? "without a name" : name}</span>
        <button type="button" className="button button-quiet" onClick={() => setText(name)}>
          <Icon name="edit" /> Name it
        </button>
      </p>
    );
  }
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    rename.mutate(text);
  };
  return (
    <form className="rename" onSubmit={onSubmit}>
      <input
        type="text"
        aria-label="Name of this node"
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button button-primary" disabled={rename.isPending}>
        Save
      </button>
      <button type="button" className="button" onClick={() => setText(undefined)}>
        Cancel
      </button>
      <Problem what="Not named" error={rename.error} />
    </form>
  );
}

function RecentEvents(): ReactNode {
  const events = useEvents().slice(0, SHOWN_EVENT_COUNT);
  return (
    <section className="card" aria-labelledby="overview-events">
      <div className="section-head">
        <h2 id="overview-events">Events</h2>
        <Link to="/events">All events</Link>
      </div>
      {events.length === 0 ? (
        <p className="muted">Nothing has happened since this page is open.</p>
      ) : (
        <EventList events={events} />
      )}
    </section>
  );
}
