/** What TypeScript lets the handlers of a store type be written like; whether they work is for `describeStore`. */
import { defineStore, type Op, type StreamContext } from "@lattice/store";
import { MessageType, RepeatType, ScalarType } from "@protobuf-ts/runtime";
import {
  ServiceType,
  type MethodInfo,
  type ServerStreamingCall,
  type UnaryCall,
} from "@protobuf-ts/runtime-rpc";
import { describe, expect, it } from "vitest";

interface Names {
  name: string;
  others: string[];
}

const Names = new MessageType<Names>("test.Names", [
  { no: 1, name: "name", kind: "scalar", T: ScalarType.STRING },
  { no: 2, name: "others", kind: "scalar", repeat: RepeatType.UNPACKED, T: ScalarType.STRING },
]);
const service = new ServiceType("test.Lists", [
  { name: "Add", I: Names, O: Names, options: {} },
  { name: "List", I: Names, O: Names, options: {} },
  { name: "Watch", I: Names, O: Names, options: {}, serverStreaming: true },
]);

interface Methods {
  add(input: Names): UnaryCall<Names, Names>;
  list(input: Names): UnaryCall<Names, Names>;
  watch(input: Names): ServerStreamingCall<Names, Names>;
}

class ListsClient {
  readonly typeName = service.typeName;
  readonly methods: MethodInfo[] = service.methods;
  readonly options = service.options;
}

const PRESENT: readonly string[] = ["a", "b"];

const lists = defineStore({
  type: "test:lists",
  schema: 1,
  service: ListsClient as unknown as new () => Methods & ListsClient,
  payload: Names,
  tables: ["names"],
  apply: (_tx, { payload }: Op<Names>) => [payload.name],
  commands: {
    async add({ submit }, { name }) {
      await submit({ name, others: [] });
      return { others: PRESENT };
    },
  },
  queries: { list: ({ read, op }) => ({ others: PRESENT, name: `${typeof read} ${typeof op}` }) },
  streams: {
    async *watch({ position, changes }, _request, signal) {
      yield { name: `${position().length}`, others: PRESENT };
      for await (const change of changes(signal))
        if (change.kind === "change") yield { others: change.events };
    },
  },
});

describe("a handler", () => {
  it("takes its context apart, and answers with lists that are readonly", async () => {
    const context: StreamContext<Names, string> = {
      read: {
        table() {
          throw new Error("not asked for");
        },
      },
      op: () => undefined,
      position: () => new Uint8Array(16),
      opsSince: () => undefined,
      async *changes() {
        yield { kind: "change", events: PRESENT, position: new Uint8Array(16) };
      },
    };
    const method = lists.methods.get("watch")!;
    if (method.kind !== "stream") throw new Error("watch is a stream");
    const told: object[] = [];
    for await (const event of method.run(context, Names.create(), new AbortController().signal)) {
      told.push(Names.create(event));
    }
    expect(told).toEqual([
      { name: "16", others: ["a", "b"] },
      { name: "", others: ["a", "b"] },
    ]);
  });
});
