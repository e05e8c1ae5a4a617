/** The history of a store as a drawing of its DAG, or as a list; with one intention in full. */
import { useMemo, useState, type ReactNode } from "react";
import { toHex } from "../text/hex.ts";
import { Choice } from "../parts/choice.tsx";
import { Loading } from "../parts/loading.tsx";
import { Problem } from "../parts/notice.tsx";
import { useKept } from "../parts/use-kept.ts";
import { navigate } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import { countOf, countText } from "../text/numbers.ts";
import { HistoryDrawing } from "./history-drawing.tsx";
import { HistoryList } from "./history-list.tsx";
import { IntentionDetail } from "./intention-detail.tsx";
import { layoutHistory, type HistoryLayout } from "./layout.ts";
import { useHistory, type History } from "./use-history.ts";

type Shape = "drawing" | "list";

const SHAPES = [
  { value: "drawing", label: "Drawing" },
  { value: "list", label: "List" },
] as const;

/** "All" stops here: beyond it a drawing tells nothing, and the list reads on as it is scrolled. */
const ALL_COUNT_MAX = 20_000;

/** `item`: the id of the intention that is looked at, in hex. */
export function HistoryTab({
  id,
  item,
}: {
  readonly id: string;
  readonly item: string | undefined;
}): ReactNode {
  const history = useHistory(id);
  const [shape, setShape] = useKept<Shape>("history.shape", "drawing");
  const layout = useMemo(() => layoutHistory(history.intentions), [history.intentions]);
  const [isOldestWanted, setIsOldestWanted] = useState(false);
  const selected = item === undefined ? -1 : (layout.indexById.get(item) ?? -1);
  const select = (index: number): void => {
    const intention = layout.intentions[index];
    navigate(storePath(id, "history", intention === undefined ? undefined : toHex(intention.id)), {
      replace: true,
    });
  };
  const readAll = (): void => {
    setIsOldestWanted(true);
    history.readOlder(ALL_COUNT_MAX);
  };
  return (
    <div className="history">
      <div className="toolbar">
        <Choice label="Shown as" value={shape} options={SHAPES} onChange={setShape} />
        <HistoryNote history={history} layout={layout} />
        {history.hasOlder ? (
          <>
            <button
              type="button"
              className="button"
              disabled={history.isReading}
              onClick={() => history.readOlder()}
            >
              Older ones
            </button>
            <button type="button" className="button" disabled={history.isReading} onClick={readAll}>
              {isOldestWanted && history.isReading ? "Reading…" : "All"}
            </button>
          </>
        ) : null}
      </div>
      <Problem
        what="The history could not be read"
        error={history.error}
        onRetry={() => history.readOlder()}
      />
      {history.intentions.length === 0 && history.isReading ? (
        <Loading what="the history" />
      ) : (
        <div className="history-body">
          {shape === "drawing" ? (
            <HistoryDrawing
              layout={layout}
              selected={selected}
              onSelect={select}
              onOlderWanted={() => history.readOlder()}
            />
          ) : (
            <HistoryList
              layout={layout}
              selected={selected}
              onSelect={select}
              onOlderWanted={() => history.readOlder()}
            />
          )}
          {item === undefined ? null : (
            <IntentionDetail
              id={id}
              intentionId={item}
              layout={layout}
              onSelect={select}
              onClose={() => select(-1)}
            />
          )}
        </div>
      )}
    </div>
  );
}

function HistoryNote({
  history,
  layout,
}: {
  readonly history: History;
  readonly layout: HistoryLayout;
}): ReactNode {
  const { total, intentions } = history;
  if (total === undefined) return null;
  return (
    <p className="muted toolbar-note" role="status">
      {intentions.length < total
        ? `${countText(intentions.length)} of ${countOf(total, "intention")}`
        : countOf(total, "intention")}
      , {countOf(layout.lanes.length, "author")}
    </p>
  );
}
