/** The suite passes what keeps the contract; each of its checks fails what breaks it, and says how. */
import { randomBytes } from "node:crypto";
import { concatBytes, ID_BYTES, LatticeError, toHex, utf8 } from "@lattice/model";
import {
  Refusal,
  type CommandContext,
  type QueryContext,
  type StateTable,
  type StoreMethod,
  type StoreType,
  type StreamContext,
} from "@lattice/store";
import {
  checkAmbientUse,
  checkCommands,
  checkConvergence,
  checkDefinition,
  checkDeterminism,
  checkHostileOps,
  checkOpsCount,
  checkQueries,
  checkRebuild,
  checkRevocation,
  checkSnapshot,
  checkStreams,
  checkSynchrony,
  checkTables,
  ContractViolation,
  describeStore,
  storeChecks,
  type StoreSuiteOptions,
  type StoreUnderTest,
} from "@lattice/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyNote, applyNote, notes, rowOf, withApply, withMethod, type Note } from "./notes.ts";

describeStore(notes, { ops: anyNote });

type StoreCheck = (under: StoreUnderTest) => void | Promise<void>;

async function failureOf(
  check: StoreCheck,
  type: StoreType,
  options: Partial<StoreSuiteOptions<unknown>> = {},
): Promise<ContractViolation> {
  try {
    await check({ type, ops: anyNote, seed: 1, ...options });
  } catch (error) {
    if (error instanceof ContractViolation) return error;
    throw error;
  }
  throw new Error("the check found nothing");
}

const NAME = utf8("name");

/** Applies as it should, and does something else besides. */
function alongside(also: (table: StateTable, note: Note) => void): StoreType {
  return withApply((tx, op) => {
    const events = applyNote(tx, op);
    also(tx.table("notes"), op.payload);
    return events;
  });
}

/** Whoever comes last counts. */
const lastToCome = withApply((tx, { id, payload }) => {
  if (payload.name === "" || payload.name.length > 100) throw new Refusal("not a name");
  tx.table("notes").put(utf8(payload.name), rowOf(id, payload.text));
  return [payload];
});

/** Refuses what somebody wrote before. */
const firstToCome = withApply((tx, op) => {
  if (op.payload.name !== "" && tx.table("notes").has(utf8(op.payload.name)))
    throw new Refusal("there is one");
  return applyNote(tx, op);
});

/** What it has counted is in no table. */
function withMemory(): StoreType {
  let count = 0;
  return alongside((table) => table.put(NAME, utf8(`${count++}`)));
}

/** Changes the bytes of a row where they lie. */
function changeInPlace(table: StateTable): void {
  for (const [, value] of table.range()) value[0]! ^= 1;
}

function withMethods(entries: Iterable<readonly [string, StoreMethod]>): StoreType {
  return { ...notes, methods: new Map(entries) };
}

const watch = notes.methods.get("watch")!;

describe("has a handler for every method, and sound names", () => {
  it.each<[string, StoreType, RegExp]>([
    ["a method without a handler", withMethods([...notes.methods].slice(1)), /no handler for write/],
    [
      "a handler of another kind",
      withMethods([...notes.methods, ["watch", { ...watch, kind: "query" } as StoreMethod]]),
      /answers watch as a query/,
    ],
    ["a handler of nothing", withMethods([...notes.methods, ["erase", watch]]), /erase, which is no method/],
    ["a name that is none", { ...notes, type: "notes" }, /namespace:name/],
    ["a schema below 1", { ...notes, schema: 0 }, /count from 1/],
    ["a table that is declared twice", { ...notes, tables: ["notes", "notes"] }, /table twice/],
  ])("finds %s", async (_, type, message) => {
    expect((await failureOf(checkDefinition, type)).message).toMatch(message);
  });
});

describe("has ops that count", () => {
  it("finds that all of them are refused", async () => {
    const ops = fc.constant({ name: "" });
    expect((await failureOf(checkOpsCount, notes, { ops })).message).toMatch(
      /none of the ops .* writes a row/,
    );
  });
});

