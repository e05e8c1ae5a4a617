/** Who wrote what: the truth that no node can know. Of keys whose holder is not honest, anything may come. */
import { bytesKey, toHex, type Intention, type PubKey } from "@lattice/model";
import type { Store } from "@lattice/kernel";
import { Violation } from "../violation.ts";

export class Authors {
  readonly #couldBeTold: (storeKey: string, id: string) => boolean;
  readonly #written = new Set<string>();
  readonly #flushed = new Set<string>();
  readonly #places = new Map<string, string>();
  /** May write twice in one place: their disks were copied or restored. */
  readonly #forkers = new Set<string>();
  readonly #liars = new Set<string>();
  readonly #losers = new Set<string>();

  /** `couldBeTold`: whether somebody has an intention and can be reached, so that who has lost it learns of it in time. */
  constructor(couldBeTold: (storeKey: string, id: string) => boolean) {
    this.#couldBeTold = couldBeTold;
  }

  /** Its log went bad: it waits for others to tell it what it has lost, as long as there is somebody who can. */
  mayHaveLost(author: PubKey): void {
    this.#losers.add(bytesKey(author));
  }

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

  lies(author: PubKey): boolean {
    return this.#liars.has(bytesKey(author));
  }

  /** On the author's own disk: from now on others may have it. */
  flushed({ id }: Intention): void {
    this.#flushed.add(bytesKey(id));
  }

  mayBeSent({ id, author }: Intention): boolean {
    return this.#flushed.has(bytesKey(id)) || this.#liars.has(bytesKey(author));
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
    const isNew = known === undefined || known === bytesKey(id);
    if (isNew || this.#mayWriteAgain(author, { storeKey: bytesKey(store.genesisHash), id: known })) {
      this.#places.set(key, bytesKey(id));
      return;
    }
    throw new Violation("fork", `${toHex(author).slice(0, 8)} has written seq ${seq} twice`);
  }

  #mayWriteAgain(author: PubKey, before: { storeKey: string; id: string }): boolean {
    const key = bytesKey(author);
    if (this.#forkers.has(key) || this.#liars.has(key)) return true;
    return this.#losers.has(key) && !this.#couldBeTold(before.storeKey, before.id);
  }
}
