/** The answering end of a session: the peer's hello says which store it is about. */
import { LatticeError, type Clock } from "@lattice/model";
import type { sync } from "@lattice/proto";
import type { SyncChannel } from "./channel.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frames.ts";
import { HELLO_WAIT_MS } from "./limits.ts";

export interface AcceptOptions {
  readonly clock: Clock;
  /**
   * Takes the session over. False where the store is not here or the peer is no member of it; a stranger is told the
   * same in both cases.
   */
  readonly admit: (hello: sync.Hello, rest: { frames: AsyncIterator<Uint8Array>; first: Frame }) => boolean;
}

/** Resolves when the hello was dealt with; never rejects. */
export async function acceptSession(channel: SyncChannel, options: AcceptOptions): Promise<void> {
  const cancel = options.clock.after(HELLO_WAIT_MS, () => channel.abort());
  try {
    const frames = channel.frames[Symbol.asyncIterator]();
    const next = await frames.next();
    cancel();
    if (next.done === true) return;
    const first = decodeFrame(next.value);
    if (first.oneofKind !== "hello")
      throw new LatticeError("invalid-argument", "the peer did not start with a hello");
    if (!options.admit(first.hello, { frames, first })) await refuse(channel);
  } catch {
    cancel();
    channel.abort();
  }
}

async function refuse(channel: SyncChannel): Promise<void> {
  const refused = { code: "permission-denied", message: "no such store, or you are not a member of it" };
  await channel.send(encodeFrame({ oneofKind: "refused", refused }));
  await channel.close();
}
