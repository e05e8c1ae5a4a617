import type { ReactNode } from "react";
import { daemon } from "@lattice/proto";
import { Empty } from "../parts/loading.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { SelectField } from "../parts/select-field.tsx";
import { useKept } from "../parts/use-kept.ts";
import { countOf } from "../text/numbers.ts";
import { useEvents } from "./event-feed.ts";
import { eventKind } from "./event-kind.ts";
import { EventList } from "./event-list.tsx";

const ALL = "all";

export function EventsPage(): ReactNode {
  const events = useEvents();
  const [chosen, setChosen] = useKept("events.kind", ALL);
  const shown = chosen === ALL ? events : events.filter(({ event }) => String(event.kind) === chosen);
  return (
    <div className="page">
      <PageHead title="Events" note="What has happened on this node since this page is open." />
      <div className="toolbar">
        <SelectField label="Kind" value={chosen} options={kindOptions()} onChange={setChosen} />
        <p className="muted toolbar-note" role="status">
          {countOf(shown.length, "event")}
        </p>
      </div>
      {shown.length === 0 ? (
        <Empty>Nothing yet. Peers that come and go, syncs and faults show up here by themselves.</Empty>
      ) : (
        <EventList events={shown} />
      )}
    </div>
  );
}

function kindOptions(): readonly { readonly value: string; readonly label: string }[] {
  const kinds = Object.values(daemon.NodeEvent_Kind).filter((kind) => typeof kind === "number" && kind > 0);
  return [
    { value: ALL, label: "all" },
    ...kinds.map((kind) => ({ value: String(kind), label: eventKind(kind as daemon.NodeEvent_Kind).label })),
  ];
}
