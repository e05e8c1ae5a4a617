/** Joining a store by the token of an invite, step by step. */
import { useEffect, useRef, useState, type FormEvent, type ReactNode } from "react";
import { daemon } from "@lattice/proto";
import { isCancelled } from "../connection/call-problem.ts";
import { lattice } from "../connection/lattice.ts";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { useKept } from "../parts/use-kept.ts";
import { navigate } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import { toHex } from "../text/hex.ts";
import { countOf } from "../text/numbers.ts";

const { JoinProgress_Stage: Stage } = daemon;

const STEPS: readonly { readonly stage: daemon.JoinProgress_Stage; readonly label: string }[] = [
  { stage: Stage.CONNECTING, label: "Connecting to whoever invited" },
  { stage: Stage.ADMITTED, label: "Admitted as a member" },
  { stage: Stage.SYNCING, label: "Fetching what there is" },
  { stage: Stage.DONE, label: "Joined" },
];

export function JoinDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [token, setToken, forget] = useKept("join.token", "");
  const [progress, setProgress] = useState<daemon.JoinProgress>();
  const [error, setError] = useState<unknown>();
  const [isJoining, setIsJoining] = useState(false);
  const calling = useRef<AbortController>(undefined);
  useEffect(() => () => calling.current?.abort(), []);
  const join = async (): Promise<void> => {
    calling.current = new AbortController();
    const { signal } = calling.current;
    setError(undefined);
    setProgress(undefined);
    setIsJoining(true);
    try {
      let store: daemon.Store | undefined;
      for await (const step of lattice.node.join({ token: token.trim() }, { signal })) {
        setProgress(step);
        store = step.store ?? store;
      }
      forget();
      await queryClient.invalidateQueries({ queryKey: keys.stores });
      onClose();
      if (store !== undefined) navigate(storePath(toHex(store.id)));
    } catch (failure) {
      if (!isCancelled(failure)) setError(failure);
    } finally {
      setIsJoining(false);
    }
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void join();
  };
  return (
    <Dialog title="Join a store" onClose={onClose}>
      <form onSubmit={onSubmit}>
        <div className="field">
          <label htmlFor="join-token">Token of the invite</label>
          <textarea
            id="join-token"
            className="mono"
            rows={4}
            autoFocus
            spellCheck={false}
            placeholder="lattice1…"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
          <p className="field-help">
            Whoever invites finds it under Members of the store, as text and as a code to scan.
          </p>
        </div>
        {progress === undefined ? null : <JoinSteps progress={progress} />}
        <Problem what="Not joined" error={error} />
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={isJoining || token.trim() === ""}>
            {isJoining ? "Joining…" : "Join"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function JoinSteps({ progress }: { readonly progress: daemon.JoinProgress }): ReactNode {
  return (
    <Notice kind="note">
      <ol className="plain-list">
        {STEPS.filter(({ stage }) => stage <= progress.stage).map(({ stage, label }) => (
          <li key={stage}>
            {label}
            {stage === Stage.SYNCING ? `: ${countOf(progress.intentionCount, "intention")}` : ""}
          </li>
        ))}
      </ol>
    </Notice>
  );
}
