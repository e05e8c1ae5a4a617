/**
 * The value of a key, to be read and changed at its place.
 *
 * Invariants
 *  1. What was typed stays until it is saved or let go, whatever happens to the key or the node meanwhile.
 *  2. It is saved over the values that were there when the typing began: one that came later is never overwritten unseen.
 */
import { useMutation } from "@tanstack/react-query";
import { useRef, type ReactNode } from "react";
import { LatticeError } from "@lattice/model/errors";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { BytesField } from "../fields/bytes-field.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Notice, Problem } from "../parts/notice.tsx";
import { useKept } from "../parts/use-kept.ts";
import { bytesLine, naturalForm, readBytes, writeBytes, type BytesForm } from "../text/bytes-text.ts";
import { toHex } from "../text/hex.ts";
import type { Head } from "./kv-messages.ts";

export interface ValueEditorProps {
  readonly id: string;
  readonly methods: StoreMethods;
  readonly entryKey: Uint8Array;
  readonly heads: readonly Head[];
}

interface Draft {
  readonly text: string;
  readonly form: BytesForm;
  /** The heads that were there when the typing began, in hex. */
  readonly over: readonly string[];
}

const NO_VALUE: Uint8Array = new Uint8Array(0);

export function ValueEditor({ id, methods, entryKey, heads }: ValueEditorProps): ReactNode {
  const [draft, setDraft, forget] = useKept<Draft | null>(`value.${id}.${toHex(entryKey)}`, null);
  const present = heads[0]?.value;
  const hashes = heads.map(({ hash }) => toHex(hash));
  const shownForm = useRef<BytesForm>(undefined);
  const form = draft?.form ?? shownForm.current ?? naturalForm(present ?? NO_VALUE);
  const text = draft?.text ?? writeBytes(present ?? NO_VALUE, form) ?? "";
  const bytes = readBytes(text, form);
  const isEdited = draft !== null;
  const isStale = isEdited && draft.over.join() !== hashes.join();
  const put = useMutation({
    mutationFn: async (over: readonly string[]) => {
      if (bytes === undefined) throw new LatticeError("invalid-argument", `the value is not ${form}`);
      await methods.call("Put", { key: entryKey, value: bytes, if: over.length === 0 ? ["none"] : over });
    },
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.store(id) });
      forget();
    },
    onError: () => void queryClient.invalidateQueries({ queryKey: keys.store(id) }),
  });
  const edit = (next: { readonly text: string; readonly form: BytesForm }): void => {
    put.reset();
    shownForm.current = next.form;
    // To look at it in another form is not to change it.
    if (!isEdited && next.text !== text && sameBytes(next, present ?? NO_VALUE)) setDraft(null);
    else if (isEdited || next.text !== text) setDraft({ ...next, over: draft?.over ?? hashes });
    else setDraft(null);
  };
  return (
    <form
      className="value-editor"
      onSubmit={(event) => {
        event.preventDefault();
        put.mutate(draft?.over ?? hashes);
      }}
    >
      <BytesField
        label={heads.length > 1 ? "Value that wins until then" : "Value"}
        rows={Math.min(18, Math.max(4, text.split("\n").length))}
        draft={{ text, form }}
        onChange={edit}
        mistake={bytes === undefined ? `this is not ${form}` : undefined}
        onSubmit={() => put.mutate(draft?.over ?? hashes)}
      />
      {isStale ? (
        <Notice
          kind="warning"
          actions={
            <>
              <button type="button" className="button" onClick={() => setDraft({ ...draft, over: hashes })}>
                Keep mine
              </button>
              <button type="button" className="button" onClick={forget}>
                Take theirs
              </button>
            </>
          }
        >
          The key has changed while you were typing. It is now{" "}
          {present === undefined ? "gone" : <code>{bytesLine(present, 80)}</code>}.
        </Notice>
      ) : null}
      <Problem what="Not saved" error={put.error} />
      <div className="form-end">
        <CopyButton text={text} what="the value" withText />
        <button type="button" className="button" disabled={!isEdited} onClick={forget}>
          Undo
        </button>
        <button
          type="submit"
          className="button button-primary"
          disabled={!isEdited || put.isPending || bytes === undefined}
        >
          {put.isPending ? "Saving…" : "Save"}
        </button>
      </div>
    </form>
  );
}

function sameBytes(draft: { readonly text: string; readonly form: BytesForm }, value: Uint8Array): boolean {
  const bytes = readBytes(draft.text, draft.form);
  return bytes !== undefined && toHex(bytes) === toHex(value);
}
