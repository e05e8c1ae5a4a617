/** Writes without the right to them. */
import { createGenesis } from "@lattice/kernel";
import { HASH_BYTES, HybridClock, sha256, utf8 } from "@lattice/model";
import { Role } from "@lattice/systemstore";
import type { weaver } from "@lattice/proto";
import { placeOf, type Forgery } from "./forger.ts";
import type { Attacks, Liar } from "./liar.ts";
import { POISON, UNAUTHORISED } from "./marks.ts";

export const AUTHORITY: Attacks = {
  "by a stranger": async (liar) => {
    const signer = liar.stranger();
    const made = liar.forger.chain(3, { signer, ops: liar.forger.write(UNAUTHORISED) });
    const cited = liar.forger.forge({ condition: [made[2]!.intention.id] });
    liar.forbid(...made, cited);
    await liar.send([...made, cited], liar.victim, 5_000);
  },

  "by a reader": async (liar) => {
    if (liar.isWriter) return;
    const made = liar.forger.chain(3, { ops: liar.forger.write(UNAUTHORISED) });
    // Who is let in later may write, and what it wrote before that waits for it.
    if (liar.role === Role.READER) liar.forbid(...made);
    await liar.send(made, liar.victim, 5_000);
  },

  "of the system, by a writer": async (liar) => {
    if (liar.isAdmin) return;
    const friend = liar.stranger();
    liar.world.authors.isLiar(friend.publicKey);
    const made = systemOps(liar, friend.publicKey).map((op) =>
      liar.forger.forge({ ops: liar.forger.system(op) }),
    );
    const written = liar.forger.forge({ signer: friend, ops: liar.forger.write(UNAUTHORISED) });
    for (const to of liar.victims.slice(0, 2)) await liar.send([...liar.random.shuffled(made), written], to);
  },

  "of the system, as one long chain": async (liar) => {
    if (liar.isAdmin) return;
    let prev = liar.forger.tipOf(liar.signer);
    const made: Forgery[] = [];
    for (const op of systemOps(liar, liar.stranger().publicKey)) {
      made.push(liar.forger.forge({ prev, ops: liar.forger.system(op) }));
      prev = placeOf(made.at(-1)!);
    }
    await liar.send(made);
  },

  "of the system, above the liar's own role": async (liar) => {
    if (!liar.isAdmin) return;
    const { publicKey: member } = liar.stranger();
    const roles = [Role.OWNER, 5, 99, -1, 0] as Role[];
    const ops: weaver.SystemOp["op"][] = [
      ...roles.map((role) => {
        const admit = { member, role, secretHash: new Uint8Array(0), name: UNAUTHORISED };
        return { oneofKind: "admit", admit } as const;
      }),
      {
        oneofKind: "admit",
        admit: {
          member: liar.signer.publicKey,
          role: Role.OWNER,
          secretHash: new Uint8Array(0),
          name: UNAUTHORISED,
        },
      },
      { oneofKind: "setName", setName: { name: UNAUTHORISED.repeat(10_000) } },
      {
        oneofKind: "invite",
        invite: { secretHash: utf8(UNAUTHORISED), role: Role.READER, expiresMs: 2n ** 64n - 1n },
      },
    ];
    if (liar.role === Role.OWNER) return;
    await liar.send(ops.map((op) => liar.forger.forge({ ops: liar.forger.system(op) })));
  },

  "what no state machine can read": async (liar) => {
    const noise = liar.random.bytes(100);
    noise.set(utf8(POISON), 40);
    const ops = [
      noise,
      liar.forger.app(noise),
      liar.forger.app(utf8(POISON)),
      liar.forger.app(innerOf(liar, POISON), liar.isAdmin ? 2 ** 32 - 1 : 99),
      liar.forger.system({ oneofKind: undefined }),
      Uint8Array.of(0x0a, 0),
      Uint8Array.of(0x12, 0),
      Uint8Array.of(0x1a, 0),
      new Uint8Array(0),
    ];
    await liar.send(ops.map((each) => liar.forger.forge({ ops: each })));
  },

  "what supersedes what cannot be": async (liar) => {
    const { forger } = liar;
    const later = forger.noId(forger.now() + (1n << 40n));
    const ahead = forger.forge({ ops: forger.write(POISON, [later]) });
    const short = forger.forge({ ops: forger.write(POISON, [new Uint8Array(3)]) });
    const many = forger.forge({
      ops: forger.write(
        POISON,
        Array.from({ length: 1_025 }, () => forger.noId()),
      ),
    });
    // Of ids that nobody has, and of one that comes only later: both count, and what they name is superseded.
    const nobodys = forger.forge({ ops: forger.write(undefined, [forger.noId(), forger.noId()]) });
    const victim = forger.forge();
    const before = forger.forge({
      prev: placeOf(nobodys),
      timestamp: victim.intention.timestamp + 2n,
      ops: forger.write(undefined, [victim.intention.id]),
    });
    const poison = isKv(liar) ? [ahead, short, many] : [];
    await liar.send([...poison, nobodys, before]);
    await liar.send([victim], liar.random.pick(liar.victims));
    const heads = liar.forger.heads(liar.forger.tipOf(liar.signer));
    await liar.send([forger.forge({ ops: forger.write(undefined, heads) })]);
  },

  "children of other stores": async (liar) => {
    if (!liar.isAdmin || liar.store.parent !== undefined) return;
    const parents = [liar.random.bytes(HASH_BYTES), undefined];
    for (const other of liar.machine.stores()) if (other !== liar.store) parents.push(other.genesisHash);
    const made = parents.map((parent) => {
      const genesis = createGenesis({
        type: liar.store.type,
        signer: liar.signer,
        hlc: new HybridClock({ now: () => liar.nowMs, after: () => () => {} }),
        random: liar.random,
        parent: parent as Liar["store"]["genesisHash"] | undefined,
      });
      const { body: genesisBody, signature } = genesis;
      const childAdd = { genesisBody, genesisSignature: signature!, alias: "child of another" };
      return liar.forger.forge({ ops: liar.forger.system({ oneofKind: "childAdd", childAdd }) });
    });
    await liar.send(made);
  },
};

function systemOps(liar: Liar, member: Uint8Array): weaver.SystemOp["op"][] {
  const secretHash = sha256(liar.random.bytes(HASH_BYTES));
  const none = new Uint8Array(0);
  const own = liar.signer.publicKey;
  return [
    { oneofKind: "admit", admit: { member, role: Role.WRITER, secretHash: none, name: UNAUTHORISED } },
    { oneofKind: "admit", admit: { member: own, role: Role.OWNER, secretHash: none, name: UNAUTHORISED } },
    { oneofKind: "admit", admit: { member, role: Role.READER, secretHash, name: UNAUTHORISED } },
    { oneofKind: "invite", invite: { secretHash, role: Role.WRITER, expiresMs: BigInt(liar.nowMs + 1e9) } },
    { oneofKind: "setName", setName: { name: `${UNAUTHORISED} name` } },
    { oneofKind: "setSchema", setSchema: { schema: 99 } },
    { oneofKind: "uninvite", uninvite: { secretHash } },
    { oneofKind: "childAdd", childAdd: { genesisBody: none, genesisSignature: none, alias: UNAUTHORISED } },
  ];
}

function innerOf(liar: Liar, mark: string): Uint8Array {
  return isKv(liar) ? utf8(mark) : Uint8Array.of(0x0a, mark.length, ...utf8(mark));
}

function isKv({ store }: Liar): boolean {
  return store.type.type === "core:kvstore";
}
