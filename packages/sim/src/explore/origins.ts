/** From which world each world was first found, and by which of its moves: the way back to the beginning. */
const CHUNK = 1 << 18;

export class Origins {
  readonly #parents: Uint32Array[] = [];
  readonly #moves: Uint16Array[] = [];
  #count = 0;

  get bytes(): number {
    return this.#parents.length * CHUNK * 6;
  }

  /** The number of the world that is added. The first has no parent, whatever is said. */
  add(parent: number, move: number): number {
    const at = this.#count % CHUNK;
    if (at === 0) {
      this.#parents.push(new Uint32Array(CHUNK));
      this.#moves.push(new Uint16Array(CHUNK));
    }
    this.#parents.at(-1)![at] = parent;
    this.#moves.at(-1)![at] = move;
    this.#count += 1;
    return this.#count - 1;
  }

  /** The moves that lead to a world, by their place among the moves of each. */
  pathTo(number: number): number[] {
    const path: number[] = [];
    for (let at = number; at > 0; at = this.#parents[Math.floor(at / CHUNK)]![at % CHUNK]!) {
      path.push(this.#moves[Math.floor(at / CHUNK)]![at % CHUNK]!);
    }
    return path.reverse();
  }
}
