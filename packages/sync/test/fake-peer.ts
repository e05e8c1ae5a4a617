/** The other end of a session, in the hands of a test: says what it likes, and reads when it likes. */
import type { Store } from "@lattice/kernel";
import { SET_SUM_BYTES, type PubKey } from "@lattice/model";
import type { sync } from "@lattice/proto";
import type { SessionEnd, SessionOptions, SyncSession } from "../src/index.ts";
import { decodeFrame, encodeFrame, type Frame } from "../src/frames.ts";
import type { FakeClock } from "@lattice/testkit";
import { start } from "./stores.ts";
import { atRest, Wire } from "./wire.ts";

export class FakePeer {
  readonly wire: Wire;
  readonly store: Store;
  readonly session: SyncSession;
  readonly ended: Promise<SessionEnd>;
  /** What came from the session. */
  readonly heard: Frame[] = [];
  /** How it answers what it hears, if at all. */
  answer: (frame: Frame) => Frame | undefined = () => undefined;
  #isReading = true;
  #resume = () => {};

  constructor(store: Store, clock: FakeClock, peer: PubKey, options: Partial<SessionOptions> = {}) {
    this.store = store;
    this.wire = new Wire(store.replica.self, peer);
    const { session, ended } = start(store, this.wire.ends[0], { clock, ...options });
    this.session = session;
    this.ended = ended;
    void this.#listen();
  }

  /** Is lost, without a word, where the session has ended. */
  async say(...frames: readonly Frame[]): Promise<void> {
    for (const frame of frames) await this.sayBytes(encodeFrame(frame));
  }

  async sayBytes(bytes: Uint8Array): Promise<void> {
    await this.wire.ends[1].send(bytes).catch(() => undefined);
  }

  /** A hello like the session's own, but for what is given. */
  async hello(fields: Partial<sync.Hello> = {}): Promise<void> {
    await this.rest();
    await this.say(helloOf(this.store, fields));
  }

  /** Gets the session to live with a hello that differs, and nothing to send. */
  async live(): Promise<void> {
    await this.hello({ fingerprint: new Uint8Array(SET_SUM_BYTES) });
    await this.say({ oneofKind: "frontier", frontier: { tips: this.store.log.tips(), last: true } });
    await this.say({ oneofKind: "drained", drained: {} });
    await this.rest();
  }

  stopReading(): void {
    this.#isReading = false;
  }

  readOn(): void {
    this.#isReading = true;
    this.#resume();
  }

  rest(): Promise<void> {
    return atRest(this.wire);
  }

  count(kind: Frame["oneofKind"]): number {
    return this.heard.filter(({ oneofKind }) => oneofKind === kind).length;
  }

  async #listen(): Promise<void> {
    for await (const bytes of this.wire.ends[1].frames) {
      const frame = decodeFrame(bytes);
      this.heard.push(frame);
      const reply = this.answer(frame);
      if (reply !== undefined) await this.say(reply);
      while (!this.#isReading) await new Promise<void>((resolve) => (this.#resume = resolve));
    }
  }
}

export function helloOf(store: Store, fields: Partial<sync.Hello> = {}): Frame {
  const hello = {
    version: 1,
    genesisHash: store.genesisHash,
    fingerprint: store.log.head.setSum.encode(),
    frontierDigest: store.log.frontierDigest(),
    ...fields,
  };
  return { oneofKind: "hello", hello };
}
