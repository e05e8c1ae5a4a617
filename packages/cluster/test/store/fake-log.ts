/** A log of one store, applied when a test says so: what a cluster would make of what is proposed. */
import { HybridClock, type PubKey } from "@lattice/model";
import { MemoryStorage } from "@lattice/storage";
import { applyStoreRequest, type StoreChange } from "../../src/store/apply-store-request.ts";
import { Commander } from "../../src/store/commander.ts";
import { STORE_TABLES } from "../../src/store/store-rows.ts";
import type { StoreOp, StoreOutcome, StoreRequest } from "../../src/store/store-request.ts";
import { StoreState } from "../../src/store/store-state.ts";
import { tally } from "./tally.ts";

const AUTHOR = new Uint8Array(32) as PubKey;

interface Proposed {
  readonly op: StoreOp;
  readonly resolve: (outcome: StoreOutcome) => void;
  readonly reject: (error: Error) => void;
}

export class FakeLog {
  readonly storage = new MemoryStorage({ tables: STORE_TABLES });
  readonly state: StoreState;
  readonly commander: Commander;
  readonly proposed: Proposed[] = [];
  readonly changes: StoreChange[] = [];
  barriers: (() => void)[] = [];
  holdsBarriers = false;
  /** Of another member, to make ops with. */
  readonly other: FakeOther;

  constructor() {
    this.apply({ kind: "create", name: "s", type: tally.type, id: new Uint8Array(16).fill(7), schema: 1 });
    const tables = (name: string) => this.storage.table(name);
    this.state = new StoreState({ name: "s", type: tally, tables });
    this.commander = new Commander({
      state: this.state,
      author: AUTHOR,
      clock: new HybridClock({ now: () => 1_000, after: () => () => undefined }),
      propose: (op) => new Promise((resolve, reject) => this.proposed.push({ op, resolve, reject })),
      readBarrier: () =>
        this.holdsBarriers ? new Promise((resolve) => this.barriers.push(resolve)) : Promise.resolve(),
    });
    this.other = new FakeOther(this);
  }

  run(name: string): Promise<object> {
    const method = tally.methods.get("setName")!;
    if (method.kind !== "command") throw new Error("it is a command");
    return this.commander.run(method, { name });
  }

  /** The oldest that was proposed is in the log now. */
  commit(): StoreOutcome {
    const { op, resolve } = this.proposed.shift()!;
    const outcome = this.apply(op);
    resolve(outcome);
    return outcome;
  }

  async settle(): Promise<void> {
    for (let turns = 0; turns < 20; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      while (this.proposed.length > 0) this.commit();
    }
  }

  apply(request: StoreRequest): StoreOutcome {
    const changes: StoreChange[] = [];
    const types = new Map([[tally.type, tally]]);
    const outcome = this.storage.transaction((table) =>
      applyStoreRequest({ table, types, changes }, request),
    );
    this.changes.push(...changes);
    for (const change of changes) this.commander.applied(change);
    return outcome;
  }

  number(name: string): number {
    return Number(
      Buffer.from(this.state.read.table("numbers").get(Buffer.from(name)) ?? Buffer.from("0")).toString(),
    );
  }
}

/** Writes what a leader before has proposed. */
class FakeOther {
  readonly #log: FakeLog;

  constructor(log: FakeLog) {
    this.#log = log;
  }

  add(name: string, amount: number): StoreOutcome {
    const { seq, timestamp } = this.#log.state.row;
    const payload = tally.payload.toBinary({ name: `${name}+${amount}` });
    return this.#log.apply({
      kind: "op",
      store: "s",
      seq: seq + 1,
      author: AUTHOR,
      timestamp,
      schema: 1,
      payload,
    });
  }
}
