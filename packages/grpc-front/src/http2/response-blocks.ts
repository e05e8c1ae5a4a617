/**
 * The header blocks of answers. Most are the same as before, and once their fields are in the table that client and server
 * share, the same bytes.
 */
import { headerField } from "../hpack/header-field.ts";
import { blockBytesMax, HpackEncoder, type OutgoingField } from "../hpack/hpack-encoder.ts";
import { encodeStatusMessage } from "../status-message.ts";
import { LATTICE_CODE, type Status } from "../status.ts";
import { HEADER_TABLE_BYTES } from "./limits.ts";

export class ResponseBlocks {
  readonly #encoder = new HpackEncoder(HEADER_TABLE_BYTES);
  readonly #known = new Map<string, Uint8Array>();
  #insertCount = 0;

  /** What the client allows (SETTINGS_HEADER_TABLE_SIZE). */
  limitTable(bytesMax: number): void {
    this.#encoder.limitTable(bytesMax);
  }

  /** Before the first message. */
  head(): Uint8Array {
    return this.#knownBlock("head", () => [...HEAD, CONTENT_TYPE]);
  }

  /** Behind the last. */
  trailers(status: Status): Uint8Array {
    if (status.message !== "") return this.#encode(statusFields(status));
    return this.#knownBlock(`status ${status.code}`, () => statusFields(status));
  }

  /** Of an answer that has nothing but its status. */
  trailersOnly(httpStatus: number, status: Status): Uint8Array {
    return this.#encode([
      outgoing(":status", String(httpStatus), false),
      CONTENT_TYPE,
      ...statusFields(status),
    ]);
  }

  #knownBlock(name: string, fields: () => readonly OutgoingField[]): Uint8Array {
    if (this.#encoder.insertCount !== this.#insertCount || this.#encoder.mustTellSize) this.#known.clear();
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#insertCount = this.#encoder.insertCount;
    const isSpecial = this.#encoder.mustTellSize;
    const block = this.#encode(fields());
    // One that put fields into the table is not what will be said the next time.
    if (!isSpecial && this.#encoder.insertCount === this.#insertCount) this.#known.set(name, block);
    return block;
  }

  #encode(fields: readonly OutgoingField[]): Uint8Array {
    const bytes = new Uint8Array(blockBytesMax(fields));
    return bytes.subarray(0, this.#encoder.encode(fields, bytes, 0));
  }
}

function outgoing(name: string, value: string, isRepeated: boolean): OutgoingField {
  return { ...headerField(name, value), isRepeated };
}

const HEAD: readonly OutgoingField[] = [outgoing(":status", "200", false)];
const CONTENT_TYPE = outgoing("content-type", "application/grpc", true);

function statusFields({ code, message, latticeCode }: Status): readonly OutgoingField[] {
  const status = outgoing("grpc-status", String(code), true);
  if (message === "") return [status];
  const fields = [status, outgoing("grpc-message", encodeStatusMessage(message), false)];
  if (latticeCode !== undefined) fields.push(outgoing(LATTICE_CODE, latticeCode, true));
  return fields;
}
