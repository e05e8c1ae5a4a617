/** At the door: joins that nobody invited, and members that come and go. */
import { sync } from "@lattice/proto";
import type { Attacks, Liar } from "./liar.ts";
import { DRAINED, frontier } from "./talk.ts";

export const JOINS: Attacks = {
  "wrong secrets": async (liar) => {
    const signer = liar.stranger();
    for (let n = 0; n < 8; n++) await knock(liar, { signer });
    await liar.sleep(1_000);
  },

  "wrong secrets of many strangers": async (liar) => {
    for (let n = 0; n < 20; n++) await knock(liar, { signer: liar.stranger() });
    await liar.sleep(1_000);
  },

  "a member joins without a secret": async (liar) => {
    for (let n = 0; n < 3; n++) await knock(liar, { secret: new Uint8Array(0) });
    await liar.sleep(1_000);
  },

  "the hash instead of the secret": async (liar) => {
    const invites = liar.store.system.invites();
    for (const { secretHash } of invites.slice(0, 4)) {
      await knock(liar, { signer: liar.stranger(), secret: secretHash });
    }
    await liar.sleep(1_000);
  },

  "requests that are too much": async (liar) => {
    const signer = liar.stranger();
    await knock(liar, { signer, secret: new Uint8Array(1 << 20) });
    await knock(liar, { signer, nodeName: "x".repeat(1 << 20) });
    await knock(liar, { signer, addresses: Array.from({ length: 1000 }, () => "/sim/nowhere") });
    await knock(liar, { signer, addresses: ["y".repeat(10_000)] });
    await knock(liar, { signer, version: 99 });
    await liar.sleep(1_000);
  },

  "a request and then silence": async (liar) => {
    for (let n = 0; n < 5; n++) await liar.join(liar.victim, liar.stranger());
    await liar.sleep(35_000);
  },

  "one session after the other": async (liar) => {
    for (let n = liar.random.between(5, 60); n > 0; n--) {
      const talk = await liar.talk();
      if (liar.random.chance(0.7)) await talk?.say(talk.hello());
      if (liar.random.chance(0.5)) await talk?.say(frontier([]), DRAINED);
      if (liar.random.chance(0.5)) talk?.hangUp();
      await liar.sleep(liar.random.between(1, 400));
    }
  },

  "many sessions at once": async (liar) => {
    const talks = await Promise.all(Array.from({ length: 20 }, () => liar.talk()));
    await Promise.all(talks.flatMap((talk) => talk?.handshake() ?? []));
    await liar.sleep(3_000);
  },
};

async function knock(
  liar: Liar,
  options: Partial<sync.JoinRequest> & { signer?: Liar["signer"] },
): Promise<void> {
  const { signer = liar.signer, ...fields } = options;
  const talk = await liar.join(liar.victim, signer);
  const request = sync.JoinRequest.create({
    version: 1,
    genesisHash: liar.store.genesisHash,
    secret: liar.random.bytes(32),
    nodeName: "EVIL",
    addresses: [],
    ...fields,
  });
  await talk?.sayBytes(sync.JoinRequest.toBinary(request));
  await liar.sleep(200);
}
