/** Lies about what one has: in the frontier, and in the fingerprint that follows. */
import type { PubKey } from "@lattice/model";
import type { Tip } from "@lattice/kernel";
import type { Attacks, Liar } from "./liar.ts";
import { DRAINED, frontier, reconcile, RECONCILED, type Answer } from "./talk.ts";

/** The silence after which a claim to hold more of the victim's chain is not believed any more, and a bit. */
const CLAIM_MS = 29_000;
const PART_COUNT = 8_192;

export const FRONTIERS: Attacks = {
  "tips that do not exist": (liar) =>
    claim(
      liar,
      Array.from({ length: 50 }, () => tip(liar, liar.stranger().publicKey, liar.random.below(1e6))),
    ),

  "everybody's chains ahead": (liar) =>
    claim(
      liar,
      liar.store.log.tips().map(({ author, seq }) => tip(liar, author, seq + liar.random.between(1, 1e6))),
    ),

  "everybody's chains behind": (liar) =>
    claim(
      liar,
      liar.store.log.tips().map(({ author, seq, id }) => ({ author, id, seq: liar.random.below(seq + 1) })),
    ),

  "other ids in real places": (liar) =>
    claim(
      liar,
      liar.store.log.tips().map(({ author, seq }) => tip(liar, author, seq)),
    ),

  "one author's id under another's name": (liar) => {
    const tips = liar.store.log.tips();
    const ids = liar.random.shuffled(tips);
    return claim(
      liar,
      tips.map(({ author }, at) => ({ author, seq: ids[at]!.seq, id: ids[at]!.id })),
    );
  },

  "more tips than there may be": async (liar) => {
    const parts = liar.random.chance(0.1) ? 17 : 2;
    const { publicKey } = liar.stranger();
    const tips = Array.from({ length: PART_COUNT }, (_, at) => tip(liar, publicKey, at));
    const talk = await liar.talk();
    await talk?.say(talk.hello());
    for (let part = 1; part <= parts; part++) {
      if (!(await talk?.say(frontier(tips, part === parts)))) return;
    }
    await liar.sleep(2_000);
  },

  "one tip again and again": async (liar) => {
    const [real] = liar.store.log.tips();
    await claim(
      liar,
      Array.from({ length: PART_COUNT }, () => real!),
    );
  },

  "the victim's own chain ahead, in session after session": async (liar) => {
    for (let session = 0; session < 4; session++) {
      const talk = await liar.talk();
      await talk?.say(talk.hello(), frontier([tip(liar, liar.victim.key, Number.MAX_SAFE_INTEGER)]));
      await liar.sleep(CLAIM_MS);
    }
  },

  "the victim's own chain ahead, and something to keep it waiting": async (liar) => {
    const talk = await liar.talk();
    await talk?.say(talk.hello(), frontier([tip(liar, liar.victim.key, 1e6)]));
    let prev = liar.forger.tipOf(liar.signer);
    for (let n = 0; n < 6; n++) {
      await liar.sleep(CLAIM_MS - 4_000);
      const next = liar.forger.forge({ prev });
      prev = { id: next.intention.id, seq: next.intention.seq };
      await talk?.offer([next]);
    }
  },

  "a frontier that does not end": async (liar) => {
    const talk = await liar.talk();
    await talk?.say(talk.hello(), frontier([], false));
    await liar.sleep(40_000);
  },

  "a set that always differs": (liar) =>
    lieFor(liar, 70_000, (frame) => {
      if (frame.oneofKind !== "fingerprint" || !frame.fingerprint.reply) return undefined;
      return [
        { oneofKind: "fingerprint", fingerprint: { fingerprint: liar.random.bytes(40), reply: false } },
      ];
    }),

  "a set that is always the same": (liar) =>
    lieFor(liar, 70_000, (frame) => {
      if (frame.oneofKind !== "fingerprint") return undefined;
      const { fingerprint, reply } = frame.fingerprint;
      return reply ? [{ oneofKind: "fingerprint", fingerprint: { fingerprint, reply: false } }] : [];
    }),

  "a reconciliation without end": (liar) =>
    lieFor(liar, 40_000, (frame) => {
      if (frame.oneofKind === "fingerprint" && frame.fingerprint.reply) {
        return [
          { oneofKind: "fingerprint", fingerprint: { fingerprint: liar.random.bytes(40), reply: false } },
        ];
      }
      if (frame.oneofKind !== "reconcile") return undefined;
      return [reconcile(allDiffers(liar), !frame.reconcile.reply)];
    }),

  "a reconciliation that claims everything": (liar) =>
    lieFor(liar, 40_000, (frame) => {
      if (frame.oneofKind === "fingerprint" && frame.fingerprint.reply) {
        return [
          { oneofKind: "fingerprint", fingerprint: { fingerprint: liar.random.bytes(40), reply: false } },
        ];
      }
      if (frame.oneofKind !== "reconcile" || frame.reconcile.reply) return undefined;
      return [reconcile(list(liar), true), RECONCILED];
    }),

  "a reconciliation that is begun and left": async (liar) => {
    const talk = await liar.live(liar.victim, (frame) => (frame.oneofKind === "reconcile" ? [] : undefined));
    await talk?.say(reconcile(allDiffers(liar), false));
    await liar.sleep(40_000);
  },
};

function tip({ forger }: Liar, author: PubKey, seq: number): Tip {
  return { author, seq, id: forger.noId() };
}

async function claim(liar: Liar, tips: readonly Tip[]): Promise<void> {
  for (const to of liar.victims) {
    const talk = await liar.talk(to);
    await talk?.say(talk.hello(), frontier(tips));
    await liar.sleep(liar.random.between(100, 5_000));
    if (liar.random.chance(0.5)) await talk?.say(DRAINED);
    await liar.sleep(2_000);
  }
}

async function lieFor(liar: Liar, forMs: number, answer: Answer): Promise<void> {
  await liar.live(liar.victim, answer);
  await liar.sleep(forMs);
}

/** Negentropy: everything, with a fingerprint that nothing has. */
function allDiffers(liar: Liar): Uint8Array {
  return Uint8Array.of(0x61, 0, 0, 1, ...liar.random.bytes(16));
}

/** Negentropy: everything, as a list of a hundred hashes that nothing has. */
function list(liar: Liar): Uint8Array {
  const count = 100;
  return Uint8Array.of(0x61, 0, 0, 2, count, ...liar.random.bytes(32 * count));
}
