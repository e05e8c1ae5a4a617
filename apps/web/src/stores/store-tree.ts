/** Stores as a tree: a store hangs below the one that it was created in. */
import type { daemon } from "@lattice/proto";
import { toHex } from "../text/hex.ts";
import { shownText } from "../text/shown-text.ts";

export interface StoreBranch {
  readonly store: daemon.Store;
  readonly id: string;
  readonly depth: number;
}

const TITLE_ID_DIGITS = 8;

/** Its name, or the first digits of its id. */
export function storeTitle(store: daemon.Store): string {
  return store.name === "" ? toHex(store.id).slice(0, TITLE_ID_DIGITS) : shownText(store.name);
}

/** Line by line, each store behind its parent; one whose parent is not here stands as a root. */
export function storeTree(stores: readonly daemon.Store[]): readonly StoreBranch[] {
  const known = new Set(stores.map((store) => toHex(store.id)));
  const byParent = Map.groupBy(stores, (store) => {
    const parent = toHex(store.parentId);
    return known.has(parent) ? parent : "";
  });
  const lines: StoreBranch[] = [];
  const add = (parent: string, depth: number): void => {
    for (const store of byParent.get(parent) ?? []) {
      const id = toHex(store.id);
      lines.push({ store, id, depth });
      add(id, depth + 1);
    }
  };
  add("", 0);
  return lines;
}
