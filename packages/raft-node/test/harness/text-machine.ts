/** A machine for tests: a text for each name, and how often anything was set. Requests are texts: "NAME=TEXT". */
import { NO_INDEX, NO_TERM, type EntryId } from "@lattice/raft";
import type { Committed, StateMachine, StateView } from "../../src/index.ts";

export interface TextState {
  readonly id: EntryId;
  readonly texts: ReadonlyMap<string, string>;
  readonly count: number;
}

const EMPTY: TextState = { id: { index: NO_INDEX, term: NO_TERM }, texts: new Map(), count: 0 };

/** What outlives the process. */
export class TextDisk {
  kept: TextState = EMPTY;
  staged: TextState | undefined;
  /** What a checkpoint waits for. */
  sync: () => Promise<void> = async () => {};
}

export class TextMachine implements StateMachine<string> {
  readonly disk: TextDisk;
  #state: TextState;

  constructor(disk: TextDisk) {
    this.disk = disk;
    this.#state = disk.kept;
  }

  get applied(): EntryId {
    return this.#state.id;
  }

  get count(): number {
    return this.#state.count;
  }

  get(name: string): string | undefined {
    return this.#state.texts.get(name);
  }

  apply(committed: readonly Committed[]): string[][] {
    const texts = new Map(this.#state.texts);
    let { count, id } = this.#state;
    const results = committed.map((entry) => {
      id = entry.id;
      if (entry.kind !== "requests") return [];
      return entry.requests.map((request) => {
        const [name, text] = Buffer.from(request).toString().split("=", 2);
        texts.set(name!, text!);
        count += 1;
        return `${count}: ${name} is ${text}`;
      });
    });
    this.#state = { id, texts, count };
    return results;
  }

  async checkpoint(): Promise<EntryId> {
    const state = this.#state;
    await this.disk.sync();
    if (state.id.index > this.disk.kept.id.index) this.disk.kept = state;
    return state.id;
  }

  view(): StateView {
    const { id, texts, count } = this.#state;
    return {
      id,
      async *pieces() {
        yield Buffer.from(String(count));
        for (const [name, text] of texts) yield Buffer.from(`${name}=${text}`);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async stage(id: EntryId, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const texts = new Map<string, string>();
    let count: number | undefined;
    for await (const piece of pieces) {
      const text = Buffer.from(piece).toString();
      if (count === undefined) count = Number(text);
      else texts.set(...(text.split("=", 2) as [string, string]));
    }
    await this.disk.sync();
    this.disk.staged = { id, texts, count: count ?? 0 };
  }

  get stagedId(): EntryId | undefined {
    return this.disk.staged?.id;
  }

  async adopt(): Promise<void> {
    this.disk.kept = this.disk.staged!;
    this.#state = this.disk.kept;
    this.disk.staged = undefined;
  }

  async unstage(): Promise<void> {
    this.disk.staged = undefined;
  }

  async close(): Promise<void> {}
}
