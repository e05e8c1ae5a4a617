/** Objects to make histories with: the naive twins of the models. */
import type {
  EtcdAction,
  EtcdAnswer,
  EtcdCompare,
  EtcdEntry,
  EtcdOp,
  EtcdResult,
  KvOp,
  KvResult,
  RegisterOp,
  RegisterResult,
  RegisterValue,
} from "@lattice/check";

export function newRegister(): (op: RegisterOp) => RegisterResult {
  let value: RegisterValue = null;
  return (op) => {
    if (op.type === "read") return value;
    if (op.type === "cas" && value !== op.from) return false;
    value = op.type === "cas" ? op.to : op.value;
    return op.type === "cas" ? true : null;
  };
}

export function newMap(): (op: KvOp) => KvResult {
  const values = new Map<string, string>();
  return (op) => {
    if (op.type === "get") return values.get(op.key) ?? null;
    if (op.type === "delete") values.delete(op.key);
    else values.set(op.key, op.type === "put" ? op.value : (values.get(op.key) ?? "") + op.value);
    return null;
  };
}

export class EtcdStore {
  revision: number;
  readonly entries: Map<string, EtcdEntry>;

  constructor(revision = 1, entries: Iterable<readonly [string, EtcdEntry]> = []) {
    this.revision = revision;
    this.entries = new Map(entries);
  }

  perform(op: EtcdOp): EtcdResult {
    const succeeded = op.type !== "txn" || op.compares.every((compare) => this.#holds(compare));
    const actions = op.type !== "txn" ? [op] : succeeded ? op.success : op.failure;
    const next = this.revision + 1;
    const answers = actions.map((action) => this.#act(action, next));
    const revision = this.revision;
    return op.type === "txn" ? { type: "txn", revision, succeeded, answers } : { revision, ...answers[0]! };
  }

  #act(action: EtcdAction, next: number): EtcdAnswer {
    const { type, key } = action;
    const entry = this.entries.get(key);
    if (type === "get") return { type, entry: entry ?? null };
    if (type === "delete") {
      if (!this.entries.delete(key)) return { type, deletedCount: 0 };
      this.revision = next;
      return { type, deletedCount: 1 };
    }
    const { createRevision = next, version = 0 } = entry ?? {};
    this.entries.set(key, { value: action.value, createRevision, modRevision: next, version: version + 1 });
    this.revision = next;
    return { type };
  }

  #holds({ key, target, relation, to }: EtcdCompare): boolean {
    const entry = this.entries.get(key);
    if (target === "value" && entry === undefined) return false;
    const is = entry?.[target] ?? 0;
    return { "=": is === to, "!=": is !== to, "<": is < to, ">": is > to }[relation];
  }
}
