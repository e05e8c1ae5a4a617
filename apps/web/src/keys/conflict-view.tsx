/** What several members wrote without knowing of each other, side by side, and the ways to end it. */
import { useMutation } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { LatticeError } from "@lattice/model/errors";
import { keys, useMemberNames } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { BytesField, type BytesDraft } from "../fields/bytes-field.tsx";
import { Hash } from "../parts/hash.tsx";
import { Icon } from "../parts/icon.tsx";
import { Identity } from "../parts/identity.tsx";
import { Problem } from "../parts/notice.tsx";
import { Ago } from "../parts/time.tsx";
import { useKept } from "../parts/use-kept.ts";
import { naturalForm, readBytes, writeBytes } from "../text/bytes-text.ts";
import { toHex } from "../text/hex.ts";
import { countText, sizeText } from "../text/numbers.ts";
import { hlcToMs } from "../text/times.ts";
import type { Head } from "./kv-messages.ts";

export interface ConflictViewProps {
  readonly id: string;
  readonly methods: StoreMethods;
  readonly entryKey: Uint8Array;
  readonly heads: readonly Head[];
}

type Resolution = { readonly head: string } | { readonly value: Uint8Array };

export function ConflictView({ id, methods, entryKey, heads }: ConflictViewProps): ReactNode {
  const [isMerging, setIsMerging] = useState(false);
  const resolve = useMutation({
    mutationFn: (resolution: Resolution) => methods.call("Resolve", { key: entryKey, ...resolution }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.store(id) }),
  });
  return (
    <section className="conflict" aria-labelledby="conflict-title">
      <h3 id="conflict-title">
        <Icon name="conflict" /> {countText(heads.length)} values at once
      </h3>
      <p>
        They were written apart. All nodes show the first until somebody decides; nothing is lost by deciding,
        since the history keeps all.
      </p>
      <ol className="conflict-heads">
        {heads.map((head, at) => (
          <ConflictHead
            key={toHex(head.hash)}
            id={id}
            head={head}
            isWinner={at === 0}
            isBusy={resolve.isPending}
            onKeep={() => resolve.mutate({ head: toHex(head.hash) })}
          />
        ))}
      </ol>
      {isMerging ? (
        <MergeForm
          id={id}
          entryKey={entryKey}
          heads={heads}
          isBusy={resolve.isPending}
          onMerge={(value) => resolve.mutate({ value })}
          onClose={() => setIsMerging(false)}
        />
      ) : (
        <button type="button" className="button" onClick={() => setIsMerging(true)}>
          Write another value instead
        </button>
      )}
      <Problem what="The conflict stays" error={resolve.error} />
    </section>
  );
}

interface ConflictHeadProps {
  readonly id: string;
  readonly head: Head;
  readonly isWinner: boolean;
  readonly isBusy: boolean;
  readonly onKeep: () => void;
}

function ConflictHead({ id, head, isWinner, isBusy, onKeep }: ConflictHeadProps): ReactNode {
  const names = useMemberNames(id);
  return (
    <li className="conflict-head">
      <div className="conflict-who">
        <Identity publicKey={head.author} name={names.get(toHex(head.author))} />
        <Ago ms={hlcToMs(head.timestamp)} />
        <Hash bytes={head.hash} what="the hash of this write" />
        {isWinner ? <span className="badge badge-plain">shown until then</span> : null}
      </div>
      <HeadValue head={head} />
      <button type="button" className="button button-primary" disabled={isBusy} onClick={onKeep}>
        {head.value === undefined ? "Keep it removed" : "Keep this"}
      </button>
    </li>
  );
}

export function HeadValue({ head }: { readonly head: Head }): ReactNode {
  if (head.value === undefined) return <p className="muted">removed</p>;
  return (
    <pre className="head-value" tabIndex={0} aria-label={`Value of ${sizeText(head.value.length)}`}>
      {writeBytes(head.value, naturalForm(head.value))}
    </pre>
  );
}

interface MergeFormProps {
  readonly id: string;
  readonly entryKey: Uint8Array;
  readonly heads: readonly Head[];
  readonly isBusy: boolean;
  readonly onMerge: (value: Uint8Array) => void;
  readonly onClose: () => void;
}

/** Starts with all values below each other, to be made into one. */
function MergeForm({ id, entryKey, heads, isBusy, onMerge, onClose }: MergeFormProps): ReactNode {
  const texts = heads.flatMap(({ value }) =>
    value === undefined ? [] : [writeBytes(value, naturalForm(value)) ?? ""],
  );
  const isText = heads.every(({ value }) => value === undefined || naturalForm(value) === "text");
  const start: BytesDraft = { text: texts.join("\n"), form: isText ? "text" : "hex" };
  const [draft, setDraft, forget] = useKept<BytesDraft>(`merge.${id}.${toHex(entryKey)}`, start);
  const [mistake, setMistake] = useState<string>();
  const merge = (): void => {
    const value = readBytes(draft.text, draft.form);
    setMistake(
      value === undefined
        ? new LatticeError("invalid-argument", `this is not ${draft.form}`).message
        : undefined,
    );
    if (value !== undefined) onMerge(value);
  };
  return (
    <form
      className="merge-form"
      onSubmit={(event) => {
        event.preventDefault();
        merge();
      }}
    >
      <BytesField
        label="Value that takes the place of all"
        rows={5}
        autoFocus
        draft={draft}
        onChange={setDraft}
        mistake={mistake}
        onSubmit={merge}
      />
      <div className="form-end">
        <button
          type="button"
          className="button"
          onClick={() => {
            forget();
            onClose();
          }}
        >
          Cancel
        </button>
        <button type="submit" className="button button-primary" disabled={isBusy}>
          Resolve with this
        </button>
      </div>
    </form>
  );
}
