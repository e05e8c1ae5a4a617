/** Says when the node is away, and until when what is shown holds. */
import type { ReactNode } from "react";
import { isAway, problemText } from "../connection/call-problem.ts";
import { useNodeStatus } from "../data/queries.ts";
import { Icon } from "../parts/icon.tsx";
import { useNow } from "../parts/use-now.ts";
import { agoText } from "../text/times.ts";

export function ConnectionBar(): ReactNode {
  const { error, dataUpdatedAt, refetch } = useNodeStatus();
  const now = useNow();
  if (error === null) return null;
  const seen = dataUpdatedAt === 0 ? "" : ` It last answered ${agoText(dataUpdatedAt, now)}.`;
  return (
    <div className="connection-bar" role="alert">
      <Icon name="warning" />
      <span>
        {isAway(error) ? "The node is away." : `The node does not answer: ${problemText(error)}.`}
        {seen} The page goes on trying; what you have typed stays.
      </span>
      <button type="button" className="button" onClick={() => void refetch()}>
        Try now
      </button>
    </div>
  );
}
