/** A header block that comes in several frames: HEADERS, then CONTINUATION until one says that it is the last (RFC 9113 §6.10). */
import { ConnectionError, ErrorCode } from "./error-code.ts";
import type { Frame } from "./frame-reader.ts";
import { CONTINUATION_COUNT_MAX, HEADER_BLOCK_BYTES_MAX } from "./limits.ts";

export class HeaderBlock {
  readonly streamId: number;
  /** Whether the stream ends with it. */
  readonly isLast: boolean;
  readonly startedMs: number;
  #bytes: Buffer;
  #count = 0;

  constructor(frame: Frame, { isLast, nowMs }: { readonly isLast: boolean; readonly nowMs: number }) {
    this.streamId = frame.streamId;
    this.isLast = isLast;
    this.startedMs = nowMs;
    this.#bytes = copyOf(frame);
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Throws `ConnectionError`: without all of its bytes, nothing that follows on the connection can be read. */
  add(frame: Frame): void {
    if (frame.streamId !== this.streamId) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of another stream's headers");
    }
    this.#count += 1;
    const bytes = this.#bytes.length + frame.end - frame.start;
    if (this.#count > CONTINUATION_COUNT_MAX || bytes > HEADER_BLOCK_BYTES_MAX) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "headers of too many frames or bytes");
    }
    this.#bytes = Buffer.concat([this.#bytes, copyOf(frame)], bytes);
  }
}

/** Not a part of what came, which may be much larger. */
function copyOf({ bytes, start, end }: Frame): Buffer {
  return Buffer.from(bytes.subarray(start, end));
}
