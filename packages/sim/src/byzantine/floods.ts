/** More than anybody wants: within what one channel carries in some seconds. */
import { HASH_BYTES, ID_BYTES, utf8, type IntentionId } from "@lattice/model";
import { JOIN_PROTOCOL, toBatchFrame, type Frame } from "@lattice/sync";
import type { Forgery } from "./forger.ts";
import type { Attacks } from "./liar.ts";
import { POISON, UNAUTHORISED } from "./marks.ts";
import { reconcile, RECONCILED } from "./talk.ts";

const DIGEST_REQUEST: Frame = { oneofKind: "digestRequest", digestRequest: {} };
/** Negentropy: one range to infinity, with a fingerprint that nothing has. */
const ALL_DIFFERS = Uint8Array.of(0x61, 0, 0, 1, ...new Uint8Array(16).fill(7));

export const FLOODS: Attacks = {
  "floats in strangers' names": async (liar) => {
    const count = Math.floor(liar.random.spread(50, 1_500));
    const made = Array.from({ length: count }, () => {
      const signer = liar.stranger();
      return liar.forger.forge({ signer, ops: liar.forger.write(UNAUTHORISED), prev: liar.forger.genesis });
    });
    liar.forbid(...made);
    await liar.send(made, liar.victim, 5_000);
  },

  "floats in one stranger's name": async (liar) => {
    const signer = liar.stranger();
    const made = liar.forger.chain(Math.floor(liar.random.spread(50, 2_500)), {
      signer,
      ops: liar.forger.write(UNAUTHORISED),
    });
    liar.forbid(...made);
    await liar.send(made, liar.victim, 5_000);
  },

  "floats in the liar's own name": async (liar) => {
    const count = Math.floor(liar.random.spread(50, 2_500));
    const made = Array.from({ length: count }, () =>
      liar.forger.forge({ prev: { id: liar.forger.noId(), seq: liar.random.below(1000) } }),
    );
    liar.forbid(...made);
    await liar.send(made, liar.victim, 5_000);
  },

  "huge conditions": async (liar) => {
    const made = Array.from({ length: liar.random.between(10, 100) }, () =>
      liar.forger.forge({ condition: Array.from({ length: 64 }, () => liar.forger.noId()) }),
    );
    const tooMany = liar.forger.forge({ condition: Array.from({ length: 65 }, () => liar.forger.noId()) });
    liar.forbid(...made, tooMany);
    await liar.send([...made, tooMany], liar.victim, 5_000);
  },

  "operations as large as they may be": async (liar) => {
    const large = (bytes: number) => liar.forger.forge({ ops: marked(bytes) });
    const over = large((1 << 20) + 1);
    liar.forbid(over);
    const made = Array.from({ length: 4 }, () => large(1 << 20));
    await liar.send([...made, over], liar.victim, 5_000);
  },

  "floats as large as they may be": async (liar) => {
    const made: Forgery[] = Array.from({ length: 6 }, () =>
      liar.forger.forge({ prev: { id: liar.forger.noId(), seq: 3 }, ops: marked(1 << 20) }),
    );
    liar.forbid(...made);
    await liar.send(made, liar.victim, 5_000);
  },

  "many tiny frames": async (liar) => {
    const fingerprint = liar.random.bytes(40);
    const question: Frame = { oneofKind: "fingerprint", fingerprint: { fingerprint, reply: true } };
    const frames = [question, RECONCILED, DIGEST_REQUEST, toBatchFrame([])];
    const talk = await liar.live();
    for (let n = 0; n < 3_000; n++) if (!(await talk?.say(liar.random.pick(frames)))) return;
    await liar.sleep(1_000);
  },

  "questions for all there is": async (liar) => {
    const talk = await liar.live();
    const ids = [...liar.store.log.ids()];
    for (let n = 0; n < 30; n++) {
      const known = ids.slice(0, 2_000);
      const unknown = Array.from({ length: 2_000 }, () => liar.random.bytes(ID_BYTES) as IntentionId);
      await talk?.say({ oneofKind: "fetch", fetch: { ids: liar.random.chance(0.7) ? known : unknown } });
    }
    await liar.sleep(3_000);
  },

  "questions for more than may be asked": async (liar) => {
    const talk = await liar.live();
    const ids = Array.from({ length: 4_097 }, () => new Uint8Array(ID_BYTES));
    await talk?.say({ oneofKind: "fetch", fetch: { ids } });
    await liar.sleep(1_000);
  },

  reconciliations: async (liar) => {
    const talk = await liar.live(liar.victim, (frame) => (frame.oneofKind === "reconcile" ? [] : undefined));
    for (let n = 0; n < 300; n++) {
      const frames = n % 50 === 49 ? [RECONCILED] : [reconcile(ALL_DIFFERS, liar.random.chance(0.3))];
      if (!(await talk?.say(...frames))) return;
    }
    await liar.sleep(3_000);
  },

  "questions for digests": async (liar) => {
    const talk = await liar.live();
    for (let n = 0; n < 500; n++) if (!(await talk?.say(DIGEST_REQUEST))) return;
    await liar.sleep(2_000);
  },

  "addresses, wrong ones": async (liar) => {
    for (const to of liar.victims) {
      const talk = await liar.live(to);
      const peers = [...liar.world.machines.map(({ key }) => key), liar.stranger().publicKey];
      for (let n = 0; n < 50; n++) {
        const host = liar.random.chance(0.5) ? "nowhere" : liar.random.pick(liar.world.machines).name;
        const addresses = [`/sim/${host}`, `/sim/${n}`, "rubbish"];
        const told = liar.random.shuffled(peers).map((peer) => ({ peer, addresses }));
        await talk?.say({ oneofKind: "addresses", addresses: { peers: told } });
      }
    }
    await liar.sleep(2_000);
  },

  "a store's worth of sessions": async (liar) => {
    // Each is told the whole store, since it claims to hold nothing.
    for (let n = 0; n < 10; n++) {
      const talk = await liar.talk();
      await talk?.handshake([]);
      await liar.sleep(300);
      talk?.hangUp();
    }
  },

  "strangers at every door": async (liar) => {
    for (let n = 0; n < 40; n++) {
      const protocol = liar.random.chance(0.5) ? JOIN_PROTOCOL : undefined;
      const talk = await liar.talk(liar.victim, { signer: liar.stranger(), ...(protocol && { protocol }) });
      if (liar.random.chance(0.5)) await talk?.handshake();
    }
    await liar.sleep(12_000);
  },

  "dense writes without content": async (liar) => {
    // Protobuf's shortest: each pair of bytes is a message of its own.
    const pairs = new Uint8Array(200_000);
    for (let at = 0; at < pairs.length; at += 2) pairs[at] = 0x0a;
    const made = liar.forger.forge({ ops: liar.forger.app(pairs) });
    await liar.send([made], liar.victim, 2_000);
  },
};

/** Nothing that can be decoded, and known again. */
function marked(bytes: number): Uint8Array {
  const ops = new Uint8Array(bytes).fill(0xff);
  ops.set(utf8(POISON), HASH_BYTES);
  return ops;
}
