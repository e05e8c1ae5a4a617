/** Intentions that stand where none can stand, or at a time that cannot be. */
import { hlcFromMs, HLC_MAX, idTimestamp, type IntentionId } from "@lattice/model";
import { placeOf, type Forgery } from "./forger.ts";
import type { Attacks, Liar } from "./liar.ts";

const SEQ_AT = 1 + 16 + 32;
const HOUR_MS = 3_600_000;
/** A timestamp further ahead than this is not accepted yet (weaver.md §3). */
const AHEAD_MS_MAX = 5 * 60_000;

export const CHAINS: Attacks = {
  "wrong numbers": async (liar) => {
    const prev = liar.forger.tipOf(liar.signer);
    const seqs = [prev.seq, prev.seq + 2, prev.seq + 100, 1, Number.MAX_SAFE_INTEGER, 0];
    const wrong = seqs.filter((seq) => seq !== prev.seq + 1).map((seq) => liar.forger.forge({ prev, seq }));
    const huge = [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n].map((seq) =>
      liar.forger.bent({ prev }, (body) => new DataView(body.buffer).setBigUint64(SEQ_AT, seq, true)),
    );
    // What stands on them can stand nowhere either.
    const above = [...wrong, ...huge].map((each) => liar.forger.forge({ prev: placeOf(each) }));
    await sendForbidden(liar, [...wrong, ...huge, ...above]);
  },

  "on another's chain": async (liar) => {
    const { log } = liar.store;
    const others = log.tips().filter(({ seq }) => seq > 0);
    const made = others
      .filter(({ author }) => Buffer.compare(author, liar.signer.publicKey) !== 0)
      .map(({ id, seq }) => liar.forger.forge({ prev: { id, seq } }));
    await sendForbidden(liar, made);
  },

  "parents that do not exist": async (liar) => {
    const { forger } = liar;
    const prev = forger.tipOf(liar.signer);
    const real = forger.heads(prev).at(0) ?? prev.id;
    const bent = new Uint8Array(real) as IntentionId;
    // A real hash under another time, and a real time with another hash.
    bent[7]! ^= 1;
    const made = [
      forger.forge({ prev: { id: forger.noId(), seq: 4 } }),
      forger.forge({ prev, condition: [forger.noId(), forger.noId()] }),
      forger.forge({ prev, condition: [forger.noId(idTimestamp(real))] }),
      ...(idTimestamp(bent) < forger.now() ? [forger.forge({ prev, condition: [bent] })] : []),
    ];
    await sendForbidden(liar, made, 10_000);
  },

  "parents of itself": async (liar) => {
    const { forger } = liar;
    const timestamp = forger.now();
    // Two that name each other cannot be made; guesses of what they might be called can.
    const guess = forger.noId(timestamp - 1n);
    const first = forger.forge({ prev: { id: guess, seq: 7 }, timestamp });
    const second = forger.forge({ prev: placeOf(first), condition: [guess] });
    const self = forger.forge({ condition: [forger.noId(timestamp + 5n)], timestamp: timestamp + 5n });
    await sendForbidden(liar, [first, second, self], 10_000);
  },

  "parents of the future": async (liar) => {
    const { forger } = liar;
    const later = forger.now() + hlcFromMs(HOUR_MS);
    const made = [
      forger.forge({ condition: [forger.noId(later)], timestamp: forger.now() }),
      forger.forge({ prev: { id: forger.noId(later), seq: 1 }, timestamp: forger.now() }),
    ];
    await sendForbidden(liar, made);
  },

  "times that are not after their parents'": async (liar) => {
    const { forger } = liar;
    const prev = forger.tipOf(liar.signer);
    const heads = forger.heads(prev);
    const at = idTimestamp(prev.id);
    const made = [at, at - 1n, at - 1000n, 0n, 1n].map((timestamp) => forger.forge({ prev, timestamp }));
    for (const head of heads) made.push(forger.forge({ condition: [head], timestamp: idTimestamp(head) }));
    await sendForbidden(liar, made);
  },

  "times far ahead": async (liar) => {
    const { forger } = liar;
    const now = forger.now();
    const years = hlcFromMs(20 * 365 * 24 * HOUR_MS);
    const never = [now + years, 2n ** 63n, HLC_MAX - 2n, HLC_MAX].map((timestamp) =>
      forger.forge({ timestamp }),
    );
    const last = forger.forge({ timestamp: now + years });
    never.push(last, forger.forge({ prev: placeOf(last) }));
    const hour = forger.forge({ timestamp: now + hlcFromMs(HOUR_MS) });
    const behind = forger.forge({ prev: placeOf(hour) });
    liar.forbid(...never);
    liar.forbidUntil(liar.nowMs + HOUR_MS - AHEAD_MS_MAX - 60_000, hour, behind);
    await liar.send([hour, behind, ...never]);
  },

  "times as far ahead as they may be": async (liar) => {
    let prev = liar.forger.tipOf(liar.signer);
    for (let n = 0; n < 10; n++) {
      const timestamp = liar.forger.now() + hlcFromMs(AHEAD_MS_MAX - 1) + BigInt(n);
      if (timestamp <= idTimestamp(prev.id)) return;
      const made = liar.forger.forge({ prev, timestamp });
      prev = placeOf(made);
      await liar.send([made], liar.random.pick(liar.victims), 1_000);
    }
  },

  "times long past": async (liar) => {
    const prev = liar.forger.genesis;
    const timestamp = idTimestamp(prev.id) + BigInt(liar.random.between(1, 1000));
    await liar.send(
      liar.forger.chain(3, { prev }).slice(0, 0).concat(liar.forger.forge({ prev, timestamp })),
    );
  },

  "a second genesis": async (liar) => {
    const genesis = liar.store.log.at(1).intention;
    const made = liar.forger.bent({ ops: genesis.ops }, (body) => {
      body.set(genesis.body.subarray(0, 17));
      body.set(genesis.body.subarray(SEQ_AT), SEQ_AT);
    });
    const inside = liar.forger.forge({ ops: genesis.ops });
    liar.forbid(made);
    await liar.send([made, inside]);
  },
};

async function sendForbidden(liar: Liar, forgeries: readonly Forgery[], forMs?: number): Promise<void> {
  liar.forbid(...forgeries);
  await liar.send(forgeries, liar.victim, forMs);
}
