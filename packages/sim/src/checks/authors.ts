/** Who wrote what: the truth that no node can know. Of keys whose holder is not honest, anything may come. */
import { bytesKey, toHex, type Intention, type PubKey } from "@lattice/model";
import { decodeOps, type Store } from "@lattice/kernel";
import { Violation } from "../violation.ts";

export class Authors {
  readonly #couldBeTold: (storeKey: string, id: string) => boolean;
  readonly #written = new Set<string>();
  readonly #flushed = new Set<string>();
  /** What was seen to stand in a place: more than one where an author could not know of the first. */
  readonly #places = new Map<string, Set<string>>();
  /** May write twice in one place: their disks were copied or restored. */
  readonly #forkers = new Set<string>();
  readonly #liars = new Set<string>();
  readonly #losers = new Set<string>();
  readonly #forgotten = new Set<string>();
  readonly #admissions: { readonly storeKey: string; readonly intention: Intention }[] = [];

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

  /** No log has them any more: something else may come to stand in their places. They may come back out of some buffer. */
  forget(ids: ReadonlySet<string>): void {
    for (const id of ids) this.#forgotten.add(id);
  }

  /** No log of that store has them any more. What was written under them stays. */
  forgottenAdmissions(storeKey: string): Intention[] {
    const all = this.#admissions.filter((each) => each.storeKey === storeKey);
    return all.map(({ intention }) => intention).filter(({ id }) => this.#forgotten.has(bytesKey(id)));
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

  /** It can be seen by others, so nothing else may ever be written there. */
  place(store: Store, intention: Intention): void {
    const { id, author, seq } = intention;
    const storeKey = bytesKey(store.genesisHash);
    const place = storeKey + bytesKey(author) + String(seq);
    const known = this.#places.get(place) ?? new Set();
    this.#places.set(place, known);
    if (
      !known.has(bytesKey(id)) &&
      [...known].some((before) => !this.#mayWriteAgain(author, storeKey, before))
    )
      throw new Violation("fork", `${toHex(author).slice(0, 8)} has written seq ${seq} twice`);
    if (!known.has(bytesKey(id)) && isAdmission(intention)) this.#admissions.push({ storeKey, intention });
    known.add(bytesKey(id));
  }

  #mayWriteAgain(author: PubKey, storeKey: string, before: string): boolean {
    const key = bytesKey(author);
    if (this.#forkers.has(key) || this.#liars.has(key) || this.#forgotten.has(before)) return true;
    return this.#losers.has(key) && !this.#couldBeTold(storeKey, before);
  }
}

function isAdmission(intention: Intention): boolean {
  const op = decodeOps(intention)?.op;
  return op?.oneofKind === "system" && op.system.op.oneofKind === "admit";
}
