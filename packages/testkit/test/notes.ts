/** A store type that is small and whole, for the suite to pass and for broken ones to be made from: the last note counts. */
import { compareBytes, ID_BYTES, concatBytes, LatticeError, utf8, type IntentionId } from "@lattice/model";
import {
  defineStore,
  Refusal,
  type Op,
  type StateReader,
  type StateTx,
  type StoreMethod,
  type StoreType,
} from "@lattice/store";
import { MessageType, ScalarType } from "@protobuf-ts/runtime";
import {
  ServiceType,
  type MethodInfo,
  type ServerStreamingCall,
  type UnaryCall,
} from "@protobuf-ts/runtime-rpc";
import fc from "fast-check";

export interface Note {
  readonly name: string;
  readonly text: Uint8Array;
}

const NAME_CHARS_MAX = 100;

const NoteMessage = new MessageType<Note>("test.Note", [
  { no: 1, name: "name", kind: "scalar", T: ScalarType.STRING },
  { no: 2, name: "text", kind: "scalar", T: ScalarType.BYTES },
]);

interface NotesMethods {
  write(input: Note): UnaryCall<Note, Note>;
  read(input: Note): UnaryCall<Note, Note>;
  watch(input: Note): ServerStreamingCall<Note, Note>;
}

const service = new ServiceType("test.Notes", [
  { name: "Write", I: NoteMessage, O: NoteMessage, options: {} },
  { name: "Read", I: NoteMessage, O: NoteMessage, options: {} },
  { name: "Watch", I: NoteMessage, O: NoteMessage, options: {}, serverStreaming: true },
]);

class NotesClient {
  readonly typeName = service.typeName;
  readonly methods: MethodInfo[] = service.methods;
  readonly options = service.options;
}

export const notes = defineStore({
  type: "test:notes",
  schema: 1,
  service: NotesClient as unknown as new () => NotesMethods & NotesClient,
  payload: NoteMessage,
  tables: ["notes"],
  apply: applyNote,
  commands: {
    async write(context, { name, text }) {
      if (name === "" || name.length > NAME_CHARS_MAX)
        throw new LatticeError("invalid-argument", "no such name");
      await context.submit({ name, text });
      return { name, text };
    },
  },
  queries: {
    read: ({ read }, { name }) => ({ name, text: textOf(read, name) }),
  },
  streams: {
    async *watch({ read, changes }, _request, signal) {
      const done = new AbortController();
      try {
        const coming = changes(AbortSignal.any([signal, done.signal]));
        yield { name: `${read.table("notes").count()} notes` };
        for await (const change of coming) if (change.kind === "change") yield* change.events;
      } finally {
        done.abort();
      }
    },
  },
});

/** A row is the id of the op that wrote it, and the text. */
export function applyNote(tx: StateTx, { id, payload }: Op<Note>): readonly Note[] {
  const { name, text } = payload;
  if (name === "") throw new Refusal("a note has no name");
  if (name.length > NAME_CHARS_MAX) throw new Refusal("the name is too long");
  const table = tx.table("notes");
  const stored = table.get(utf8(name));
  if (stored !== undefined && compareBytes(stored.subarray(0, ID_BYTES), id) > 0) return [];
  table.put(utf8(name), rowOf(id, text));
  return [{ name, text }];
}

export function rowOf(id: IntentionId, text: Uint8Array): Uint8Array {
  return concatBytes(id, text);
}

function textOf(read: StateReader, name: string): Uint8Array {
  const stored = name === "" ? undefined : read.table("notes").get(utf8(name));
  return stored === undefined ? new Uint8Array() : stored.subarray(ID_BYTES);
}

export const anyNote: fc.Arbitrary<Note> = fc.record({
  name: fc.constantFrom("a", "b"),
  text: fc.constantFrom("x", "y", "z").map(utf8),
});

type Apply = (tx: StateTx, op: Op<Note>) => readonly unknown[];

export function withApply(apply: Apply): StoreType {
  return { ...notes, apply };
}

/** The type with one of its methods replaced. */
export function withMethod(name: string, run: (...given: never[]) => unknown): StoreType {
  const method = { ...notes.methods.get(name), run } as StoreMethod;
  return { ...notes, methods: new Map([...notes.methods, [name, method]]) };
}
