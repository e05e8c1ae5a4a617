/** A store type for tests: numbers by name, which refuses what it is told to, and says what it has read. */
import { LatticeError } from "@lattice/model";
import { NodeServiceClient, daemon } from "@lattice/proto";
import { defineStore, Refusal, type StoreType } from "@lattice/store";

const DECODER = new TextDecoder();
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * The messages are borrowed: a service wants some. `setName` with "NAME+N" adds, "!" is refused, "=NAME" only reads, "NAME?N"
 * adds where the number is N.
 */
export const tally: StoreType = defineStore({
  type: "test:tally",
  schema: 1,
  service: NodeServiceClient,
  payload: daemon.SetNodeNameRequest,
  tables: ["numbers", "log"],
  apply(tx, { payload: { name: text }, seq }) {
    const [name, amount] = text.split("+") as [string, string];
    const numbers = tx.table("numbers");
    const before = Number(DECODER.decode(numbers.get(utf8(name)) ?? utf8("0")));
    numbers.put(utf8(name), utf8(String(before + Number(amount))));
    tx.table("log").put(utf8(String(seq)), utf8(text));
    if (name === "!") throw new Refusal("as it was told to");
    if (name === "oops") throw new TypeError("a fault of the type");
    if (name === "empty") tx.table("log").put(new Uint8Array(0), utf8("x"));
    return [text];
  },
  commands: {
    async setName({ read, submit }, { name: text }) {
      const numbers = read.table("numbers");
      const valueOf = (name: string): number => Number(DECODER.decode(numbers.get(utf8(name)) ?? utf8("0")));
      if (text.startsWith("=")) throw new LatticeError("conflict", String(valueOf(text.slice(1))));
      const [name, expected] = text.split("?") as [string, string | undefined];
      if (expected === undefined) await submit({ name: text });
      else if (valueOf(name) !== Number(expected)) throw new LatticeError("conflict", String(valueOf(name)));
      else await submit({ name: `${name}+1` });
      return {};
    },
  },
  queries: {
    getStatus: ({ read }) => ({ storeCount: read.table("numbers").count() }),
    listTypes: () => ({}),
    webLink: () => ({}),
    clusterStatus: () => ({}),
  },
  streams: {
    async *events() {
      yield await Promise.resolve({});
    },
    async *join() {
      yield await Promise.resolve({});
    },
  },
});
