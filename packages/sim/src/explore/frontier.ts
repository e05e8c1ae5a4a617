/** Worlds that are known and whose next moves are not, packed into words; first in, first out. */
import type { Atlas } from "./atlas.ts";
import type { Chronicles } from "./chronicle.ts";
import type { World } from "./world.ts";

const CHUNK_WORDS = 1 << 20;
/** How many members and messages there may be in one world. */
const WORLD_WORDS_MAX = 4096;

export interface Waiting {
  /** In the order in which worlds were found. */
  readonly number: number;
  readonly depth: number;
  readonly world: World;
}

export class Frontier {
  readonly #atlas: Atlas;
  readonly #chronicles: Chronicles;
  readonly #memberCount: number;
  #chunks: Int32Array[] = [new Int32Array(CHUNK_WORDS)];
  #readAt = 0;
  #writeAt = 0;
  #count = 0;

  constructor(options: { atlas: Atlas; chronicles: Chronicles; memberCount: number }) {
    this.#atlas = options.atlas;
    this.#chronicles = options.chronicles;
    this.#memberCount = options.memberCount;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_WORDS * 4;
  }

  push({ number, depth, world }: Waiting): void {
    if (this.#writeAt + WORLD_WORDS_MAX > CHUNK_WORDS) this.#beginChunk();
    const chunk = this.#chunks.at(-1)!;
    let at = this.#writeAt;
    // 0 marks the end of a chunk.
    chunk[at++] = world.messages.length + 1;
    chunk[at++] = number;
    chunk[at++] = depth;
    chunk[at++] = world.chronicle.number;
    chunk[at++] = world.spent;
    for (const member of world.members) chunk[at++] = member.number;
    for (const message of world.messages) chunk[at++] = message;
    this.#writeAt = at;
    this.#count += 1;
  }

  shift(): Waiting | undefined {
    if (this.#count === 0) return undefined;
    if (this.#chunks[0]![this.#readAt] === 0) this.#leaveChunk();
    const chunk = this.#chunks[0]!;
    const at = this.#readAt;
    const messagesAt = at + 5 + this.#memberCount;
    const end = messagesAt + chunk[at]! - 1;
    const members = Array.from(chunk.subarray(at + 5, messagesAt), (number) => this.#atlas.member(number));
    const messages = Array.from(chunk.subarray(messagesAt, end));
    const chronicle = this.#chronicles.at(chunk[at + 3]!);
    this.#readAt = end;
    this.#count -= 1;
    return {
      number: chunk[at + 1]!,
      depth: chunk[at + 2]!,
      world: { members, messages, chronicle, spent: chunk[at + 4]! },
    };
  }

  #beginChunk(): void {
    this.#chunks.push(new Int32Array(CHUNK_WORDS));
    this.#writeAt = 0;
  }

  #leaveChunk(): void {
    this.#chunks.shift();
    this.#readAt = 0;
  }
}
