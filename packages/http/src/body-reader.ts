/** Bodies in memory, within bounds: of one, and of all that are being read. */
import { LatticeError } from "@lattice/model";
import type { IncomingMessage } from "node:http";
import { header, type Exchange } from "./exchange.ts";
import { DISCARD_BYTES_MAX } from "./limits.ts";

export class BodyReader {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Throws `too-large` as soon as that is known, and `resource-exhausted` where others take up all the room. */
  async read(exchange: Exchange, bodyBytesMax: number): Promise<Uint8Array> {
    const announced = Number(header(exchange, "content-length") ?? 0);
    if (announced > bodyBytesMax) throw tooLarge(bodyBytesMax);
    const parts: Buffer[] = [];
    let length = 0;
    try {
      const arriving = exchange.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const part of arriving) {
        length += part.length;
        this.#bytes += part.length;
        if (length > bodyBytesMax) throw tooLarge(bodyBytesMax);
        if (this.#bytes > this.#bytesMax) {
          throw new LatticeError(
            "resource-exhausted",
            "too much is being sent to this node at once: try again",
          );
        }
        parts.push(part);
      }
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    } finally {
      this.#bytes -= length;
    }
  }
}

function tooLarge(bytesMax: number): LatticeError {
  return new LatticeError("too-large", `the body is longer than ${bytesMax} bytes`);
}

/**
 * What is left of a body that nobody wants is thrown away as it comes, since a caller that still sends does not read why; up to a
 * bound, or whoever is refused could keep the node busy.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  let left = DISCARD_BYTES_MAX;
  request.on("data", (part: Buffer) => {
    left -= part.length;
    if (left < 0) request.destroy();
  });
}
