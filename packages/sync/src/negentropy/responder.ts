import type { IntentionId } from "@lattice/model";
import { answer, type PeerList, type Side } from "./answer.ts";
import { boundBetween, type Bound } from "./bound.ts";
import type { ItemSource } from "./item-source.ts";
import { messageVersion, VERSION } from "./message.ts";
import { MessageWriter } from "./message-writer.ts";

export interface ReconcileOptions {
  /** The longest message that is sent, in bytes: `FRAME_BYTES_MIN` to `MESSAGE_BYTES_MAX`. */
  readonly frameBytesMax: number;
}

/**
 * The answer to an initiator's message; nothing is kept between two. One of another version of the protocol is answered
 * by the byte of ours. Throws `invalid-argument` for what is no message, and nothing else.
 */
export function respond(source: ItemSource, message: Uint8Array, options: ReconcileOptions): Uint8Array {
  const out = new MessageWriter(options.frameBytesMax);
  if (messageVersion(message) === VERSION) answer(source, new Responder(source), message, out);
  return out.finish();
}

/** Answers a list with its own, and leaves the comparison to the initiator. */
class Responder implements Side {
  readonly hasRoom = true;
  readonly #source: ItemSource;

  constructor(source: ItemSource) {
    this.#source = source;
  }

  takeList({ from, to }: PeerList, out: MessageWriter): Bound {
    const countMax = out.listCountMax;
    const ids: IntentionId[] = [];
    for (const id of this.#source.ids(from, to)) {
      if (ids.length === countMax) {
        const cut = boundBetween(ids.at(-1)!, id);
        out.list(cut, ids);
        return cut;
      }
      ids.push(id);
    }
    out.list(to, ids);
    return undefined;
  }
}