describe("gives one state, whichever way the ops come", () => {
  it.each<[string, StoreCheck, StoreType, RegExp]>([
    ["an order that decides what counts", checkConvergence, lastToCome, /the same ops give two states/],
    ["an order that decides what is refused", checkConvergence, firstToCome, /refused .*there is one/s],
    ["an order that decides after a revocation", checkRevocation, lastToCome, /the same ops give two states/],
    ["a memory that is not rebuilt", checkRebuild, withMemory(), /opened again behind #0/],
    ["a memory that no snapshot has", checkSnapshot, withMemory(), /where it was restored/],
    ["an order that decides behind a snapshot", checkSnapshot, lastToCome, /where it was restored/],
  ])("finds %s", async (_, check, type, message) => {
    expect((await failureOf(check, type)).message).toMatch(message);
  });

  it("says what the least case is, and how to try it again", async () => {
    const { message } = await failureOf(checkConvergence, lastToCome);
    expect(message).toMatch(/^test:notes breaks the contract of store types: /);
    expect(message).toMatch(/only in the order #0 #1:\n {4}row notes "[ab]" = 0x/);
    expect(message).toMatch(/The smallest case found, of 2 ops:/);
    expect(message).toMatch(/#0 by \w+ at 1 ms, who knows nothing: \{name: "a", text: "x"\}/);
    expect(message).toMatch(/the option seed: 1$/);
    expect((await failureOf(checkConvergence, lastToCome)).message).toBe(message);
  });
});

describe("gives the same rows and events each time", () => {
  it("finds a memory", async () => {
    expect((await failureOf(checkDeterminism, withMemory())).message).toMatch(/only a second time/);
  });

  it("finds events from elsewhere", async () => {
    let count = 0;
    const type = withApply((tx, op) => [...applyNote(tx, op), { count: count++ }]);
    expect((await failureOf(checkDeterminism, type)).message).toMatch(/other events a second time/);
  });

  it("finds what reads differently in a Buffer", async () => {
    const type = alongside((table, { text }) => table.put(NAME, utf8(text.toString())));
    expect((await failureOf(checkDeterminism, type)).message).toMatch(/with payloads in Buffers/);
  });

  it("finds a row that is changed where it lies", async () => {
    expect((await failureOf(checkDeterminism, alongside(changeInPlace))).message).toMatch(/gives copies/);
  });
});

describe("applies without clock, randomness or event loop", () => {
  it.each<[string, () => unknown]>([
    ["Date.now", () => Date.now()],
    ["new Date()", () => new Date()],
    ["Date()", () => Date()],
    ["performance.now", () => performance.now()],
    ["process.hrtime", () => process.hrtime()],
    ["Math.random", () => Math.random()],
    ["crypto.getRandomValues", () => crypto.getRandomValues(new Uint8Array(1))],
    ["crypto.randomUUID", () => crypto.randomUUID()],
    ["node:crypto.randomBytes", () => randomBytes(1)],
    ["setTimeout", () => setTimeout(() => undefined, 1)],
    ["setImmediate", () => setImmediate(() => undefined)],
    ["queueMicrotask", () => queueMicrotask(() => undefined)],
    ["fetch", () => fetch("http://localhost")],
    ["String.prototype.localeCompare", () => "a".localeCompare("b")],
    ["Number.prototype.toLocaleString", () => (1000).toLocaleString()],
  ])("finds %s, and gives it back", async (name, use) => {
    const type = alongside(() => void use());
    expect((await failureOf(checkAmbientUse, type)).message).toContain(`apply used ${name}\n`);
    await Promise.resolve(use()).catch(() => undefined);
  });

  it("finds it where apply catches what the trap throws", async () => {
    const type = alongside(() => {
      try {
        Date.now();
      } catch {
        // As if nothing had been.
      }
    });
    expect((await failureOf(checkAmbientUse, type)).message).toContain("apply used Date.now\n");
  });

  it("lets a date be calculated", async () => {
    const type = alongside((table) => table.put(NAME, utf8(new Date(5).toISOString())));
    await expect(checkAmbientUse({ type, ops: anyNote })).resolves.toBeUndefined();
  });
});

describe("applies at once", () => {
  it("finds a promise", async () => {
    const type = withApply((async () => await Promise.resolve([])) as never);
    expect((await failureOf(checkSynchrony, type)).message).toMatch(/apply gave a promise/);
  });

  it("finds that nothing is given", async () => {
    const type = withApply((() => undefined) as never);
    expect((await failureOf(checkSynchrony, type)).message).toMatch(
      /apply gave undefined instead of an array/,
    );
  });
});

describe("keeps to the tables that it declares", () => {
  it("finds another", async () => {
    const type = withApply((tx, op) => [tx.table("others").count(), ...applyNote(tx, op)]);
    expect((await failureOf(checkTables, type)).message).toMatch(/the table others; declared are notes/);
  });

  it("finds it where apply catches that there is none", async () => {
    const type = withApply((tx, op) => {
      try {
        tx.table("others");
      } catch {
        // As if nothing had been.
      }
      return applyNote(tx, op);
    });
    expect((await failureOf(checkTables, type)).message).toMatch(/the table others; declared are notes/);
  });
});

describe("refuses hostile payloads, and nothing else happens", () => {
  it("finds an error that is no Refusal", async () => {
    const type = alongside((_, { text }) => {
      if (text.length === 40) throw new TypeError("an id");
    });
    expect((await failureOf(checkHostileOps, type)).message).toMatch(
      /apply threw TypeError: an id; only a Refusal/,
    );
  });

  it("finds a row out of the bounds of a storage", async () => {
    const type = alongside((table, { text }) => {
      if (text.length > 0) table.put(text, text);
    });
    expect((await failureOf(checkHostileOps, type)).message).toMatch(
      /apply threw LatticeError: a key has 5000 bytes/,
    );
  });

  it("finds a refusal without a reason", async () => {
    const type = alongside((_, { text }) => {
      if (text.length === 0) throw new Refusal("");
    });
    expect((await failureOf(checkHostileOps, type)).message).toMatch(/refused without a reason/);
  });

  it("finds a state that is another after a refusal", async () => {
    const type = alongside((table, { text }) => {
      if (text.length > 1) return;
      changeInPlace(table);
      throw new Refusal("too short");
    });
    expect((await failureOf(checkHostileOps, type)).message).toMatch(
      /the state is another after a refused op/,
    );
  });
});

describe("reads in its queries, and does not write", () => {
  const query = (run: (context: QueryContext<Note>, note: Note) => unknown): StoreType =>
    withMethod("read", run);
  const tableOf = ({ read }: QueryContext<Note>): StateTable => read.table("notes") as StateTable;
  let asked = 0;

  it.each<[string, StoreType, RegExp]>([
    [
      "a write",
      query((context) => tableOf(context).put(NAME, NAME)),
      /InvariantError: .* in a transaction only/,
    ],
    [
      "a row that is changed where it lies",
      query((context) => changeInPlace(tableOf(context))),
      /changed the state/,
    ],
    ["an answer that changes", query(() => ({ name: `${asked++}` })), /two answers to one question/],
    ["an error of the machine", query((_, { text }) => text.at(-1)!.toFixed()), /read failed with TypeError/],
    [
      "an error that says nothing",
      query(() => Promise.reject(new LatticeError("internal", "oops"))),
      /read failed with LatticeError: oops/,
    ],
    ["a reply of another type", query(() => ({ name: 5 })), /read gave what is no test\.Note: \{name: 5\}/],
    [
      "that no request is answered",
      query(() => Promise.reject(new LatticeError("not-found", "none"))),
      /no request to read of test:notes was answered; .* requests: \{ read: … \}/,
    ],
  ])("finds %s", async (_, type, message) => {
    expect((await failureOf(checkQueries, type)).message).toMatch(message);
  });

  it("finds that an empty store cannot be asked", async () => {
    const type = query((context) => {
      const [[key] = []] = tableOf(context).range({ limit: 1 });
      return { text: Uint8Array.of(key!.length) };
    });
    for (const seed of [1, 2, 3]) {
      const { message } = await failureOf(checkQueries, type, { runs: 1, seed });
      expect(message).toMatch(/read failed with TypeError.*\n.*a store without any op/);
    }
  });
});

describe("writes what counts in its commands, or fails in words", () => {
  const command = (run: (context: CommandContext<Note>, note: Note) => unknown): StoreType =>
    withMethod("write", run);

  /** Checks a name in command and `apply` alike, up to the bound; or not at all. */
  const unbounded = ({ prefix = 0, max = Infinity, grows = false } = {}): StoreType => {
    const isName = ({ name }: Note): boolean => name !== "" && name.length <= max;
    const { methods } = command(async ({ submit }, note) => {
      if (!isName(note)) throw new LatticeError("invalid-argument", "no such name");
      await submit(note);
      return {};
    });
    const type = withApply((tx, { payload }) => {
      if (!isName(payload)) throw new Refusal("not a name");
      const [table, key] = [tx.table("notes"), utf8("p".repeat(prefix) + payload.name)];
      table.put(key, concatBytes((grows ? table.get(key) : undefined) ?? NAME, payload.text));
      return [];
    });
    return { ...type, methods };
  };

  it.each<[string, StoreType, RegExp]>([
    [
      "a write before a failure",
      command(async (context, note) => {
        await context.submit({ ...note, name: "written" });
        throw new LatticeError("conflict", "too late");
      }),
      /failed \(too late\), and wrote all the same/,
    ],
    [
      "an op that does not count",
      command(async (context) => {
        await context.submit({ name: "", text: NAME });
        return {};
      }),
      /an op that apply refuses \(a note has no name\)/,
    ],
    [
      "an error of the machine",
      command((_, { text }) => text.at(-1)!.toFixed()),
      /write failed with TypeError/,
    ],
    [
      "a name that is too long for a key",
      unbounded(),
      /an op that apply refuses \(a key has 5000 bytes, more than \d+\)\. The request: .*name: "x{60}…"/,
    ],
    [
      "a name that leaves no room beside it",
      unbounded({ prefix: 200, max: 4096 }),
      /an op that apply refuses \(a key has 4296 bytes/,
    ],
    [
      "a row that grows without bound",
      unbounded({ max: 100, grows: true }),
      /an op that apply refuses \(a value has \d{7} bytes/,
    ],
    [
      "that no request succeeds",
      command(() => Promise.reject(new LatticeError("closed", ""))),
      /was answered/,
    ],
  ])("finds %s", async (_, type, message) => {
    expect((await failureOf(checkCommands, type)).message).toMatch(message);
  });
});

describe("begins its streams with what there is, and ends them whole", () => {
  type Stream = (
    context: StreamContext<Note, Note>,
    note: Note,
    signal: AbortSignal,
  ) => AsyncIterable<unknown>;
  const stream = (run: Stream): StoreType => withMethod("watch", run as never);
  const changesOf = ({ changes }: StreamContext<Note, Note>, _: Note, signal: AbortSignal) => changes(signal);
  /** Leaves nothing behind, whoever ends it. */
  const whole = (run: Stream): Stream =>
    async function* (context, note, signal) {
      const left = new AbortController();
      try {
        yield* run(context, note, AbortSignal.any([signal, left.signal]));
      } finally {
        left.abort();
      }
    };

  it.each<[string, Stream, RegExp]>([
    [
      "that nothing is told until something changes",
      async function* (context, note, signal) {
        for await (const _ of changesOf(context, note, signal)) yield {};
      },
      /told nothing until something changed/,
    ],
    [
      "an end by itself",
      async function* () {
        yield {};
      },
      /watch ended by itself/,
    ],
    [
      "a subscription that its consumer leaves behind",
      async function* (context, note, signal) {
        const changes = changesOf(context, note, signal);
        yield {};
        for await (const _ of changes) yield {};
      },
      /still subscribed to changes when its consumer left/,
    ],
    [
      "a stream that nobody can end",
      async function* (context, note) {
        yield {};
        for await (const _ of changesOf(context, note, new AbortController().signal)) yield {};
      },
      /does not end when its signal was aborted/,
    ],
    [
      "a write",
      whole(async function* (context, note, signal) {
        const changes = changesOf(context, note, signal);
        changeInPlace(context.read.table("notes") as StateTable);
        yield {};
        for await (const _ of changes) yield {};
      }),
      /watch changed the state/,
    ],
    [
      "that no change is told",
      async function* (context, note, signal) {
        yield {};
        for await (const _ of changesOf(context, note, signal)) continue;
      },
      /told nothing of any op/,
    ],
    [
      "an event of another type",
      async function* () {
        yield { name: 5 };
        await new Promise(() => undefined);
      },
      /watch gave what is no test\.Note/,
    ],
    [
      "events without end",
      async function* (_, __, signal) {
        while (!signal.aborted) yield {};
      },
      /told 10000 events of a few ops/,
    ],
    [
      "an error of the machine",
      async function* () {
        yield await Promise.reject(new TypeError("oops"));
      },
      /watch failed with TypeError/,
    ],
  ])("finds %s", async (_, run, message) => {
    expect((await failureOf(checkStreams, stream(run), { runs: 20 })).message).toMatch(message);
  });

  const count = ({ read }: StreamContext<Note, Note>) => ({ name: `${read.table("notes").count()}` });
  const turn = async (): Promise<void> => await Promise.resolve();
  const late = /loses an op .* has to call `changes` before it reads the state\n.*a store without any op/;

  it.each<[string, Stream]>([
    [
      "behind what it tells first",
      async function* (context, note, signal) {
        yield count(context);
        for await (const _ of changesOf(context, note, signal)) yield count(context);
      },
    ],
    [
      "behind the second thing that it tells",
      async function* (context, note, signal) {
        yield count(context);
        yield { name: "ready" };
        for await (const _ of changesOf(context, note, signal)) yield count(context);
      },
    ],
    [
      "an await behind what it has read",
      async function* (context, note, signal) {
        const read = count(context);
        await turn();
        const changes = changesOf(context, note, signal);
        yield read;
        for await (const _ of changes) yield count(context);
      },
    ],
    [
      "an await behind a second look",
      async function* (context, note, signal) {
        yield count(context);
        const again = count(context);
        await turn();
        yield again;
        await turn();
        for await (const _ of changesOf(context, note, signal)) yield count(context);
      },
    ],
    [
      "behind what it tells of changes only",
      async function* ({ changes }, _note, signal) {
        yield { name: "ready" };
        for await (const change of changes(signal)) if (change.kind === "change") yield* change.events;
      },
    ],
  ])("finds a stream that subscribes %s", async (_, run) => {
    for (const seed of [1, 2, 3]) {
      const { message } = await failureOf(checkStreams, stream(whole(run)), { runs: 5, seed });
      expect(message).toMatch(late);
    }
  });

  it.each<[string, Stream]>([
    [
      "in the same step as it has read",
      async function* (context, note, signal) {
        const read = count(context);
        const changes = changesOf(context, note, signal);
        yield read;
        for await (const _ of changes) yield count(context);
      },
    ],
    [
      "late, and looks again",
      async function* (context, note, signal) {
        yield count(context);
        await turn();
        const changes = changesOf(context, note, signal);
        for (const [key, text] of [...context.read.table("notes").range()]) yield { name: toHex(key), text };
        yield { name: "ready" };
        for await (const change of changes) if (change.kind === "change") yield* change.events;
      },
    ],
    [
      "first, and does not tell twice what the state had",
      async function* ({ read, changes }, _note, signal) {
        const told = new Set<string>();
        const coming = changes(signal);
        yield { name: "begin" };
        for (const [key, row] of [...read.table("notes").range()]) {
          told.add(`${toHex(key)} ${toHex(row.subarray(ID_BYTES))}`);
          yield { name: new TextDecoder().decode(key), text: row.subarray(ID_BYTES) };
        }
        for await (const change of coming) {
          if (change.kind === "gap") continue;
          for (const note of change.events) {
            if (!told.delete(`${toHex(utf8(note.name))} ${toHex(note.text)}`)) yield note;
          }
        }
      },
    ],
  ])("lets a stream subscribe %s", async (_, run) => {
    const type = stream(whole(run));
    await expect(checkStreams({ type, ops: anyNote, seed: 1 })).resolves.toBeUndefined();
  });

  it("finds a range that is gone on with behind a yield", async () => {
    const type = stream(
      whole(async function* (context, note, signal) {
        const changes = changesOf(context, note, signal);
        yield { name: "ready" };
        for (const [, text] of context.read.table("notes").range()) yield { text };
        for await (const _ of changes) yield count(context);
      }),
    );
    expect((await failureOf(checkStreams, type)).message).toMatch(/a range is not continued after a write/);
  });

  it("finds that nothing is told of an empty store", async () => {
    const rows = whole(async function* (context, note, signal) {
      const changes = changesOf(context, note, signal);
      if (context.read.table("notes").count() > 0) yield count(context);
      for await (const _ of changes) yield count(context);
    });
    for (const seed of [1, 2, 3]) {
      const { message } = await failureOf(checkStreams, stream(rows), { runs: 1, seed });
      expect(message).toMatch(/told nothing until something changed.*\n.*a store without any op/);
    }
  });

  it("finds that no request is answered", async () => {
    const refusing: Stream = async function* () {
      yield await Promise.reject(new LatticeError("invalid-argument", "no"));
    };
    expect((await failureOf(checkStreams, stream(refusing))).message).toMatch(/no request to watch/);
  });
});

it("asks nothing of methods that a type has none of", () => {
  const names = Object.keys(storeChecks({ type: withMethods([]), ops: anyNote }));
  expect(names.filter((name) => /queries|commands|streams/.test(name))).toEqual([]);
});
