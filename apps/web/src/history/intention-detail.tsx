/** One intention in full, with the ways to what it cites and what cites it. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { Hash } from "../parts/hash.tsx";
import { Icon } from "../parts/icon.tsx";
import { Identity } from "../parts/identity.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { naturalForm, writeBytes } from "../text/bytes-text.ts";
import { fromHex, shortHex, toHex } from "../text/hex.ts";
import { countText, sizeText } from "../text/numbers.ts";
import { shownText } from "../text/shown-text.ts";
import { hlcToMs } from "../text/times.ts";
import { parentsOf, type HistoryLayout } from "./layout.ts";

export interface IntentionDetailProps {
  readonly id: string;
  /** In hex. */
  readonly intentionId: string;
  readonly layout: HistoryLayout;
  readonly onSelect: (index: number) => void;
  readonly onClose: () => void;
}

export function IntentionDetail({
  id,
  intentionId,
  layout,
  onSelect,
  onClose,
}: IntentionDetailProps): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ["intention", id, intentionId],
    queryFn: ({ signal }) => lattice.store.intention({ store: id, prefix: intentionId }, { signal }),
    staleTime: 10_000,
  });
  const index = layout.indexById.get(intentionId) ?? -1;
  return (
    <aside className="detail" aria-label="The intention that is looked at">
      <header className="detail-head">
        <h2>
          <code>{shortHex(fromHex(intentionId) ?? new Uint8Array(0))}</code>
        </h2>
        <button
          type="button"
          className="button button-quiet button-icon"
          aria-label="Close"
          onClick={onClose}
        >
          <Icon name="close" />
        </button>
      </header>
      <Problem what="This intention could not be read" error={error} onRetry={() => void refetch()} />
      {data === undefined ? null : <Facts intention={data} />}
      <Links
        title="Follows"
        ids={data === undefined ? [] : parentsOf(data)}
        layout={layout}
        onSelect={onSelect}
      />
      <Links title="Followed by" ids={childrenOf(layout, index)} layout={layout} onSelect={onSelect} />
      {data === undefined || data.payload.length === 0 ? null : <Payload bytes={data.payload} />}
    </aside>
  );
}

function Facts({ intention }: { readonly intention: daemon.IntentionInfo }): ReactNode {
  return (
    <>
      <p className="detail-summary break">{shownText(intention.summary || intention.kind)}</p>
      {intention.note === "" ? null : <Notice kind="warning">{shownText(intention.note)}</Notice>}
      <dl className="facts">
        <div>
          <dt>Author</dt>
          <dd>
            <Identity publicKey={intention.author} name={intention.authorName} />
          </dd>
        </div>
        <div>
          <dt>Number</dt>
          <dd>{countText(intention.seq)}</dd>
        </div>
        <div>
          <dt>Kind</dt>
          <dd>{intention.kind}</dd>
        </div>
        <div>
          <dt>Size</dt>
          <dd>{sizeText(intention.bodyBytes)}</dd>
        </div>
        <div className="fact-wide">
          <dt>Written</dt>
          <dd>
            <Time ms={hlcToMs(intention.timestamp)} />
          </dd>
        </div>
        <div className="fact-wide">
          <dt>Witnessed here</dt>
          <dd>
            {intention.witnessSeq === 0n ? (
              "not yet: it floats"
            ) : (
              <>
                as number {countText(intention.witnessSeq)}, <Time ms={Number(intention.witnessedMs)} />
              </>
            )}
          </dd>
        </div>
        <div className="fact-wide">
          <dt>Hash</dt>
          <dd>
            <Hash bytes={intention.id} what="the hash" />
          </dd>
        </div>
      </dl>
    </>
  );
}

interface LinksProps {
  readonly title: string;
  readonly ids: readonly string[];
  readonly layout: HistoryLayout;
  readonly onSelect: (index: number) => void;
}

function Links({ title, ids, layout, onSelect }: LinksProps): ReactNode {
  if (ids.length === 0) return null;
  return (
    <section className="detail-links">
      <h3>{title}</h3>
      <ul>
        {ids.map((linked) => {
          const index = layout.indexById.get(linked);
          const intention = index === undefined ? undefined : layout.intentions[index];
          return (
            <li key={linked}>
              {index === undefined || intention === undefined ? (
                <span className="muted">
                  <code>{shortHex(fromHex(linked) ?? new Uint8Array(0))}</code> not read yet
                </span>
              ) : (
                <button type="button" className="link-button" onClick={() => onSelect(index)}>
                  <code>{shortHex(intention.id)}</code>{" "}
                  <Identity publicKey={intention.author} name={intention.authorName} />
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function childrenOf({ intentions, edgeChild, edgeParent }: HistoryLayout, index: number): readonly string[] {
  const children: string[] = [];
  edgeParent.forEach((parent, edge) => {
    if (parent === index) children.push(toHex(intentions[edgeChild[edge]!]!.id));
  });
  return children;
}

function Payload({ bytes }: { readonly bytes: Uint8Array }): ReactNode {
  return (
    <details className="payload">
      <summary>Payload, {sizeText(bytes.length)}</summary>
      <pre tabIndex={0} aria-label="The payload">
        {writeBytes(bytes, naturalForm(bytes))}
      </pre>
    </details>
  );
}
