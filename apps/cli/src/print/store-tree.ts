import type { daemon } from "@lattice/proto";
import { storeHex } from "../store-key.ts";
import { alignRows } from "./table.ts";
import { escapeText } from "./text.ts";
import { shortHex } from "./value.ts";

/** A line for each store, children below their parents. A store whose parent is not here stands as a root. */
export function storeTree(stores: readonly daemon.Store[], selected: Uint8Array | undefined): string[] {
  const known = new Set(stores.map(storeHex));
  const childrenByParent = Map.groupBy(stores, (store) => {
    const parent = storeHex({ id: store.parentId });
    return known.has(parent) && parent !== storeHex(store) ? parent : "";
  });
  const selectedHex = selected === undefined ? undefined : storeHex({ id: selected });
  const rows: string[][] = [];
  const addBelow = (parent: string, indent: string): void => {
    const children = childrenByParent.get(parent) ?? [];
    children.forEach((store, index) => {
      const isLast = index === children.length - 1;
      const branch = parent === "" ? "" : indent + (isLast ? "└─ " : "├─ ");
      rows.push(rowOf(store, { branch, isSelected: storeHex(store) === selectedHex }));
      addBelow(storeHex(store), parent === "" ? "" : indent + (isLast ? "   " : "│  "));
    });
  };
  addBelow("", "");
  return alignRows(rows);
}

function rowOf(store: daemon.Store, place: { branch: string; isSelected: boolean }): string[] {
  const mark = place.isSelected ? "*" : " ";
  const name = store.name === "" ? "-" : escapeText(store.name);
  const problem = store.problem === "" ? [] : [`problem: ${escapeText(store.problem)}`];
  return [`${mark} ${place.branch}${shortHex(store.id)}`, name, escapeText(store.type), ...problem];
}
