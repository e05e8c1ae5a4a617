import { useMutation } from "@tanstack/react-query";
import type { FormEvent, ReactNode } from "react";
import { lattice } from "../connection/lattice.ts";
import { keys, useStores, useStoreTypes } from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { Dialog } from "../parts/dialog.tsx";
import { Problem } from "../parts/notice.tsx";
import { SelectField } from "../parts/select-field.tsx";
import { TextField } from "../parts/text-field.tsx";
import { useKept } from "../parts/use-kept.ts";
import { navigate } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import { toHex } from "../text/hex.ts";
import { storeTitle, storeTree } from "./store-tree.ts";

interface CreateStoreDialogProps {
  readonly parent: string | undefined;
  readonly onClose: () => void;
}

interface Draft {
  readonly name: string;
  readonly type: string;
  /** Empty: a root. */
  readonly parent: string;
}

export function CreateStoreDialog({ parent = "", onClose }: CreateStoreDialogProps): ReactNode {
  const { data: types = [] } = useStoreTypes();
  const { data: stores = [] } = useStores();
  const [draft, setDraft, forget] = useKept<Draft>(`create.${parent}`, { name: "", type: "", parent });
  const create = useMutation({
    mutationFn: () => lattice.store.create(draft),
    onSuccess: async (store) => {
      forget();
      await queryClient.invalidateQueries({ queryKey: keys.stores });
      onClose();
      navigate(storePath(toHex(store.id)));
    },
  });
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate();
  };
  const parents = storeTree(stores).filter(({ store }) => store.problem === "");
  return (
    <Dialog title="Create a store" onClose={onClose}>
      <form onSubmit={onSubmit}>
        <TextField
          label="Name"
          value={draft.name}
          autoFocus
          onChange={(name) => setDraft({ ...draft, name })}
          help="For people, and for the command line. A store can do without."
        />
        <SelectField
          label="Type"
          value={draft.type === "" ? (types[0]?.type ?? "") : draft.type}
          options={types.map(({ type }) => ({ value: type, label: type }))}
          onChange={(type) => setDraft({ ...draft, type })}
        />
        <SelectField
          label="Below"
          value={draft.parent}
          options={[
            { value: "", label: "nothing: a root store, with members of its own" },
            ...parents.map(({ store, id, depth }) => ({
              value: id,
              label: `${"\u2003".repeat(depth)}${storeTitle(store)}`,
            })),
          ]}
          onChange={(below) => setDraft({ ...draft, parent: below })}
          help="A store below another one comes along with it: whoever is a member there is one here."
        />
        <Problem what="Not created" error={create.error} />
        <div className="form-end">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={create.isPending}>
            {create.isPending ? "Creating…" : "Create"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
