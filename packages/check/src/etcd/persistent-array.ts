/** An array of which every version stays: writing copies the path from the root, of 32-fold nodes, and no more. */
const BITS = 5;
const WIDTH = 1 << BITS;

type Node<T> = readonly (Node<T> | T | undefined)[];

export class PersistentArray<T> {
  readonly #root: Node<T>;
  readonly #levelCount: number;

  private constructor(root: Node<T>, levelCount: number) {
    this.#root = root;
    this.#levelCount = levelCount;
  }

  /** With room for so many, all undefined. */
  static empty<T>(length: number): PersistentArray<T> {
    let levelCount = 1;
    while (WIDTH ** levelCount < length) levelCount += 1;
    return new PersistentArray<T>([], levelCount);
  }

  get(index: number): T | undefined {
    let node: Node<T> | undefined = this.#root;
    for (let level = this.#levelCount - 1; level > 0 && node !== undefined; level -= 1) {
      node = node[digit(index, level)] as Node<T> | undefined;
    }
    return node?.[digit(index, 0)] as T | undefined;
  }

  with(index: number, value: T | undefined): PersistentArray<T> {
    const root = withDigits(this.#root, { index, value, level: this.#levelCount - 1 });
    return new PersistentArray(root, this.#levelCount);
  }
}

function withDigits<T>(
  node: Node<T> | undefined,
  { index, value, level }: { index: number; value: T | undefined; level: number },
): Node<T> {
  const copy: (Node<T> | T | undefined)[] = node === undefined ? [] : [...node];
  const at = digit(index, level);
  copy[at] =
    level === 0 ? value : withDigits(node?.[at] as Node<T> | undefined, { index, value, level: level - 1 });
  return copy;
}

function digit(index: number, level: number): number {
  return (index >>> (BITS * level)) & (WIDTH - 1);
}
