import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import { LatticeError } from "@lattice/model/errors";
import { keys } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import type { StoreMethods } from "../data/store-methods.ts";
import { BytesField, type BytesDraft } from "../fields/bytes-field.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Problem } from "../parts/notice.tsx";
import { useKept } from "../parts/use-kept.ts";
import { readBytes } from "../text/bytes-text.ts";

interface NewKeyDialogProps {
  readonly id: string;
  readonly methods: StoreMethods;
  readonly onClose: () => void;
  readonly onCreated: (key: Uint8Array) => void;
}

interface Draft {
  readonly key: BytesDraft;
  readonly value: BytesDraft;
}

const START: Draft = { key: { text: "", form: "text" }, value: { text: "", form: "text" } };

/** Writes only where the key is not there: what exists is edited at its place. */
export function NewKeyDialog({ id, methods, onClose, onCreated }: NewKeyDialogProps): ReactNode {
  const [draft, setDraft, forget] = useKept<Draft>(`new-key.${id}`, START);
  const [isOverwriting, setIsOverwriting] = useState(false);
  const key = readBytes(draft.key.text, draft.key.form);
  const value = readBytes(draft.value.text, draft.value.form);
  const put = useMutation({
    mutationFn: async () => {
      if (key === undefined || value === undefined)
        throw new LatticeError("invalid-argument", "this is not written yet");
      await methods.call("Put", { key, value, if: isOverwriting ? [] : ["none"] });
      return key;
    },
    onSuccess: async (written) => {
      forget();
      await queryClient.invalidateQueries({ queryKey: keys.store(id) });
      onClose();
      onCreated(written);
    },
  });
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    put.mutate();
  };
  return (
    <Dialog title="New key" onClose={onClose}>
      <form onSubmit={onSubmit}>
        <BytesField
          label="Key"
          draft={draft.key}
          autoFocus
          onChange={(next) => setDraft({ ...draft, key: next })}
          mistake={key === undefined ? `not ${draft.key.form}` : undefined}
          onSubmit={() => put.mutate()}
        />
        <BytesField
          label="Value"
          rows={5}
          draft={draft.value}
          onChange={(next) => setDraft({ ...draft, value: next })}
          mistake={value === undefined ? `not ${draft.value.form}` : undefined}
          onSubmit={() => put.mutate()}
        />
        <label className="check">
          <input
            type="checkbox"
            checked={isOverwriting}
            onChange={(event) => setIsOverwriting(event.target.checked)}
          />
          Also where the key is there already
        </label>
        <Problem what="Not written" error={put.error} />
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="button button-primary"
            disabled={put.isPending || key === undefined || key.length === 0 || value === undefined}
          >
            {put.isPending ? "Writing…" : "Write"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
