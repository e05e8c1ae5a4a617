/** Two things in one place of a chain: each validly signed, so both are kept everywhere, and nobody is held up. */
import { sha256 } from "@lattice/model";
import { Role } from "@lattice/systemstore";
import { placeOf, unsigned, type Forgery, type Place } from "./forger.ts";
import type { Attacks, Liar } from "./liar.ts";
import { UNAUTHORISED } from "./marks.ts";

export const EQUIVOCATION: Attacks = {
  "two branches": async (liar) => {
    const prev = liar.forger.tipOf(liar.signer);
    const condition = liar.random.chance(0.5) ? liar.forger.heads(prev) : [];
    for (const to of liar.victims.slice(0, 2)) {
      const branch = liar.forger.chain(liar.random.between(1, 6), { prev, condition });
      await liar.send(tipSigned(liar, branch), to);
    }
  },

  "many branches of one place": async (liar) => {
    const prev = liar.forger.tipOf(liar.signer);
    const count = Math.floor(liar.random.spread(3, 400));
    await sendAround(
      liar,
      Array.from({ length: count }, () => liar.forger.forge({ prev })),
    );
  },

  "branches at the genesis": async (liar) => {
    const prev = liar.forger.genesis;
    const count = Math.floor(liar.random.spread(2, 40));
    await sendAround(
      liar,
      Array.from({ length: count }, () => liar.forger.forge({ prev })),
    );
  },

  "branches with one time": async (liar) => {
    const prev = liar.forger.tipOf(liar.signer);
    const timestamp = liar.forger.forge({ prev }).intention.timestamp;
    await sendAround(
      liar,
      Array.from({ length: 6 }, () => liar.forger.forge({ prev, timestamp })),
    );
  },

  "branches of branches that cite each other": async (liar) => {
    const made: Forgery[] = [];
    const places: Place[] = [liar.forger.tipOf(liar.signer)];
    for (let count = liar.random.between(10, 60); count > 0; count--) {
      const prev = liar.random.pick(places);
      const others = liar.random.shuffled(made.map(({ intention }) => intention.id)).slice(0, 3);
      const condition = others.filter((id) => id !== prev.id);
      made.push(liar.forger.forge({ prev, condition }));
      places.push(placeOf(made.at(-1)!));
    }
    await sendAround(liar, made);
  },

  "unsigned branches below signed ones": async (liar) => {
    const prev = liar.forger.tipOf(liar.signer);
    const pairs = Array.from({ length: liar.random.between(2, 30) }, () => liar.forger.chain(2, { prev }));
    // All that need a voucher first, then what vouches for them.
    const [lower, upper] = [pairs.map(([first]) => unsigned(first!)), pairs.map(([, second]) => second!)];
    await liar.send([...lower, ...liar.random.shuffled(upper)]);
  },

  "branches of admissions": async (liar) => {
    // By clocks that are wrong the liar may turn out to have been an admin at that time.
    const friend = liar.stranger();
    liar.world.authors.isLiar(friend.publicKey);
    const member = friend.publicKey;
    const prev = liar.forger.tipOf(liar.signer);
    for (const [at, to] of liar.victims.slice(0, 2).entries()) {
      const role = at === 0 ? Role.READER : Role.WRITER;
      const admit = { member, role, secretHash: new Uint8Array(0), name: `${UNAUTHORISED} friend` };
      const named = { ...admit, name: liar.isAdmin ? "friend" : admit.name };
      const ops = liar.forger.system({ oneofKind: "admit", admit: named });
      const admission = liar.forger.forge({ prev, ops });
      const mark = liar.forger.write(liar.isAdmin ? undefined : UNAUTHORISED);
      const written = liar.forger.forge({ signer: friend, prev: liar.forger.genesis, ops: mark });
      await liar.send([admission, written], to);
    }
  },

  "branches of invites": async (liar) => {
    const prev = liar.forger.tipOf(liar.signer);
    const secretHash = sha256(liar.random.bytes(32));
    for (const to of liar.victims.slice(0, 2)) {
      const role = liar.random.pick([Role.READER, Role.WRITER, Role.OWNER]);
      const invite = { secretHash, role, expiresMs: BigInt(liar.nowMs + liar.random.below(1e9)) };
      const ops = liar.forger.system({ oneofKind: "invite", invite });
      await liar.send([liar.forger.forge({ prev, ops })], to);
    }
  },
};

/** Each to some of the victims, the first one first. */
async function sendAround(liar: Liar, forgeries: readonly Forgery[]): Promise<void> {
  const victims = liar.victims.slice(0, 3);
  for (const to of victims) {
    const chosen = forgeries.filter(() => victims.length === 1 || liar.random.chance(0.6));
    await liar.send(chosen, to);
  }
}

function tipSigned(liar: Liar, chain: readonly Forgery[]): Forgery[] {
  const isBare = chain.every(({ intention }) => intention.condition.length === 0);
  if (!isBare || liar.random.chance(0.5)) return [...chain];
  return chain.map((each, at) => (at < chain.length - 1 ? unsigned(each) : each));
}
