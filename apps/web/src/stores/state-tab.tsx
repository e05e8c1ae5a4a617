/** A store from the inside: its figures, digests and tables, and what is amiss in it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { daemon } from "@lattice/proto";
import { lattice } from "../connection/lattice.ts";
import { keys, useStoreStatus } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { ConfirmButton } from "../parts/confirm-button.tsx";
import { Hash } from "../parts/hash.tsx";
import { Identity } from "../parts/identity.tsx";
import { Loading } from "../parts/loading.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { IntentionLines } from "../history/intention-lines.tsx";
import { toHex } from "../text/hex.ts";
import { countOf, countText, sizeText } from "../text/numbers.ts";

const POLL_MS = 3_000;

export function StateTab({ id }: { readonly id: string }): ReactNode {
  const { data: status, error, refetch } = useStoreStatus(id);
  if (status === undefined) {
    return error === null ? (
      <Loading what="the state" />
    ) : (
      <Problem error={error} onRetry={() => void refetch()} />
    );
  }
  return (
    <div className="columns">
      <div className="stack">
        <Figures status={status} />
        <Checks id={id} />
      </div>
      <Tables id={id} />
      <Forks id={id} count={status.forkCount} />
      <Floating id={id} count={status.floatingCount} />
    </div>
  );
}

function Figures({ status }: { readonly status: daemon.StoreStatus }): ReactNode {
  const rejected = Object.entries(status.rejected);
  return (
    <section className="card" aria-labelledby="state-figures">
      <h2 id="state-figures">Figures</h2>
      <dl className="facts">
        <Fact name="Intentions">{countText(status.intentionCount)}</Fact>
        <Fact name="Projected">{countText(status.projectedCount)}</Fact>
        <Fact name="Authors">{countText(status.authorCount)}</Fact>
        <Fact name="Heads">{countText(status.headCount)}</Fact>
        <Fact name="Members">{countText(status.memberCount)}</Fact>
        <Fact name="Floating">{countText(status.floatingCount)}</Fact>
        <Fact name="Forks">{countText(status.forkCount)}</Fact>
        <Fact name="Refused operations">{countText(status.poisonCount)}</Fact>
        <Fact name="Schema">{status.schema}</Fact>
        <Fact name="On disk">{sizeText(status.diskBytes)}</Fact>
        <Fact name="Set">
          <Hash bytes={status.fingerprint} what="the fingerprint of the set" />
        </Fact>
        <Fact name="State">
          <Hash bytes={status.stateDigest} what="the digest of the state" />
        </Fact>
      </dl>
      {rejected.length === 0 ? null : (
        <>
          <h3>Turned away since this node started</h3>
          <dl className="facts">
            {rejected.map(([reason, count]) => (
              <Fact key={reason} name={reason}>
                {countText(count)}
              </Fact>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The store's own tables and those of the system layer: members, invites, children, names. */
