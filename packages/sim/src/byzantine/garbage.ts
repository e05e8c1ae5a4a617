/** Bytes that are no protocol. */
import { u64be } from "@lattice/model";
import { encodeFrame, JOIN_PROTOCOL, toBatchFrame, type Frame } from "@lattice/sync";
import type { Attacks, Liar } from "./liar.ts";
import { DRAINED, frontier, RECONCILED, type Talk } from "./talk.ts";

export const GARBAGE: Attacks = {
  "random frames": (liar) =>
    inEveryPhase(liar, async (talk) => {
      for (let n = 0; n < 5; n++) await talk.sayBytes(liar.random.bytes(liar.random.between(1, 300)));
    }),

  "frames with flipped bits": (liar) =>
    inEveryPhase(liar, async (talk) => {
      const frames: Frame[] = [
        talk.hello(),
        frontier(liar.store.log.tips()),
        toBatchFrame(liar.forger.chain(2)),
        RECONCILED,
        DRAINED,
      ];
      for (const frame of frames) {
        const bytes = encodeFrame(frame);
        bytes[liar.random.below(bytes.length)]! ^= 1 << liar.random.below(8);
        await talk.sayBytes(bytes);
      }
    }),

  "frames cut short": (liar) =>
    inEveryPhase(liar, async (talk) => {
      const bytes = encodeFrame(toBatchFrame(liar.forger.chain(2)));
      await talk.sayBytes(bytes.subarray(0, liar.random.between(1, bytes.length - 1)));
    }),

  "a frame of no bytes": (liar) => inEveryPhase(liar, (talk) => raw(talk, new Uint8Array(4))),

  "a frame that is too long": (liar) =>
    inEveryPhase(liar, (talk) => raw(talk, u64be((BigInt((4 << 20) + 1) << 32n) | 5n))),

  "a frame as long as any, and nothing in it": (liar) =>
    inEveryPhase(liar, async (talk) => {
      const length = 4 << 20;
      await raw(talk, u64be(BigInt(length) << 32n).subarray(0, 4));
      for (let sent = 0; sent < length && !talk.isOver; sent += 1 << 16) {
        await raw(talk, new Uint8Array(1 << 16));
        await liar.sleep(20);
      }
    }),

  "half a frame, and then nothing": (liar) =>
    inEveryPhase(liar, async (talk) => {
      await raw(talk, Uint8Array.of(0, 0, 100, 0, 10, 20));
      await liar.sleep(15_000);
    }),

  "a hello byte by byte": async (liar) => {
    const talk = await liar.talk();
    if (talk === undefined) return;
    const hello = encodeFrame(talk.hello());
    const bytes = [0, 0, 0, hello.length, ...hello];
    for (const byte of bytes.slice(0, liar.random.between(5, bytes.length))) {
      await raw(talk, Uint8Array.of(byte));
      await liar.sleep(700);
    }
  },

  "frames of every kind out of their turn": (liar) =>
    inEveryPhase(liar, async (talk) => {
      const frames: Frame[] = [
        DRAINED,
        frontier([]),
        RECONCILED,
        talk.hello({ version: 2 }),
        talk.hello({ genesisHash: liar.random.bytes(32) }),
        { oneofKind: "refused", refused: { code: "internal", message: "x".repeat(10_000) } },
        { oneofKind: "digest", digest: { fingerprint: new Uint8Array(40), stateDigest: new Uint8Array(32) } },
        { oneofKind: "reconcile", reconcile: { message: liar.random.bytes(50), reply: true } },
        { oneofKind: "reconcile", reconcile: { message: new Uint8Array(0), reply: false } },
      ];
      await talk.say(liar.random.pick(frames));
    }),

  "rubbish where one joins": async (liar) => {
    for (let n = 0; n < 6; n++) {
      const talk = await liar.talk(liar.victim, { signer: liar.stranger(), protocol: JOIN_PROTOCOL });
      await talk?.sayBytes(liar.random.bytes(liar.random.between(1, 500)));
      if (liar.random.chance(0.5) && talk !== undefined) await raw(talk, Uint8Array.of(0, 0, 0, 0));
    }
    await liar.sleep(1_000);
  },
};

/** Before the hello, after it, and live. */
async function inEveryPhase(liar: Liar, act: (talk: Talk) => Promise<void>): Promise<void> {
  const phases: ((talk: Talk) => Promise<unknown>)[] = [
    () => Promise.resolve(),
    (talk) => talk.say(talk.hello()),
    (talk) => talk.handshake(),
  ];
  for (const phase of liar.random.shuffled(phases)) {
    const talk = await liar.talk();
    if (talk === undefined) continue;
    await phase(talk);
    await liar.sleep(liar.random.between(1, 200));
    await act(talk);
    await liar.sleep(300);
    talk.hangUp();
  }
}

function raw(talk: Talk, bytes: Uint8Array): Promise<void> {
  talk.sayRaw(bytes);
  return Promise.resolve();
}
