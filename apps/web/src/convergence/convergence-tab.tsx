/** Who has what of whom: a row for each member, a column for each author. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo, type ReactNode } from "react";
import { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { usePeers, useStoreStatus } from "../data/queries.ts";
import { useHistory } from "../history/use-history.ts";
import { Identity } from "../parts/identity.tsx";
import { Loading } from "../parts/loading.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { Ago } from "../parts/time.tsx";
import { equalBytes } from "../text/compare-bytes.ts";
import { fromHex, toHex } from "../text/hex.ts";
import { countOf, countText } from "../text/numbers.ts";
import { knowledgeOf, lagOf, type Knowledge } from "./knowledge.ts";

/** Beyond it the oldest intentions are left out, and what only they tell is not known. */
const READ_COUNT_MAX = 20_000;

const { PeerDigest_Verdict: Verdict } = daemon;

interface Asked {
  readonly timeMs: number;
  /** Of the set that was compared. */
  readonly fingerprint: Uint8Array;
  readonly verdicts: ReadonlyMap<string, daemon.PeerDigest_Verdict>;
}

export function ConvergenceTab({ id }: { readonly id: string }): ReactNode {
  const history = useHistory(id);
  const { data: peers, error } = usePeers(id);
  const { data: status } = useStoreStatus(id);
  const knowledge = useMemo(() => knowledgeOf(history.intentions), [history.intentions]);
  const asked = useAsking(id);
  const { readOlder, hasOlder, isReading, intentions } = history;
  const isPartial = hasOlder && intentions.length < READ_COUNT_MAX;
  useEffect(() => {
    if (isPartial && !isReading && history.error === undefined) readOlder(READ_COUNT_MAX);
  }, [isPartial, isReading, readOlder, history.error]);
  if (peers === undefined) return error === null ? <Loading what="the members" /> : <Problem error={error} />;
  // An answer holds for the set that was compared, and for no later one.
  const isFresh =
    asked.data !== undefined &&
    status !== undefined &&
    equalBytes(asked.data.fingerprint, status.fingerprint);
  return (
    <div className="stack">
      <div className="section-head">
        <p className="muted toolbar-note">
          What each member is sure to have of each author: all that its own last write builds on. It may have
          more by now.
        </p>
        <button type="button" className="button" disabled={asked.isPending} onClick={() => asked.mutate()}>
          {asked.isPending ? "Asking…" : "Ask the members"}
        </button>
      </div>
      <Problem
        what="The history could not be read"
        error={history.error}
        onRetry={() => readOlder(READ_COUNT_MAX)}
      />
      <Problem what="Not asked" error={asked.error} />
      <Matrix peers={peers} knowledge={knowledge} asked={isFresh ? asked.data : undefined} />
      {asked.data !== undefined && !isFresh ? (
        <Notice kind="note">Something was written since the members were asked: ask again.</Notice>
      ) : null}
      {hasOlder && !isPartial ? (
        <Notice kind="note">
          Only the last {countOf(intentions.length, "intention")} are taken into account; older writes show as
          not known.
        </Notice>
      ) : null}
    </div>
  );
}

function useAsking(id: string) {
  return useMutation({
    mutationFn: async (): Promise<Asked> => {
      const { fingerprint } = await lattice.store.status({ store: id });
      const { peers } = await lattice.store.verify({ store: id });
      return {
        timeMs: Date.now(),
        fingerprint,
        verdicts: new Map(peers.map(({ peer, verdict }) => [toHex(peer), verdict])),
      };
    },
  });
}

interface MatrixProps {
  readonly peers: readonly daemon.Peer[];
  readonly knowledge: Knowledge;
  readonly asked: Asked | undefined;
}

function Matrix({ peers, knowledge, asked }: MatrixProps): ReactNode {
  const names = new Map(peers.map(({ peer, name }) => [toHex(peer), name]));
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Who has what of whom">
      <table className="table matrix">
        <thead>
          <tr>
            <th scope="col">Member</th>
            {knowledge.authors.map((author) => (
              <th key={author} scope="col">
                <Identity publicKey={fromHex(author)!} name={names.get(author)} />
                <div className="muted">{countText(knowledge.tips.get(author) ?? 0)}</div>
              </th>
            ))}
            <th scope="col">Known by</th>
          </tr>
        </thead>
        <tbody>
          {peers.map((peer) => (
            <MatrixRow key={toHex(peer.peer)} peer={peer} knowledge={knowledge} asked={asked} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface MatrixRowProps {
  readonly peer: daemon.Peer;
  readonly knowledge: Knowledge;
  readonly asked: Asked | undefined;
}

function MatrixRow({ peer, knowledge, asked }: MatrixRowProps): ReactNode {
  const holder = toHex(peer.peer);
  const verdict = asked?.verdicts.get(holder);
  const hasAll = peer.self || verdict === Verdict.SAME || verdict === Verdict.DIFFERENT;
  return (
    <tr>
      <th scope="row">
        <span className={peer.live ? "lamp lamp-on" : "lamp lamp-off"} aria-hidden="true" />{" "}
        <Identity publicKey={peer.peer} name={peer.name} isSelf={peer.self} />
      </th>
      {knowledge.authors.map((author) => (
        <MatrixCell
          key={author}
          lag={hasAll ? 0 : lagOf(knowledge, holder, author)}
          tip={knowledge.tips.get(author) ?? 0}
        />
      ))}
      <td className="muted">
        <Evidence peer={peer} verdict={verdict} asked={asked} toldMs={knowledge.toldMs.get(holder)} />
      </td>
    </tr>
  );
}

function MatrixCell({ lag, tip }: { readonly lag: number | undefined; readonly tip: number }): ReactNode {
  if (lag === undefined) return <td className="cell cell-unknown">not known</td>;
  if (lag === 0) return <td className="cell cell-all">all</td>;
  const isMost = lag / Math.max(1, tip) < 0.5;
  return (
    <td className={`cell ${isMost ? "cell-some" : "cell-few"}`} title={`sure to have ${tip - lag} of ${tip}`}>
      {lag === tip ? "none known" : `−${countText(lag)}`}
    </td>
  );
}

interface EvidenceProps {
  readonly peer: daemon.Peer;
  readonly verdict: daemon.PeerDigest_Verdict | undefined;
  readonly asked: Asked | undefined;
  readonly toldMs: number | undefined;
}

function Evidence({ peer, verdict, asked, toldMs }: EvidenceProps): ReactNode {
  if (peer.self) return "this node";
  switch (verdict) {
    case Verdict.SAME:
      return (
        <>
          its answer, <Ago ms={asked!.timeMs} />: the same set
        </>
      );
    case Verdict.DIFFERENT:
      return "its answer: the same set, another state. That is a fault";
    case Verdict.OTHER_SET:
      return "its answer: another set";
    case Verdict.UNREACHABLE:
    case Verdict.UNSPECIFIED:
    case undefined:
      return (
        <>
          {toldMs === undefined ? (
            "it has not written yet"
          ) : (
            <>
              its last write, <Ago ms={toldMs} />
            </>
          )}
          {verdict === Verdict.UNREACHABLE ? "; it did not answer" : ""}
        </>
      );
  }
}