function Tables({ id }: { readonly id: string }): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: [...keys.store(id), "digest"],
    queryFn: ({ signal }) => lattice.store.digest({ store: id }, { signal }),
    refetchInterval: POLL_MS,
  });
  return (
    <section className="card" aria-labelledby="state-tables">
      <h2 id="state-tables">Tables</h2>
      <p className="muted">Two nodes whose sums are the same hold the same rows.</p>
      {data === undefined ? <Problem error={error} onRetry={() => void refetch()} /> : null}
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col" className="number">
              Rows
            </th>
            <th scope="col">Sum</th>
          </tr>
        </thead>
        <tbody>
          {data?.tables.map(({ table, rowCount, sum }) => (
            <tr key={table}>
              <th scope="row">
                <code>{table}</code>
              </th>
              <td className="number">{countText(rowCount)}</td>
              <td>
                <Hash bytes={sum} what={`the sum of ${table}`} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

const { PeerDigest_Verdict: Verdict } = daemon;

const VERDICTS: Readonly<Record<daemon.PeerDigest_Verdict, string>> = {
  [Verdict.UNSPECIFIED]: "unknown",
  [Verdict.SAME]: "the same set, the same state",
  [Verdict.OTHER_SET]: "another set: not synced yet",
  [Verdict.DIFFERENT]: "the same set, another state: a fault",
  [Verdict.UNREACHABLE]: "not reachable",
};

function Checks({ id }: { readonly id: string }): ReactNode {
  const verify = useMutation({ mutationFn: () => lattice.store.verify({ store: id }) });
  const rebuild = useMutation({
    mutationFn: () => lattice.store.rebuild({ store: id }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.store(id) }),
  });
  return (
    <section className="card" aria-labelledby="state-checks">
      <h2 id="state-checks">Checks</h2>
      <div className="button-row">
        <button type="button" className="button" disabled={verify.isPending} onClick={() => verify.mutate()}>
          {verify.isPending ? "Verifying…" : "Verify"}
        </button>
        <ConfirmButton
          question="Make the state anew from the log?"
          verb="Rebuild"
          disabled={rebuild.isPending}
          onConfirm={() => rebuild.mutate()}
        >
          {rebuild.isPending ? "Rebuilding…" : "Rebuild"}
        </ConfirmButton>
      </div>
      <Problem what="Not verified" error={verify.error} />
      {verify.data === undefined ? null : <Verified reply={verify.data} />}
      <Problem what="Not rebuilt" error={rebuild.error} />
      {rebuild.data === undefined ? null : (
        <Notice kind={rebuild.data.lost.length === 0 ? "success" : "warning"}>
          Rebuilt from {countOf(rebuild.data.intentionCount, "intention")}.
          {rebuild.data.lost.map((line) => (
            <div key={line}>{line}</div>
          ))}
        </Notice>
      )}
    </section>
  );
}

function Verified({ reply }: { readonly reply: daemon.VerifyReply }): ReactNode {
  const isSound = reply.problems.length === 0 && toHex(reply.stateDigest) === toHex(reply.rebuiltDigest);
  return (
    <Notice kind={isSound ? "success" : "problem"}>
      {isSound
        ? `${countOf(reply.intentionCount, "intention")} verified: the state is what the log gives.`
        : "The store is not sound."}
      <ul className="plain-list">
        {reply.problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
        {reply.peers.map(({ peer, name, verdict }) => (
          <li key={toHex(peer)}>
            <Identity publicKey={peer} name={name} />: {VERDICTS[verdict] ?? "unknown"}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

function Forks({ id, count }: { readonly id: string; readonly count: number }): ReactNode {
  const { data, error } = useQuery({
    queryKey: [...keys.store(id), "forks", count],
    queryFn: ({ signal }) => lattice.store.forks({ store: id }, { signal }),
    enabled: count > 0,
  });
  if (count === 0) return null;
  return (
    <section className="card" aria-labelledby="state-forks">
      <h2 id="state-forks">Forks</h2>
      <p className="muted">Authors that have written two logs: a copied data directory, or a liar.</p>
      <Problem error={error} />
      <ul className="plain-list">
        {data?.forks.map(({ author, name, seq, ids }) => (
          <li key={`${toHex(author)} ${seq}`}>
            <Identity publicKey={author} name={name} /> at {countText(seq)}:{" "}
            {ids.map((branch) => (
              <Hash key={toHex(branch)} bytes={branch} what="the hash of a branch" />
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Floating({ id, count }: { readonly id: string; readonly count: number }): ReactNode {
  const { data, error } = useQuery({
    queryKey: [...keys.store(id), "floating", count],
    queryFn: ({ signal }) => lattice.store.floating({ store: id }, { signal }),
    enabled: count > 0,
  });
  if (count === 0) return null;
  return (
    <section className="card" aria-labelledby="state-floating">
      <h2 id="state-floating">Floating</h2>
      <p className="muted">They wait for intentions that this node does not hold yet.</p>
      <Problem error={error} />
      <IntentionLines intentions={data?.intentions ?? []} />
    </section>
  );
}
