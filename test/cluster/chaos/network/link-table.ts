/** Which ways between members, and between clients and members, are open. */

/** Whoever sends or receives: a member's name, or `clients`. */
export type End = string;

/** `held`: bytes wait, as when packets are lost, until the way opens again. `cut`: connections are reset, new ones refused. */
export type LinkState = "open" | "held" | "cut";

export const CLIENTS: End = "clients";

export class LinkTable {
  readonly #stateByWay = new Map<string, LinkState>();
  readonly #watchers = new Set<() => void>();

  state(from: End, to: End): LinkState {
    return this.#stateByWay.get(way(from, to)) ?? "open";
  }

  set(from: End, to: End, state: LinkState): void {
    if (state === "open") this.#stateByWay.delete(way(from, to));
    else this.#stateByWay.set(way(from, to), state);
    this.#tell();
  }

  openAll(): void {
    this.#stateByWay.clear();
    this.#tell();
  }

  /** Called when anything changes, until what is returned is called. */
  onChange(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

function way(from: End, to: End): string {
  return `${from} > ${to}`;
}
