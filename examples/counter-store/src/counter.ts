/** `example:counter`: counters by name. Sums commute, so no count is lost, whatever comes first. */
import { damagedState, defineStore, LatticeError, Refusal, type StateReader } from "@lattice/store";
import { CountersClient } from "./gen/example/counter/v1/counter.client.ts";
import { Counter, CounterOp } from "./gen/example/counter/v1/counter.ts";
import { NAME_BYTES_MAX, PAGE_COUNT } from "./limits.ts";

export const counter = defineStore({
  type: "example:counter",
  schema: 1,
  service: CountersClient,
  payload: CounterOp,
  tables: ["counters"],
  apply(tx, { payload }) {
    const problem = problemOf(payload);
    if (problem !== undefined) throw new Refusal(problem);
    // Beyond 64 bits it wraps, in every order alike; a limit would depend on which came first.
    const { name, delta } = payload;
    const value = BigInt.asIntN(64, counterOf(tx, name).value + delta);
    tx.table("counters").put(keyOf(name), Counter.toBinary({ name, value }));
    return [name];
  },
  commands: {
    async increment(context, { name, amount = 1n }) {
      await context.submit(checked({ name, delta: amount }));
      return {};
    },
    async decrement(context, { name, amount = 1n }) {
      await context.submit(checked({ name, delta: -amount }));
      return {};
    },
  },
  queries: {
    get({ read }, { name }) {
      if (name === "") throw new LatticeError("invalid-argument", "give the name of a counter");
      return { value: counterOf(read, name).value };
    },
    list({ read }, { cursor }) {
      const rows = read.table("counters").range({ gt: cursor, limit: PAGE_COUNT });
      const counters = Array.from(rows, ([, row]) => decoded(row));
      return { counters, next: keyOf(counters[PAGE_COUNT - 1]?.name ?? "") };
    },
  },
  streams: {
    async *watch(context, { name }, signal) {
      const all = () => Array.from(context.read.table("counters").range(), ([, row]) => decoded(row));
      const present = () => (name === "" ? all() : [counterOf(context.read, name)]);
      const left = new AbortController();
      try {
        const changes = context.changes(AbortSignal.any([signal, left.signal]));
        yield* present();
        yield { ready: true };
        for await (const change of changes) {
          const moved = change.kind === "gap" ? present().map((each) => each.name) : change.events;
          // Read anew, not carried by the event: the state may be ahead of what streams are told.
          for (const each of moved) if (["", each].includes(name)) yield counterOf(context.read, each);
        }
      } finally {
        left.abort();
      }
    },
  },
});

function problemOf({ name, delta }: CounterOp): string | undefined {
  const byteCount = keyOf(name).length;
  if (byteCount === 0 || byteCount > NAME_BYTES_MAX) return `a name has 1 to ${NAME_BYTES_MAX} bytes`;
  if (delta !== BigInt.asIntN(64, delta)) return "an amount is below 2^63";
  return delta === 0n ? "it moves nothing: give an amount other than 0" : undefined;
}

function checked(op: CounterOp): CounterOp {
  const problem = problemOf(op);
  if (problem !== undefined) throw new LatticeError("invalid-argument", problem);
  return op;
}

function counterOf(state: StateReader, name: string): Counter {
  const row = state.table("counters").get(keyOf(name));
  return row === undefined ? { name, value: 0n } : decoded(row);
}

function decoded(row: Uint8Array): Counter {
  try {
    return Counter.fromBinary(row);
  } catch (error) {
    throw damagedState("a counter cannot be read", error);
  }
}

function keyOf(name: string): Uint8Array {
  return new TextEncoder().encode(name);
}
