import type { ReactNode } from "react";
import { Icon } from "../parts/icon.tsx";
import { countText, sizeText } from "../text/numbers.ts";
import { shownText } from "../text/shown-text.ts";
import { idText, isLeader, type ClusterLines, type MemberLine } from "./cluster-lines.ts";

export interface ClusterTableProps {
  readonly cluster: ClusterLines;
  /** Says what it is a table of. */
  readonly label: string;
}

export function ClusterTable({ cluster, label }: ClusterTableProps): ReactNode {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Member</th>
            <th scope="col">Endpoint</th>
            <th scope="col">Role</th>
            <th scope="col" className="number">
              Term
            </th>
            <th scope="col" className="number">
              Committed
            </th>
            <th scope="col" className="number">
              Applied
            </th>
            <th scope="col" className="number">
              On disk
            </th>
            <th scope="col" className="number">
              In use
            </th>
            <th scope="col">Version</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {cluster.members.map((line) => (
            <MemberRow key={line.key} line={line} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function MemberRow({ line }: { readonly line: MemberLine }): ReactNode {
  const { member, title } = line;
  return (
    <tr>
      <th scope="row">
        {title}{" "}
        {member.name === "" || member.id === 0n ? null : <code className="muted">{idText(member.id)}</code>}
      </th>
      <td>
        <code className="endpoint">{shownText(member.endpoint)}</code>
      </td>
      <td>
        <Role line={line} />
      </td>
      <Figures line={line} />
      <td>
        <MemberState line={line} />
      </td>
    </tr>
  );
}

function Role({ line: { member, role, behind } }: { readonly line: MemberLine }): ReactNode {
  const kind = isLeader(member)
    ? "badge-good"
    : behind === undefined || role === "no leader"
      ? "badge-bad"
      : "";
  return <span className={`badge ${kind}`}>{role}</span>;
}

function Figures({ line: { member, behind } }: { readonly line: MemberLine }): ReactNode {
  if (behind === undefined) {
    return (
      <>
        <td />
        <td />
        <td />
        <td />
        <td />
        <td />
      </>
    );
  }
  return (
    <>
      <td className="number">
        {countText(member.term)}
        <BehindBy count={behind.terms} />
      </td>
      <td className="number">
        {countText(member.committedIndex)}
        <BehindBy count={behind.committed} />
      </td>
      <td className="number">
        {countText(member.appliedIndex)}
        <BehindBy count={behind.applied} />
      </td>
      <td className="number">{sizeText(member.diskBytes)}</td>
      <td className="number">{sizeText(member.usedBytes)}</td>
      <td>{shownText(member.version)}</td>
    </>
  );
}

function BehindBy({ count }: { readonly count: bigint }): ReactNode {
  return count === 0n ? null : <span className="muted behind"> {countText(count)} behind</span>;
}

/** Alarms and the like, or why it does not answer. */
function MemberState({ line: { member } }: { readonly line: MemberLine }): ReactNode {
  const worries = [member.away, ...member.errors].filter((worry) => worry !== "");
  if (worries.length === 0) return <span className="muted">well</span>;
  return (
    <span className="worry">
      <Icon name="warning" /> {worries.map(shownText).join(", ")}
    </span>
  );
}
