/** What others need, and is not given. */
import { toBatchFrame } from "@lattice/sync";
import { placeOf, unsigned } from "./forger.ts";
import type { Attacks, Liar } from "./liar.ts";
import { DRAINED, frontier } from "./talk.ts";

export const WITHHOLDING: Attacks = {
  "children without their parents": async (liar) => {
    const chain = liar.forger.chain(liar.random.between(3, 40));
    const kept = liar.random.between(1, chain.length - 1);
    const talk = await liar.live(liar.victim, (frame) => (frame.oneofKind === "fetch" ? [] : undefined));
    await talk?.say(toBatchFrame(liar.random.shuffled(chain.slice(kept))));
    await liar.sleep(20_000);
    // Now and then the rest comes, by another way.
    if (liar.random.chance(0.5)) await liar.send(chain.slice(0, kept), liar.random.pick(liar.victims));
  },

  "something else than was asked for": async (liar) => {
    const chain = liar.forger.chain(6);
    const others = liar.forger.chain(6, { prev: liar.forger.genesis });
    const talk = await liar.live(liar.victim, (frame) =>
      frame.oneofKind === "fetch" ? [toBatchFrame(liar.random.shuffled([...others, chain[5]!]))] : undefined,
    );
    await talk?.say(toBatchFrame(chain.slice(3)));
    await liar.sleep(10_000);
  },

  "a child that cites what one victim only has": async (liar) => {
    const [first, second] = liar.victims;
    const own = liar.forger.forge();
    await liar.send([own], first, 100);
    const child = liar.forger.forge({ prev: placeOf(own), condition: liar.forger.heads(placeOf(own)) });
    await liar.send([child], second ?? first, 5_000);
  },

  "the end of the victim's own chain": async (liar) => {
    const { log } = liar.store;
    const own = [...log.chain(liar.victim.key, 1)].map(({ wseq }) => log.at(wseq));
    const signed = own.filter(({ signature }) => signature !== undefined).slice(-3);
    const talk = await liar.live(liar.victim, (frame) => (frame.oneofKind === "fetch" ? [] : undefined));
    for (const { intention, signature } of signed.toReversed()) {
      await talk?.say(toBatchFrame([{ body: intention.body, signature }]));
    }
    await liar.sleep(10_000);
  },

  "a voucher that comes late": async (liar) => {
    const chain = liar.forger.chain(5);
    const [last] = chain.slice(-1);
    const first = chain.slice(0, -1).map(unsigned);
    const talk = await liar.live();
    await talk?.say(toBatchFrame(first));
    await liar.sleep(1_000);
    await talk?.say(toBatchFrame([last!]));
    await liar.sleep(1_000);
    await talk?.say(toBatchFrame([...first, last!]));
    await liar.sleep(3_000);
  },

  "a voucher that can never be witnessed": async (liar) => {
    const [bottom] = liar.forger.chain(1);
    const wrong = liar.forger.forge({ prev: placeOf(bottom!), seq: bottom!.intention.seq + 5 });
    const late = liar.forger.forge({ prev: placeOf(bottom!), timestamp: liar.forger.now() + (1n << 45n) });
    liar.forbid(wrong, late);
    await liar.send([unsigned(bottom!), liar.random.chance(0.5) ? wrong : late], liar.victim, 5_000);
    // The same one signed after all, for somebody else.
    await liar.send([bottom!], liar.random.pick(liar.victims));
  },

  "nothing at all, for long": async (liar) => {
    const talk = await liar.talk(liar.victim, { answer: () => [] });
    await talk?.say(talk.hello(), frontier([]), DRAINED);
    await liar.sleep(liar.random.between(20_000, 90_000));
  },

  "nothing but a hello": async (liar) => {
    const talk = await liar.talk(liar.victim, { answer: () => [] });
    await talk?.say(talk.hello());
    await liar.sleep(liar.random.between(20_000, 90_000));
  },

  "what it has from others": async (liar) => {
    // Claims the same set, whatever is said.
    for (const to of liar.victims) {
      const talk = await liar.talk(to, {
        answer: (frame) => {
          if (frame.oneofKind !== "fingerprint" || !frame.fingerprint.reply) return undefined;
          const { fingerprint } = frame.fingerprint;
          return [{ oneofKind: "fingerprint", fingerprint: { fingerprint, reply: false } }];
        },
      });
      await talk?.say(talk.hello({ fingerprint: theirSum(liar, to) }));
    }
    await liar.sleep(40_000);
  },
};

function theirSum(liar: Liar, to: { storeOf: (hash: Uint8Array) => Liar["store"] | undefined }): Uint8Array {
  return (to.storeOf(liar.store.genesisHash) ?? liar.store).log.head.setSum.encode();
}
