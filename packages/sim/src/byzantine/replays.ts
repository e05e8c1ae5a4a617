/** What was said before, said again: here, there, and in another session. */
import type { Offered } from "@lattice/kernel";
import { toBatchFrame } from "@lattice/sync";
import { UNAUTHORISED } from "./marks.ts";
import type { Attacks, Liar } from "./liar.ts";

export const REPLAYS: Attacks = {
  "old batches again and again": async (liar) => {
    const talk = await liar.live();
    for (let n = 0; n < 40; n++) await talk?.say(toBatchFrame(someOf(liar)));
    await liar.sleep(1_000);
  },

  "what belongs to another store": async (liar) => {
    const others = liar.machine.stores().filter((store) => store !== liar.store);
    const talk = await liar.live();
    for (const store of others) {
      const records = [...store.log.records({ from: 1 })].slice(0, 20);
      for (const { intention, signature } of records) {
        await talk?.say(toBatchFrame([{ body: intention.body, signature }]));
      }
    }
    const strange = liar.forger.forge({
      storeId: others[0]?.id ?? (liar.random.bytes(16) as Liar["storeId"]),
    });
    liar.forbid(strange);
    await talk?.offer([strange]);
    await liar.sleep(1_000);
  },

  "a hello twice": async (liar) => {
    const talk = await liar.live();
    await talk?.say(talk.hello());
    await liar.sleep(1_000);
  },

  "an old session's frames": async (liar) => {
    const first = await liar.live();
    await first?.offer(liar.forger.chain(3));
    await liar.sleep(1_000);
    first?.hangUp();
    for (const to of liar.victims.slice(0, 2)) {
      const talk = await liar.talk(to);
      for (const bytes of first?.said ?? []) await talk?.sayBytes(bytes);
      await liar.sleep(1_000);
    }
  },

  "in a stranger's name": async (liar) => {
    const stranger = liar.stranger();
    const talk = await liar.talk(liar.victim, { signer: stranger });
    await talk?.handshake();
    const written = liar.forger.forge({ signer: stranger, ops: liar.forger.write(UNAUTHORISED) });
    liar.forbid(written);
    await talk?.offer([written]);
    for (let n = 0; n < 5; n++) await talk?.say(toBatchFrame(someOf(liar)));
    await liar.sleep(2_000);
    const told = talk?.heard.filter(({ oneofKind }) => oneofKind !== "refused") ?? [];
    if (told.length > 0) liar.leaked(`a stranger was told ${told[0]!.oneofKind}`);
  },
};

function someOf({ store, random }: Liar): Offered[] {
  const from = random.between(1, store.log.head.wseq);
  const records = [...store.log.records({ from })].slice(0, random.between(1, 50));
  // Without what only has a voucher.
  return records.flatMap(({ intention, signature }) =>
    signature === undefined ? [] : [{ body: intention.body, signature }],
  );
}
