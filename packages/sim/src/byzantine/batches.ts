/** Batches that break the rule of tip-signing (weaver.md §6). */
import { toBatchFrame } from "@lattice/sync";
import { placeOf, unsigned, type Forgery } from "./forger.ts";
import type { Attacks, Liar } from "./liar.ts";

export const BATCHES: Attacks = {
  "without any signature": (liar) => sendBroken(liar, liar.forger.chain(4).map(unsigned)),

  "signed at the wrong end": (liar) => {
    const chain = liar.forger.chain(4);
    return sendBroken(liar, [chain[0]!, ...chain.slice(1).map(unsigned)], chain.slice(1));
  },

  "with a hole in the chain": (liar) => {
    const [first, second, , last] = liar.forger.chain(4);
    return sendBroken(liar, [unsigned(first!), unsigned(second!), last!]);
  },

  "with a condition in the chain": (liar) => {
    const [first] = liar.forger.chain(1);
    const prev = placeOf(first!);
    const condition = liar.forger.heads(prev);
    if (condition.length === 0) return Promise.resolve();
    return sendBroken(liar, [unsigned(first!), liar.forger.forge({ prev, condition })]);
  },

  "in which one comes twice": async (liar) => {
    const chain = liar.forger.chain(4);
    const frame = toBatchFrame([...chain, ...chain.map(unsigned).slice(0, 2), ...chain]);
    const talk = await liar.live();
    for (let n = 0; n < 5; n++) await talk?.say(frame);
    await liar.sleep(1_000);
  },

  "in reverse": async (liar) => {
    const chain = liar.forger.chain(20);
    const talk = await liar.live();
    await talk?.say(toBatchFrame(chain.toReversed()));
    await liar.sleep(3_000);
  },

  "that mix good and bad": async (liar) => {
    const good = liar.forger.chain(3);
    const bad = liar.forger.forge({ seq: 77 });
    liar.forbid(bad);
    const noise = { body: liar.random.bytes(200), signature: liar.random.bytes(64) };
    const talk = await liar.live();
    await talk?.say(toBatchFrame([bad, noise, ...good, noise]));
    await liar.sleep(2_000);
  },
};

/** `forbidden`: what nothing but this brings. */
async function sendBroken(
  liar: Liar,
  batch: readonly Forgery[],
  forbidden: readonly Forgery[] = batch,
): Promise<void> {
  liar.forbid(...forbidden);
  const talk = await liar.live(liar.victim, (frame) => (frame.oneofKind === "fetch" ? [] : undefined));
  await talk?.say(toBatchFrame(batch));
  await liar.sleep(2_000);
}
