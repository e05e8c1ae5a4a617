/** A liar's end of a channel: says what it likes, and answers plausibly where it is not told to lie. */
import { bytesKey, LatticeError, SET_SUM_BYTES, type IntentionId } from "@lattice/model";
import type { sync } from "@lattice/proto";
import type { Offered, Store, Tip } from "@lattice/kernel";
import { decodeFrame, encodeFrame, toBatchFrame, type Frame } from "@lattice/sync";
import type { SimChannel } from "../network/sim-channel.ts";
import type { Prng } from "../prng.ts";
import type { Forgery } from "./forger.ts";

/** What is said to a frame; undefined for what an honest peer without news would say. */
export type Answer = (frame: Frame, talk: Talk) => readonly Frame[] | undefined;

export interface TalkOptions {
  readonly store: Store;
  readonly channel: SimChannel;
  readonly random: Prng;
  readonly answer: Answer | undefined;
}

/** A reconciliation's message that says: nothing differs. */
const NOTHING_DIFFERS = Uint8Array.of(0x61);
const HEARD_COUNT_MAX = 10_000;
const BATCH_COUNT = 512;
const BATCH_BYTES = 1 << 20;

export class Talk {
  readonly #options: TalkOptions;
  /** What can be fetched from here besides the log. */
  readonly #offered = new Map<string, Forgery>();
  /** Frames as they were said and heard, to be said again. */
  readonly said: Uint8Array[] = [];
  readonly heard: Frame[] = [];

  constructor(options: TalkOptions) {
    this.#options = options;
    void this.#listen();
  }

  get isOver(): boolean {
    return this.#options.channel.closed;
  }

  async say(...frames: readonly Frame[]): Promise<boolean> {
    for (const frame of frames) await this.sayBytes(encodeFrame(frame));
    return !this.isOver;
  }

  async sayBytes(bytes: Uint8Array): Promise<boolean> {
    if (this.said.length < HEARD_COUNT_MAX) this.said.push(bytes);
    try {
      await this.#options.channel.send(bytes);
      return true;
    } catch (error) {
      if (error instanceof LatticeError) return false;
      throw error;
    }
  }

  /** Outside of any frame. */
  sayRaw(bytes: Uint8Array): void {
    this.#options.channel.sendRaw(bytes);
  }

  hangUp(): void {
    this.#options.channel.abort();
  }

  /** What an honest peer says of itself, but for what is given; of a set that differs, so that more is said. */
  hello(fields: Partial<sync.Hello> = {}): Frame {
    const { store, random } = this.#options;
    const fingerprint = random.bytes(SET_SUM_BYTES);
    const frontierDigest = store.log.frontierDigest();
    return {
      oneofKind: "hello",
      hello: { version: 1, genesisHash: store.genesisHash, fingerprint, frontierDigest, ...fields },
    };
  }

  async handshake(tips: readonly Tip[] = this.#options.store.log.tips()): Promise<boolean> {
    return this.say(this.hello(), frontier(tips), DRAINED);
  }

  /** In batches; a parent that is asked for is given, where it was offered once or is in the log. */
  async offer(forgeries: readonly Forgery[]): Promise<boolean> {
    for (const forgery of forgeries) this.#offered.set(bytesKey(forgery.intention.id), forgery);
    let batch: Offered[] = [];
    let bytes = 0;
    for (const forgery of forgeries) {
      if (batch.length > 0 && (batch.length === BATCH_COUNT || bytes + forgery.body.length > BATCH_BYTES)) {
        if (!(await this.say(toBatchFrame(batch)))) return false;
        batch = [];
        bytes = 0;
      }
      batch.push(forgery);
      bytes += forgery.body.length;
    }
    return batch.length === 0 || this.say(toBatchFrame(batch));
  }

  async #listen(): Promise<void> {
    for await (const bytes of this.#options.channel.frames) {
      const frame = frameOf(bytes);
      if (frame === undefined) continue;
      if (this.heard.length < HEARD_COUNT_MAX) this.heard.push(frame);
      await this.say(...(this.#options.answer?.(frame, this) ?? this.#plausible(frame)));
    }
  }

  #plausible(frame: Frame): readonly Frame[] {
    const { store, random } = this.#options;
    const fingerprint = store.log.head.setSum.encode();
    switch (frame.oneofKind) {
      case "fingerprint":
        return frame.fingerprint.reply
          ? [{ oneofKind: "fingerprint", fingerprint: { fingerprint, reply: false } }]
          : [];
      case "reconcile":
        return frame.reconcile.reply ? [] : [reconcile(NOTHING_DIFFERS, true), RECONCILED];
      case "fetch":
        return this.#fetched(frame.fetch.ids as IntentionId[]);
      case "digestRequest":
        return [{ oneofKind: "digest", digest: { fingerprint, stateDigest: random.bytes(32) } }];
      default:
        return [];
    }
  }

  #fetched(ids: readonly IntentionId[]): readonly Frame[] {
    const found = ids.flatMap((id): Offered[] => {
      const forgery = this.#offered.get(bytesKey(id));
      if (forgery !== undefined) return [forgery];
      const held = this.#options.store.log.get(id);
      return held?.signature === undefined ? [] : [{ body: held.intention.body, signature: held.signature }];
    });
    return found.slice(0, BATCH_COUNT).map((each) => toBatchFrame([each]));
  }
}

export const DRAINED: Frame = { oneofKind: "drained", drained: {} };
export const RECONCILED: Frame = { oneofKind: "reconciled", reconciled: {} };

export function frontier(tips: readonly Tip[], last = true): Frame {
  return { oneofKind: "frontier", frontier: { tips: [...tips], last } };
}

export function reconcile(message: Uint8Array, reply: boolean): Frame {
  return { oneofKind: "reconcile", reconcile: { message, reply } };
}

/** Undefined for what is none, such as the answer to a join. */
function frameOf(bytes: Uint8Array): Frame | undefined {
  try {
    return decodeFrame(bytes);
  } catch {
    return undefined;
  }
}
