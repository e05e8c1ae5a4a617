/** Who wrote what: the truth that no node can know. Of keys whose holder is not honest, anything may come. */
import { bytesKey, toHex, type Intention, type PubKey } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import { Violation } from "../violation.ts";

export class Authors {
  readonly #written = new Set<string>();
  readonly #places = new Map<string, string>();
  /** May write twice in one place: their disks were copied or restored. */
  readonly #forkers = new Set<string>();
  readonly #liars = new Set<string>();

  mayFork(author: PubKey): void {
    this.#forkers.add(bytesKey(author));
  }

  isLiar(author: PubKey): void {
    this.#liars.add(bytesKey(author));
  }

  /** Nobody has them any more: something else may come to stand in their places. */
  forget(ids: ReadonlySet<string>): void {
    for (const [place, id] of this.#places) if (ids.has(id)) this.#places.delete(place);
  }

  /** On the author's own machine. */
  wrote({ id }: Intention): void {
    this.#written.add(bytesKey(id));
  }

  knows({ id, author }: Intention): boolean {
    return this.#written.has(bytesKey(id)) || this.#liars.has(bytesKey(author));
  }

  /** It can be seen by others, so nothing else may ever stand there. */
  place(store: Store, { id, author, seq }: Intention): void {
    const key = bytesKey(store.genesisHash) + bytesKey(author) + String(seq);
    const known = this.#places.get(key);
    if (known === undefined) this.#places.set(key, bytesKey(id));
    else if (
      known !== bytesKey(id) &&
      !this.#forkers.has(bytesKey(author)) &&
      !this.#liars.has(bytesKey(author))
    ) {
      throw new Violation("fork", `${toHex(author).slice(0, 8)} has written seq ${seq} twice`);
    }
  }
}
