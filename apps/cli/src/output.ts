/** How one command answers, in text or in JSON, as its line asks for. */
import { daemon } from "@lattice/proto";
import { LatticeError } from "@lattice/model";
import type { Console } from "./console.ts";
import { UsageError } from "./errors.ts";
import { isBytes, isMark, isRepeated, valueOf } from "./fields/message.ts";
import { isTokenField } from "./fields/names.ts";
import type { Paint } from "./print/paint.ts";
import type { BytesForm } from "./print/value.ts";
import { toJson, type Json } from "./fields/json.ts";
import type { MessageType } from "./fields/message.ts";
import { renderReply, type Rendering } from "./print/reply.ts";

/** Names of the messages of the node's own API. */
export type DaemonMessage = {
  [Name in keyof typeof daemon]: (typeof daemon)[Name] extends { readonly typeName: string; create(): object }
    ? Name
    : never;
}[keyof typeof daemon];

export interface OutputOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly bytes: BytesForm;
  /** The answer as it is stored, with nothing around it. */
  readonly raw: boolean;
}

export class Output {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly bytes: BytesForm;
  readonly isRaw: boolean;
  readonly isCut: boolean;
  readonly paint: Paint;
  readonly #console: Console;

  constructor(console: Console, options: OutputOptions) {
    this.#console = console;
    this.json = options.json;
    this.verbose = options.verbose;
    this.bytes = options.bytes;
    this.isRaw = options.raw;
    this.isCut = console.isTerminal && !options.verbose;
    this.paint = console.paint;
  }

  line(text: string): void {
    this.#console.out(text);
  }

  /** Beside the answer; not in JSON, which says it all itself. */
  note(text: string): void {
    if (!this.json) this.#console.err(`${this.#console.paintError("faint", "note:")} ${text}`);
  }

  /** Throws where the message is not one value of bytes. */
  raw(type: MessageType, message: object): void {
    const bytes = onlyBytes(type, message);
    if (bytes === undefined) throw new LatticeError("not-found", "not found");
    this.content(bytes);
  }

  /** As it is, with nothing behind it. */
  content(bytes: Uint8Array): void {
    this.#console.bytes(bytes);
  }

  /** Beside the answer, as it is; not in JSON. */
  aside(line: string): void {
    if (!this.json) this.#console.err(line);
  }

  document(json: Json): void {
    this.#console.out(JSON.stringify(json));
  }

  /** A reply of the node's own API. `lines` is its text, where reflection alone would not do. */
  show(name: DaemonMessage, message: object, lines?: () => Iterable<string>): void {
    const type = daemon[name] as unknown as MessageType;
    if (this.json) this.document(toJson(type, message));
    else if (lines !== undefined) for (const line of lines()) this.line(line);
    else this.rendering(renderReply(type, message, this));
  }

  rendering({ lines, notes, missing }: Rendering): void {
    if (missing) throw new LatticeError("not-found", "not found");
    for (const line of lines) this.line(line);
    for (const note of notes) this.note(note);
  }
}

/** Undefined where it could hold a value, and holds none. */
function onlyBytes(type: MessageType, message: object): Uint8Array | undefined {
  const [field, ...others] = type.fields.filter((each) => !isMark(each) && !isTokenField(each));
  if (field === undefined || others.length > 0 || !isBytes(field) || isRepeated(field)) {
    throw new UsageError("--raw is for what answers with one value");
  }
  return valueOf(message, field) as Uint8Array | undefined;
}
