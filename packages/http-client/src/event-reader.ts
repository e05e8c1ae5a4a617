/** Server-sent events out of bytes, by the rules of the HTML standard. */
import { LatticeError } from "@lattice/model/errors";
import { LINE_LENGTH_MAX } from "./limits.ts";

export interface ServerSentEvent {
  /** `message` where the server gave no name. */
  readonly type: string;
  readonly data: string;
  /** The last one that the stream told; empty where none holds. */
  readonly id: string;
}

/** Ends where the bytes end; an event that was cut off is dropped. */
export async function* readEvents(bytes: ReadableStream<Uint8Array>): AsyncIterable<ServerSentEvent> {
  const parser = new EventParser();
  for await (const line of readLines(bytes)) {
    const event = parser.take(line);
    if (event !== undefined) yield event;
  }
}

class EventParser {
  #type = "";
  #data: string[] = [];
  #id = "";

  take(line: string): ServerSentEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    // What begins with a colon is a comment.
    if (colon === 0) return undefined;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#type = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const event = { type: this.#type || "message", data: this.#data.join("\n"), id: this.#id };
    const isEmpty = this.#data.length === 0;
    this.#type = "";
    this.#data = [];
    return isEmpty ? undefined : event;
  }
}

async function* readLines(bytes: ReadableStream<Uint8Array>): AsyncIterable<string> {
  const reader = bytes.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      if (rest.length > LINE_LENGTH_MAX)
        throw new LatticeError(
          "too-large",
          `an event of the stream is longer than ${LINE_LENGTH_MAX} characters`,
        );
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
