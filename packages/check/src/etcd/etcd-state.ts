/** The state of a store with revisions; immutable, with a hash that is kept up to date. */
import { Hasher, type Lanes } from "../hasher.ts";
import type { EtcdAction, EtcdAnswer, EtcdCompare, EtcdEntry, EtcdOp, EtcdRelation } from "./operation.ts";
import { PersistentArray } from "./persistent-array.ts";

interface HashedEntry {
  readonly entry: EtcdEntry;
  readonly lanes: Lanes;
}

export interface EtcdState {
  readonly revision: number;
  readonly entries: PersistentArray<HashedEntry>;
  /** The XOR over all entries. */
  readonly lanes: Lanes;
}

/** What an operation does and answers in one state. */
export interface EtcdEffect {
  readonly state: EtcdState;
  readonly succeeded: boolean;
  readonly answers: readonly EtcdAnswer[];
}

/** The keys of a history, by number. */
export class EtcdKeys {
  readonly #indexByKey: ReadonlyMap<string, number>;
  readonly #hasher = new Hasher();

  constructor(keys: Iterable<string>) {
    this.#indexByKey = new Map([...new Set(keys)].map((key, index) => [key, index]));
  }

  start(revision: number, entries: Iterable<readonly [key: string, entry: EtcdEntry]>): EtcdState {
    let state: EtcdState = {
      revision,
      entries: PersistentArray.empty(this.#indexByKey.size),
      lanes: { high: 0, low: 0 },
    };
    for (const [key, entry] of entries) if (this.#indexByKey.has(key)) state = this.#with(state, key, entry);
    return state;
  }

  entry(state: EtcdState, key: string): EtcdEntry | null {
    return state.entries.get(this.#index(key))?.entry ?? null;
  }

  list(state: EtcdState): readonly (readonly [key: string, entry: EtcdEntry])[] {
    return [...this.#indexByKey.keys()].flatMap((key) => {
      const entry = this.entry(state, key);
      return entry === null ? [] : [[key, entry] as const];
    });
  }

  apply(before: EtcdState, op: EtcdOp): EtcdEffect {
    const succeeded = op.type !== "txn" || op.compares.every((compare) => this.#holds(before, compare));
    const actions = op.type !== "txn" ? [op] : succeeded ? op.success : op.failure;
    const revision = before.revision + 1;
    const answers: EtcdAnswer[] = [];
    let state = before;
    for (const action of actions) {
      answers.push(this.#answer(state, action));
      state = this.#write(state, action, revision);
    }
    return { state: state === before ? before : { ...state, revision }, succeeded, answers };
  }

  #answer(state: EtcdState, { type, key }: EtcdAction): EtcdAnswer {
    switch (type) {
      case "get":
        return { type, entry: this.entry(state, key) };
      case "put":
        return { type };
      case "delete":
        return { type, deletedCount: this.entry(state, key) === null ? 0 : 1 };
    }
  }

  /** The same state where nothing is written; the revision is not yet counted up, for a txn has one for all its writes. */
  #write(state: EtcdState, action: EtcdAction, revision: number): EtcdState {
    if (action.type === "get") return state;
    const before = this.entry(state, action.key);
    if (action.type === "delete") return before === null ? state : this.#with(state, action.key, null);
    const entry: EtcdEntry = {
      value: action.value,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      version: (before?.version ?? 0) + 1,
    };
    return this.#with(state, action.key, entry);
  }

  #with(state: EtcdState, key: string, entry: EtcdEntry | null): EtcdState {
    const index = this.#index(key);
    const before = state.entries.get(index);
    const after = entry === null ? undefined : { entry, lanes: this.#hash(index, entry) };
    return {
      revision: state.revision,
      entries: state.entries.with(index, after),
      lanes: {
        high: state.lanes.high ^ (before?.lanes.high ?? 0) ^ (after?.lanes.high ?? 0),
        low: state.lanes.low ^ (before?.lanes.low ?? 0) ^ (after?.lanes.low ?? 0),
      },
    };
  }

  #hash(index: number, { value, createRevision, modRevision, version }: EtcdEntry): Lanes {
    const hasher = this.#hasher.reset().number(index).text(value);
    const { high, low } = hasher.number(createRevision).number(modRevision).number(version);
    return { high, low };
  }

  #holds(state: EtcdState, compare: EtcdCompare): boolean {
    const entry = this.entry(state, compare.key);
    if (compare.target !== "value")
      return relates(entry?.[compare.target] ?? 0, compare.relation, compare.to);
    return entry !== null && relates(entry.value, compare.relation, compare.to);
  }

  #index(key: string): number {
    return this.#indexByKey.get(key)!;
  }
}

/** Texts compare by UTF-16 unit, which is not etcd's order of bytes beyond the basic plane. */
function relates<Value extends number | string>(value: Value, relation: EtcdRelation, to: Value): boolean {
  switch (relation) {
    case "=":
      return value === to;
    case "!=":
      return value !== to;
    case "<":
      return value < to;
    case ">":
      return value > to;
  }
}

export function isSameEntry(a: EtcdEntry | null, b: EtcdEntry | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.value === b.value &&
    a.modRevision === b.modRevision &&
    a.createRevision === b.createRevision &&
    a.version === b.version
  );
}
